//! Whole calls, one criterion group a job and shape: C in both builds, then engine and archive in all plans, with every
//! kernel.
//!
//! Before criterion looks at each of them for itself, all are timed in turn and the ratios to C printed.
//! `ATOME_ARCHIVE=<libatome.a>` names the archive; without it, that of `cargo xtask lib`.

mod common;

use std::time::{Duration, Instant};

use atome_benches::engines;
use atome_benches::interleave::{self, Contender};
use atome_benches::jobs::{Job, Task, TIMED};
use atome_benches::models::ModelFile;
use atome_benches::shapes::{BenchShape, DEFAULT, REAL};
use atome_benches::side::Side;
use criterion::Criterion;

fn main() {
    let mut criterion = common::criterion();
    group_of(&DEFAULT, &mut criterion);
    if common::is_measuring() {
        group_of(&REAL, &mut criterion);
    }
    criterion.final_summary();
}

fn group_of(shape: &BenchShape, criterion: &mut Criterion) {
    let archive = common::archive();
    let file = ModelFile::of(shape).expect("the model can be read");
    let mut sides = engines::all(shape, file, archive.as_deref()).expect("engines of this shape");
    for job in TIMED {
        let name = format!("{job}/{}", shape.name);
        let mut group = criterion.benchmark_group(&name);
        if common::wants_ratios(&name) {
            let mut tasks: Vec<_> = sides.iter_mut().map(|side| Task::new(side.as_mut(), job)).collect();
            let mut contenders: Vec<&mut dyn Contender> = tasks.iter_mut().map(|task| task as _).collect();
            common::print_ratios(&interleave::measure(&mut contenders, &interleave::QUICK));
        }
        for side in &mut sides {
            let name = side.name().to_string();
            if takes_seconds(side.as_ref(), job) {
                println!("{job}/{}/{name}: takes seconds, so only its ratio is measured", shape.name);
                continue;
            }
            let mut task = Task::new(side.as_mut(), job);
            group.sample_size(10).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(200));
            group.bench_function(name, |bencher| bencher.iter_custom(|runs| timed(&mut task, runs)));
        }
        group.finish();
    }
}

/// Whether every token computes the whole sequence again.
fn takes_seconds(side: &dyn Side, job: Job) -> bool {
    job == Job::Generation && side.name().plan != Some("cached")
}

fn timed(task: &mut Task, runs: u64) -> Duration {
    let mut elapsed = Duration::ZERO;
    task.prepare();
    for run in 0..runs {
        if run > 0 && task.needs_preparation() {
            task.prepare();
        }
        let start = Instant::now();
        task.run();
        elapsed += start.elapsed();
    }
    elapsed
}
