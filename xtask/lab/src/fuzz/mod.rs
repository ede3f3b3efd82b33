//! `cargo xtask fuzz`: coverage-guided fuzzing, from nothing to a small corpus that the tests replay.

mod campaign;
mod corpus;
mod status;

use std::time::Duration;

use anyhow::{bail, Result};
use lexopt::prelude::*;

use crate::markdown::{self, grouped};
use campaign::Campaign;
use xtask::setup::Missing;
use xtask::{options, workers};

/// The targets: functions of `fuzz/src`.
const TARGETS: [&str; 16] = [
    "model",
    "integer",
    "calls",
    "checkpoint",
    "container",
    "text",
    "log",
    "keys",
    "sidecar",
    "pairs",
    "classes",
    "grammar",
    "grammar_table",
    "trained",
    "vocabulary",
    "answer",
];

const DEFAULT_MINUTES: u64 = 30;

/// A week.
const MAX_MINUTES: u64 = 7 * 24 * 60;

pub const HELP: &str = "\
Fuzz everything that reads foreign bytes, guided by coverage, under the address sanitizer.

Usage: cargo xtask fuzz [--minutes N] [--jobs N] [--from-corpus] [--keep] [TARGET...]

Arguments:
  TARGET         model (loading and running blobs), integer (the same in integers), calls (sequences of C calls),
                 checkpoint (PyTorch and safetensors files), container, text (encodings and HTML), log (a training's),
                 keys, sidecar, pairs (of prompts and answers), classes (of examples), grammar (sources), grammar_table
                 (compiled), trained (checkpoints that load), vocabulary or answer (of a web server); all without one

Options:
  --minutes N    minutes for each target (default 30)
  --jobs N       targets at a time (default: as many as there are processors)
  --from-corpus  start from the committed inputs instead of none
  --keep         replace the committed inputs in fuzz/corpus/TARGET by the fewest that reach as much code; a row for
                 fuzz/RESULTS.md is in the table that is printed at the end
  -h, --help     print this

An input that breaks something is saved in target/xtask/fuzz/TARGET, and the command says how to run it again. The tests
run the committed inputs, and thousands of changes of them: cargo test -p atome-fuzz. `cargo xtask test` tries new
inputs for half a minute besides, without coverage.

Examples:
  cargo xtask fuzz --minutes 1
  cargo xtask fuzz calls --from-corpus
  cargo xtask fuzz --from-corpus --minutes 120      once a week: fourteen targets, fourteen hours on two processors
  cargo xtask fuzz --keep
";

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut minutes, mut from_corpus, mut keep, mut wanted) = (DEFAULT_MINUTES, false, false, Vec::new());
    let mut jobs = workers::processors();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("minutes") => minutes = options::whole(&mut parser, "--minutes", 1..=MAX_MINUTES)?,
            Long("jobs") => jobs = options::whole(&mut parser, "--jobs", workers::RANGE)?,
            Long("from-corpus") => from_corpus = true,
            Long("keep") => keep = true,
            Value(word) => wanted.push(known(&word.string()?)?),
            other => return Err(options::unexpected(other, "fuzz")),
        }
    }
    if wanted.is_empty() {
        wanted.extend(TARGETS);
    }
    Missing::for_fuzzing().install()?;
    campaign::build()?;
    let length = Duration::from_secs(60 * minutes);
    let campaigns =
        wanted.into_iter().map(|target| Campaign::new(target, length, from_corpus)).collect::<Result<Vec<_>>>()?;
    let outcomes = workers::try_all(&campaigns, jobs, Campaign::run)?;
    let mut rows =
        vec![["target", "minutes", "inputs", "code reached", "findings", "inputs kept"].map(String::from).to_vec()];
    for (campaign, outcome) in campaigns.iter().zip(&outcomes) {
        let kept = if keep && outcome.finding.is_none() { Some(corpus::keep(campaign)?) } else { None };
        rows.push(vec![
            campaign.target.to_string(),
            minutes.to_string(),
            grouped(outcome.status.runs),
            format!("{} edges", grouped(outcome.status.edges)),
            usize::from(outcome.finding.is_some()).to_string(),
            kept.map_or("-".to_string(), |kept| kept.to_string()),
        ]);
    }
    let table = markdown::table(&rows, 1);
    say!("\n{table}");
    let findings: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.finding.as_deref()).collect();
    if !findings.is_empty() {
        bail!("{} of {} targets broke:\n{}", findings.len(), outcomes.len(), findings.join("\n"));
    }
    Ok(())
}

fn known(word: &str) -> Result<&'static str> {
    TARGETS
        .into_iter()
        .find(|target| *target == word)
        .ok_or_else(|| options::mistake(format!("no target `{word}`: expected {}", TARGETS.join(", "))))
}
