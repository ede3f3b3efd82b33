//! Times several contenders in turn, so that whatever slows the machine down slows all of them.
//!
//! A sample of a millisecond or more is measured in time that the processor spent on this thread, which leaves out what
//! other programs took in between. That clock costs too much for shorter ones, which are rarely interrupted.

use std::time::{Duration, Instant};

use crate::side::Name;

/// Something to be timed.
pub trait Contender {
    /// Its name.
    fn name(&self) -> Name;
    /// What comes before each sample (before each run where [`Contender::needs_preparation`]), untimed.
    fn prepare(&mut self);
    /// Whether every run has to be prepared.
    fn needs_preparation(&self) -> bool;
    /// What is timed.
    fn run(&mut self);
}

/// How much time there is.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// For each contender, preparation included.
    pub time: Duration,
    /// Samples of one that takes more than a second.
    pub fewest: usize,
    /// Samples of any other.
    pub least: usize,
    /// Samples of one that takes no time.
    pub most: usize,
}

/// For results that others read.
pub const FULL: Budget = Budget { time: Duration::from_millis(1500), fewest: 3, least: 7, most: 201 };
/// For a look.
pub const QUICK: Budget = Budget { time: Duration::from_millis(60), fewest: 1, least: 3, most: 25 };

/// The times of one contender.
#[derive(Clone, Debug)]
pub struct Timing {
    /// The contender.
    pub name: Name,
    /// Nanoseconds of one run, each of them a mean over `batch` runs, in ascending order; at least one.
    pub samples: Vec<f64>,
    /// Runs in one sample.
    pub batch: u32,
}

impl Timing {
    /// The sample with as many below as above it.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The sample at this part of the way from the least to the greatest.
    pub fn quantile(&self, part: f64) -> f64 {
        self.samples[((self.samples.len() - 1) as f64 * part).round() as usize]
    }
}

/// A sample is at least this long where runs can follow each other directly.
const SAMPLE: Duration = Duration::from_millis(1);
/// A run that is longer warms itself up.
const LONG: Duration = Duration::from_millis(20);
/// A run that is longer is not repeated for nothing: the first one is a sample, too.
const VERY_LONG: Duration = Duration::from_secs(1);

struct Plan {
    batch: u32,
    samples: usize,
    first: Option<Duration>,
    /// Whether as many runs come before a sample, untimed: in a program, too, the last call was much the same, and what
    /// caches and branch predictors learned from it has been overwritten by the other contenders here.
    warms_up: bool,
}

fn sample(contender: &mut dyn Contender, batch: u32, warms_up: bool) -> Duration {
    contender.prepare();
    for _ in 0..if warms_up { batch } else { 0 } {
        contender.run();
    }
    let (start_of_thread, start) = (time_of_thread(), Instant::now());
    for _ in 0..batch {
        contender.run();
    }
    let elapsed = start.elapsed();
    if elapsed < SAMPLE {
        elapsed
    } else {
        time_of_thread().saturating_sub(start_of_thread)
    }
}

/// What the processor has spent on this thread.
fn time_of_thread() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the function writes to what it is given; the clock exists on every system with threads.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Looks how long a run takes; the first one also warms up.
fn plan(contender: &mut dyn Contender, budget: &Budget) -> Plan {
    let start = Instant::now();
    let mut elapsed = sample(contender, 1, false);
    if elapsed > VERY_LONG {
        return Plan { batch: 1, samples: budget.fewest.saturating_sub(1), first: Some(elapsed), warms_up: false };
    }
    // Preparation is a warm-up, too.
    let warms_up = !contender.needs_preparation() && elapsed < LONG;
    let mut batch = 1;
    while !contender.needs_preparation() && elapsed < SAMPLE && batch < 1 << 20 {
        batch *= 2;
        elapsed = sample(contender, batch, false);
    }
    let whole = Instant::now();
    sample(contender, batch, warms_up);
    let each = whole.elapsed().max(Duration::from_nanos(1));
    let left = budget.time.saturating_sub(start.elapsed());
    let samples = (left.as_nanos() / each.as_nanos()) as usize;
    Plan { batch, samples: samples.clamp(budget.least, budget.most), first: None, warms_up }
}

/// Times all contenders, their samples spread evenly over the same stretch of time.
pub fn measure(contenders: &mut [&mut dyn Contender], budget: &Budget) -> Vec<Timing> {
    let plans: Vec<Plan> = contenders.iter_mut().map(|contender| plan(*contender, budget)).collect();
    let rounds = plans.iter().map(|plan| plan.samples).max().unwrap_or(0);
    let timing = |contender: &&mut dyn Contender, plan: &Plan| Timing {
        name: contender.name(),
        samples: plan.first.iter().map(|first| first.as_nanos() as f64).collect(),
        batch: plan.batch,
    };
    let mut timings: Vec<Timing> = contenders.iter().zip(&plans).map(|(one, plan)| timing(one, plan)).collect();
    for round in 0..rounds {
        for ((contender, plan), timing) in contenders.iter_mut().zip(&plans).zip(&mut timings) {
            if is_its_turn(round, rounds, plan.samples) {
                let elapsed = sample(*contender, plan.batch, plan.warms_up);
                timing.samples.push(elapsed.as_nanos() as f64 / f64::from(plan.batch));
            }
        }
    }
    for timing in &mut timings {
        timing.samples.sort_by(f64::total_cmp);
    }
    timings
}

/// Whether one of `samples` samples falls into this round: they lie as far from each other as they can.
fn is_its_turn(round: usize, rounds: usize, samples: usize) -> bool {
    (round + 1) * samples / rounds > round * samples / rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Spinner {
        millis: u64,
        prepared: usize,
        runs: usize,
    }

    impl Contender for Spinner {
        fn name(&self) -> Name {
            Name::c("spinner")
        }

        fn prepare(&mut self) {
            self.prepared += 1;
        }

        fn needs_preparation(&self) -> bool {
            true
        }

        fn run(&mut self) {
            self.runs += 1;
            let start = time_of_thread();
            while time_of_thread() - start < Duration::from_millis(self.millis) {}
        }
    }

    #[test]
    fn samples_are_spread_evenly() {
        for (rounds, samples) in [(201, 3), (201, 201), (7, 5), (1, 1)] {
            let turns: Vec<usize> = (0..rounds).filter(|&round| is_its_turn(round, rounds, samples)).collect();
            assert_eq!(turns.len(), samples);
            let gaps = turns.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.clone().max().unwrap_or(0) - gaps.min().unwrap_or(0) <= 1, "{turns:?}");
        }
    }

    #[test]
    fn a_very_slow_one_runs_no_more_often_than_asked() {
        let mut slow = Spinner { millis: 1001, prepared: 0, runs: 0 };
        let budget = Budget { time: Duration::from_millis(20), fewest: 1, least: 2, most: 5 };
        assert_eq!(measure(&mut [&mut slow], &budget)[0].samples.len(), 1);
        assert_eq!(slow.runs, 1);
    }

    #[test]
    fn the_slow_one_gets_fewer_samples_and_every_run_is_prepared() {
        let [mut slow, mut fast] = [30, 2].map(|millis| Spinner { millis, prepared: 0, runs: 0 });
        let budget = Budget { time: Duration::from_millis(20), fewest: 1, least: 2, most: 5 };
        let timings = measure(&mut [&mut slow, &mut fast], &budget);
        assert_eq!(timings[0].samples.len(), 2);
        assert!((2..=5).contains(&timings[1].samples.len()));
        assert!(timings[0].median() >= 30e6 && timings[1].median() >= 2e6);
        assert!(slow.prepared == slow.runs && fast.prepared == fast.runs);
    }
}
