//! `cargo xtask prove`: the engine's proofs (`engine/src/proofs`), each by symbolic execution of its machine code.

mod explorer;
mod harnesses;

use std::process::Command;

use anyhow::{ensure, Result};
use lexopt::prelude::*;

use crate::markdown::{self, grouped};
use explorer::{Explorer, Verdict};
use harnesses::Build;
use xtask::setup::Missing;
use xtask::toolchain::Toolchain;
use xtask::{options, process, workers};

pub const HELP: &str = "\
Prove index arithmetic, unpacking and memory layout of the engine by symbolic execution.

What is proven holds for all inputs within the bounds that each proof names.

Usage: cargo xtask prove [--jobs N] [--seconds N] [--json] [--kani] [NAME...]

Arguments:
  NAME         only the proofs whose name contains one of these words

Options:
  --jobs N     proofs at a time (default: as many as there are processors)
  --seconds N  for each proof; one that takes longer is not proven (default 120, at most 240)
  --json       the results as JSON on standard output, progress on standard error
  --kani       run `cargo kani` instead, where it is installed
  -h, --help   print this

The engine is compiled with overflow checks for a 64-bit host and for a Cortex-M3 (with its kernels), and every path of each
proof is followed to its end with symbols for inputs: angr, a program in Python that is installed under target/xtask/prove.
A proof fails where a path panics (the inputs are printed), reads or writes outside of all objects, or does not end. Six
wrong claims must fail; without that, nothing is proven. What is proven are the functions that a proof calls as the
compiler translated them; vector and assembly kernels are not among them.

Examples:
  cargo xtask prove
  cargo xtask prove layout container
  cargo xtask prove --json > proofs.json
";

/// Questions to the solver end by themselves after 300 s, in a way that is no answer.
const MAX_SECONDS: u64 = 240;

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut jobs, mut seconds, mut as_json, mut kani, mut wanted) =
        (workers::processors(), 120, false, false, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("jobs") => jobs = options::whole(&mut parser, "--jobs", workers::RANGE)?,
            Long("seconds") => seconds = options::whole(&mut parser, "--seconds", 1..=MAX_SECONDS)?,
            Long("json") => as_json = true,
            Long("kani") => kani = true,
            Value(word) => wanted.push(word.string()?),
            other => return Err(options::unexpected(other, "prove")),
        }
    }
    if kani {
        return run_kani(&wanted);
    }
    let toolchain = Toolchain::find()?;
    Missing::for_proofs(&toolchain, harnesses::CORE).install()?;
    let explorer = Explorer::install(jobs, seconds)?;
    let mut verdicts = Vec::new();
    for build in Build::all(&toolchain) {
        let object = build.compile()?;
        let names = harnesses::names(&object, &wanted)?;
        verdicts.extend(explorer.run(build.name, &object, &names)?);
    }
    if as_json {
        say!("{}", serde_json::Value::from_iter(verdicts.iter().map(Verdict::to_json)));
    } else {
        say!("\n{}", table(&verdicts));
    }
    finish(&verdicts)
}

fn run_kani(wanted: &[String]) -> Result<()> {
    ensure!(process::find("cargo-kani").is_some(), "no cargo-kani: see https://model-checking.github.io/kani");
    let mut kani: Command = process::cargo();
    kani.args(["kani", "--package", "atome-engine"]);
    wanted.iter().for_each(|word| {
        kani.args(["--harness", word]);
    });
    process::relayed(&mut kani)
}

fn table(verdicts: &[Verdict]) -> String {
    let mut rows = vec![["proof", "machine", "result", "paths", "seconds"].map(String::from).to_vec()];
    for verdict in verdicts {
        rows.push(vec![
            verdict.harness.clone(),
            verdict.build.to_string(),
            verdict.result().to_string(),
            grouped(verdict.paths),
            format!("{:.1}", verdict.seconds),
        ]);
    }
    markdown::table(&rows, 3)
}

/// Says what was proven, or fails.
fn finish(verdicts: &[Verdict]) -> Result<()> {
    let wrong: Vec<_> = verdicts.iter().filter(|verdict| !verdict.is_right()).map(ToString::to_string).collect();
    ensure!(wrong.is_empty(), "{} of {} are not as they must be:\n{}", wrong.len(), verdicts.len(), wrong.join("\n"));
    let proven: Vec<_> = verdicts.iter().filter(|verdict| !verdict.is_canary()).collect();
    let paths = proven.iter().map(|verdict| verdict.paths).sum::<u64>();
    let seconds = verdicts.iter().map(|verdict| verdict.seconds).sum::<f64>();
    let canaries = verdicts.len() - proven.len();
    note!("{} proofs, {} paths, {seconds:.0} s; {canaries} wrong claims found out", proven.len(), grouped(paths));
    Ok(())
}
