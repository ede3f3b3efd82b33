//! Does one job once, in a function that an instruction counter can be told to watch.
//!
//! `cargo xtask bench` runs this under callgrind, with `--toggle-collect=atome_bench_counted`.

use std::process::ExitCode;

use anyhow::{anyhow, bail, ensure, Context, Result};
use atome_benches::engines;
use atome_benches::interleave::Contender;
use atome_benches::jobs::{Job, Task};
use atome_benches::models::ModelFile;
use atome_benches::shapes::{C_BUILDS, DEFAULT, LONG, REAL};
use atome_benches::side::Side;
use atome_engine::kernel::Kernel;
use atome_engine::{Packing, Plan};
use lexopt::prelude::*;

const HELP: &str = "\
Do one job once, in the function atome_bench_counted, with a random model, of the default shape unless a format is named.

Usage: counted JOB ENGINE [FORMAT]

Arguments:
  JOB     load, prefill, generation, classification-N (of N tokens), position-N (one more token after N), or token-N (the last of N
          tokens, in a state with room for 512)
  ENGINE  a kernel (portable, sse2, avx2, avx512, neon), for the Rust engine in its cached plan, or the C
          reference at -O2: c as it is, c-table with a product that looks weights up in a table
  FORMAT  atome01, atome02 or atomep3: then the model has the 944K model's shape, and its weights are packed so

Prints `not here` where the processor has no such kernel: then nothing was done.

Examples:
  counted generation sse2
  valgrind --tool=callgrind --toggle-collect=atome_bench_counted counted position-32 avx2
  counted position-32 sse2 atome02
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
    let mut parser = lexopt::Parser::from_env();
    let mut words = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            Value(word) => words.push(word.string()?),
            other => bail!("{} (counted --help)", other.unexpected()),
        }
    }
    let (job, engine, packing) = match &words[..] {
        [job, engine] => (job, engine, None),
        [job, engine, format] => (job, engine, Some(packing(format)?)),
        _ => bail!("expected a job and an engine (counted --help)"),
    };
    let job: Job = job.parse().map_err(|error: String| anyhow!(error))?;
    let shape = match job {
        Job::Token(_) => LONG,
        _ if packing.is_some() => REAL,
        _ => DEFAULT,
    };
    let most = match job {
        Job::Token(count) => count,
        Job::Position(prefix) => prefix + 1,
        _ => shape.max_seq,
    };
    ensure!((1..=shape.max_seq).contains(&most), "{job}: there is room for {} tokens", shape.max_seq);
    let file = match packing {
        None => ModelFile::of(&shape)?,
        Some(packing) => ModelFile::packed(&shape, packing)?,
    };
    let c = [("c", "C -O2"), ("c-table", "C table -O2")].into_iter().find(|(name, _)| name == engine);
    let mut side = if let Some((_, build)) = c {
        ensure!(packing.is_none(), "the C reference of the benches has no format to choose");
        let build = C_BUILDS.iter().position(|c| c.name == build).with_context(|| format!("no build {build}"))?;
        engines::reference(&shape, file, build)?
    } else {
        let named = Kernel::ALL.into_iter().find(|kernel| kernel.name() == engine);
        match named.with_context(|| format!("`{engine}`: no such kernel on this kind of processor"))? {
            kernel if kernel.is_available() => engines::engine(&shape, file, Plan::Cached, kernel)?,
            _ => {
                println!("not here");
                return Ok(());
            }
        }
    };
    do_once(side.as_mut(), job);
    Ok(())
}

fn packing(format: &str) -> Result<Packing> {
    match format {
        "atome01" => Ok(Packing::TwoBits),
        "atome02" => Ok(Packing::BaseThree),
        "atomep3" => Ok(Packing::PowersOfThree),
        other => bail!("`{other}`: expected atome01, atome02 or atomep3"),
    }
}

fn do_once(side: &mut dyn Side, job: Job) {
    let mut task = Task::new(side, job);
    task.prepare();
    atome_bench_counted(&mut task);
    println!("{job} by {}: {:?}", task.name(), task.result);
}

/// What the counter watches, by this name.
#[no_mangle]
#[inline(never)]
#[allow(improper_ctypes_definitions)]
extern "C" fn atome_bench_counted(task: &mut Task) {
    task.run();
}
