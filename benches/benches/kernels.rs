//! Single kernels, one criterion group a kernel and shape: C in both builds, then every kernel of this processor.
//!
//! Before criterion looks at each of them for itself, all are timed in turn and the ratios to C printed.

mod common;

use atome_benches::interleave::{self, Contender};
use atome_benches::kernels::{contenders, KernelJob};
use atome_benches::models::ModelFile;
use atome_benches::shapes::{DEFAULT, REAL};
use criterion::Criterion;

fn main() {
    let mut criterion = common::criterion();
    let shapes = if common::is_measuring() { &[DEFAULT, REAL][..] } else { &[DEFAULT] };
    for shape in shapes {
        let file = ModelFile::of(shape).expect("the model can be read");
        for job in KernelJob::ALL {
            let mut calls = contenders(job, shape, file).expect("a model of this shape");
            group(&format!("{}/{}", job.name(), shape.name), &mut calls, &mut criterion);
        }
    }
    criterion.final_summary();
}

fn group<C: Contender>(name: &str, calls: &mut [C], criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(name);
    if common::wants_ratios(name) {
        let mut all: Vec<&mut dyn Contender> = calls.iter_mut().map(|call| call as _).collect();
        common::print_ratios(&interleave::measure(&mut all, &interleave::QUICK));
    }
    for call in calls {
        call.prepare();
        group.bench_function(call.name().to_string(), |bencher| bencher.iter(|| call.run()));
    }
    group.finish();
}
