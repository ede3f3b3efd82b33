//! The differential run: random models, tokens and sequences of calls, compared with the C reference bit by bit.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use crate::archive::Mode;
use crate::{process, workspace};

/// Runs the harness against the engine and the archive of this mode.
pub fn run(context: &Context, mode: Mode) -> Result<Outcome> {
    let archive = context.archive(None, mode)?;
    let mut cargo = harness();
    cargo.args(mode.cargo_arguments());
    cargo.args(["--", "--cases", &context.cases.to_string(), "--archive"]).arg(&archive.path);
    summary(cargo)
}

/// Runs the harness with each kernel of this processor in turn.
pub fn each_kernel(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let mut cargo = harness();
    let cases = (context.cases / 4).max(1).to_string();
    cargo.args(["--", "--kernel", "all", "--cases", &cases, "--archive"]).arg(&archive.path);
    let output = process::capture_stdout(&mut cargo)?.successful(&cargo)?;
    Ok(Outcome::Passed(output.trim().to_string()))
}

/// The 944K model, portable: every logit of every step of its 112 tokens, in both plans.
pub fn real_model(context: &Context) -> Result<Outcome> {
    let Some(model) = workspace::real_model() else {
        return Ok(Outcome::Skipped("THERE IS NO ../shared/data/atome_944k.bin HERE".to_string()));
    };
    let archive = context.archive(None, Mode::Portable)?;
    let mut cargo = harness();
    cargo.args(["--", "--real", model, "--archive"]).arg(&archive.path);
    summary(cargo)
}

fn harness() -> Command {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "atome-c-tests"]);
    cargo
}

fn summary(mut cargo: Command) -> Result<Outcome> {
    let output = process::capture_stdout(&mut cargo)?.successful(&cargo)?;
    let summary = output.lines().rev().find(|line| !line.trim().is_empty());
    Ok(Outcome::Passed(summary.context("the harness printed no summary")?.trim().to_string()))
}
