//! Runs many cases on several threads, up to the first difference.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use quickcheck::{Arbitrary, Gen, QuickCheck, TestResult, Testable};

use crate::archive::Archive;
use crate::case::Case;
use crate::crash;
use crate::progress::Progress;
use crate::tally::Tally;
use crate::trial::{self, Failure, Sabotage, Setup};
use crate::wild_calls::Classes;

/// Cases that one generator makes: results do not depend on the number of threads.
const BLOCK: u64 = 200;

/// What to run.
pub struct Plan {
    pub cases: u64,
    pub seed: u64,
    pub jobs: usize,
    /// Only this shape.
    pub shape: Option<usize>,
    pub archive: Option<&'static Archive>,
    /// What the user's reference is asked for all the same.
    pub asked: Classes,
}

/// What came out.
pub struct Report {
    pub tally: Tally,
    pub seconds: f64,
    /// The smallest failing case, with its difference.
    pub failure: Option<(Case, Failure)>,
}

#[derive(Default)]
struct Shared {
    next_block: AtomicU64,
    stop: AtomicBool,
    tally: Mutex<Tally>,
    failure: Mutex<Option<(Case, Failure)>>,
}

/// The property that quickcheck tests: all engines agree on a case.
struct AllAgree {
    shape: Option<usize>,
    archive: Option<&'static Archive>,
    asked: Classes,
    tally: Mutex<Tally>,
    failure: Mutex<Option<(Case, Failure)>>,
}

impl Testable for AllAgree {
    fn result(&self, g: &mut Gen) -> TestResult {
        let case = Case::arbitrary(g);
        let case = self.shape.map_or(case.clone(), |shape| case.on_shape(shape));
        let mut tally = Tally::default();
        let failure = run_case(&case, self.archive, self.asked, &mut tally);
        lock(&self.tally).add(tally);
        let Some(failure) = failure else {
            return TestResult::passed();
        };
        let smallest = shrink(case, failure, self.archive, self.asked);
        let message = smallest.1.to_string();
        *lock(&self.failure) = Some(smallest);
        TestResult::error(message)
    }
}

/// Runs one case.
pub fn run_case(case: &Case, archive: Option<&Archive>, asked: Classes, tally: &mut Tally) -> Option<Failure> {
    crash::running(case);
    let setup = Setup { archive, sabotage: Sabotage::None, asked };
    trial::run(case.shape, &case.script(), &case.calls, setup, tally)
}

/// Goes on to smaller failing cases as long as there are any.
fn shrink(case: Case, failure: Failure, archive: Option<&Archive>, asked: Classes) -> (Case, Failure) {
    for smaller in case.shrink() {
        if let Some(failure) = run_case(&smaller, archive, asked, &mut Tally::default()) {
            return shrink(smaller, failure, archive, asked);
        }
    }
    (case, failure)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs all cases of the plan.
pub fn run(plan: &Plan) -> Report {
    let shared = Shared::default();
    let mut progress = Progress::new(plan.cases);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.jobs.max(1)).map(|_| scope.spawn(|| work(plan, &shared))).collect();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            progress.update(&lock(&shared.tally));
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (tally, failure) = (*lock(&shared.tally), lock(&shared.failure).take());
    Report { tally, seconds: progress.elapsed().as_secs_f64(), failure }
}

/// Takes blocks of cases until there are none left or something fails.
fn work(plan: &Plan, shared: &Shared) {
    while !shared.stop.load(Ordering::Relaxed) {
        let block = shared.next_block.fetch_add(1, Ordering::Relaxed);
        let done = block * BLOCK;
        if done >= plan.cases {
            return;
        }
        let Plan { shape, archive, asked, .. } = *plan;
        let property = AllAgree { shape, archive, asked, tally: Mutex::default(), failure: Mutex::default() };
        let cases = BLOCK.min(plan.cases - done);
        // Neighbouring seeds and blocks must not give overlapping streams of cases.
        let seed = (plan.seed ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(block);
        let property = std::sync::Arc::new(property);
        let outcome = QuickCheck::new()
            .rng(Gen::from_size_and_seed(100, seed))
            .tests(cases)
            .max_tests(cases)
            .quicktest(SharedProperty(std::sync::Arc::clone(&property)));
        lock(&shared.tally).add(*lock(&property.tally));
        if outcome.is_err() {
            shared.stop.store(true, Ordering::Relaxed);
            let failure = lock(&property.failure).take();
            lock(&shared.failure).get_or_insert_with(|| failure.expect("a failing property leaves its case"));
        }
    }
}

/// quickcheck takes the property by value; its findings are read afterwards.
struct SharedProperty(std::sync::Arc<AllAgree>);

impl Testable for SharedProperty {
    fn result(&self, g: &mut Gen) -> TestResult {
        self.0.result(g)
    }
}
