//! Times everything and prints the results as JSON; `cargo xtask bench` makes tables of them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{bail, ensure, Result};
use atome_benches::engines;
use atome_benches::interleave::{self, Budget, Contender, Timing};
use atome_benches::jobs::{Job, Task, GENERATED, TIMED};
use atome_benches::kernels::{contenders, KernelJob};
use atome_benches::models::ModelFile;
use atome_benches::shapes::{BenchShape, DEFAULT, REAL};
use atome_benches::side::Side;
use atome_benches::{C_COMPILER, RUST_COMPILER};
use lexopt::prelude::*;
use serde_json::{json, Value};

const HELP: &str = "\
Time the engine and the archive beside the C reference, all in turn, and print the results as JSON.

Usage: measure [--quick] [--archive FILE]

Options:
  --quick         few samples, and what takes many seconds left out
  --archive FILE  the libatome.a to measure, with atome.h beside it; without it only the engine is measured

Examples:
  cargo run --release -p atome-benches --bin measure -- --quick
  cargo run --release -p atome-benches --bin measure -- --archive dist/host/libatome.a > results.json
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (mut is_quick, mut archive) = (false, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            Long("quick") => is_quick = true,
            Long("archive") => archive = Some(PathBuf::from(parser.value()?)),
            other => bail!("{} (measure --help)", other.unexpected()),
        }
    }
    let mut results = Results { budget: if is_quick { interleave::QUICK } else { interleave::FULL }, rows: Vec::new() };
    let mut models = serde_json::Map::new();
    for shape in [DEFAULT, REAL] {
        let file = ModelFile::of(&shape)?;
        models.insert(shape.name.to_string(), if file.is_random { "random" } else { "trained" }.into());
        let mut sides = engines::all(&shape, file, archive.as_deref())?;
        for job in TIMED {
            let taking_part = sides.iter_mut().filter(|side| !takes_long(&shape, side.as_ref(), job, is_quick));
            let mut tasks: Vec<_> = taking_part.map(|side| Task::new(side.as_mut(), job)).collect();
            results.measure(&shape, &job.to_string(), &mut tasks);
            expect_same(job, &tasks)?;
        }
        for job in KernelJob::ALL {
            results.measure(&shape, job.name(), &mut contenders(job, &shape, file)?);
        }
    }
    let all = json!({ "cc": C_COMPILER, "rustc": RUST_COMPILER, "models": models, "timings": results.rows });
    println!("{}", serde_json::to_string_pretty(&all)?);
    Ok(())
}

/// A minute: whole texts for every token of the larger model without vectors. C is not left out, but once is enough
/// where there is little time.
fn takes_long(shape: &BenchShape, side: &dyn Side, job: Job, is_quick: bool) -> bool {
    let name = side.name();
    let is_slow = name.plan == Some("lean") && name.kernel == Some("portable");
    *shape == REAL && job == Job::Generation && (is_slow || is_quick && name.engine == "C -O3 native")
}

/// All engines of an arithmetic compute the same: what each of them answered must be the same, too.
fn expect_same(job: Job, tasks: &[Task]) -> Result<()> {
    let (integers, exact): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.is_integer());
    expect_equal(job, &integers)?;
    // C was given another call.
    let is_other = |task: &&&Task| !(task.is_reference() && matches!(job, Job::Position(_)));
    expect_equal(job, &exact.iter().filter(is_other).copied().collect::<Vec<_>>())
}

fn expect_equal(job: Job, tasks: &[&Task]) -> Result<()> {
    let Some(first) = tasks.first() else { return Ok(()) };
    for task in tasks {
        let (name, expected) = (task.name(), &first.result);
        ensure!(task.result == *expected, "{job}: {name} answered {:?}, {} {expected:?}", task.result, first.name());
        ensure!(job != Job::Generation || task.result.len() == GENERATED, "{name} generated {}", task.result.len());
    }
    Ok(())
}

struct Results {
    budget: Budget,
    rows: Vec<Value>,
}

impl Results {
    fn measure<C: Contender>(&mut self, shape: &BenchShape, job: &str, contenders: &mut [C]) {
        eprintln!("{}, {job}", shape.name);
        let mut all: Vec<&mut dyn Contender> = contenders.iter_mut().map(|contender| contender as _).collect();
        let timings = interleave::measure(&mut all, &self.budget);
        self.rows.extend(timings.iter().map(|timing| row(shape, job, timing)));
    }
}

fn row(shape: &BenchShape, job: &str, timing: &Timing) -> Value {
    json!({
        "shape": shape.name,
        "job": job,
        "engine": timing.name.engine,
        "plan": timing.name.plan,
        "kernel": timing.name.kernel,
        "median_ns": tenths(timing.median()),
        "lower_quartile_ns": tenths(timing.quantile(0.25)),
        "upper_quartile_ns": tenths(timing.quantile(0.75)),
        "samples": timing.samples.len(),
        "runs_a_sample": timing.batch,
    })
}

fn tenths(nanoseconds: f64) -> f64 {
    (nanoseconds * 10.0).round() / 10.0
}
