//! The differential run: random models, tokens and sequences of calls, compared with the C reference bit by bit.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use super::rust;
use crate::archive::Mode;
use crate::{process, workspace};

/// Runs the harness against the engine and the archive of this mode.
pub fn run(context: &Context, mode: Mode) -> Result<Outcome> {
    let archive = context.archive(None, mode)?;
    let mut harness = harness(mode)?;
    harness.args(["--cases", &context.cases.to_string(), "--archive"]).arg(&archive.path);
    summary(harness)
}

/// Runs the harness with each kernel of this processor in turn.
pub fn each_kernel(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let mut harness = harness(Mode::Portable)?;
    let cases = (context.cases / 4).max(1).to_string();
    harness.args(["--kernel", "all", "--cases", &cases, "--archive"]).arg(&archive.path);
    let output = process::capture_stdout(&mut harness)?.successful(&harness)?;
    Ok(Outcome::Passed(output.trim().to_string()))
}

/// The 944K model, portable: every logit of every step of its 112 tokens, in both plans.
pub fn real_model(context: &Context) -> Result<Outcome> {
    let Some(model) = workspace::real_model() else {
        return Ok(Outcome::Skipped("THERE IS NO ../shared/data/atome_944k.bin HERE".to_string()));
    };
    let archive = context.archive(None, Mode::Portable)?;
    let mut harness = harness(Mode::Portable)?;
    harness.args(["--real", model, "--archive"]).arg(&archive.path);
    summary(harness)
}

/// Ready for its arguments.
fn harness(mode: Mode) -> Result<Command> {
    rust::program("atome-c-tests", mode)
}

fn summary(mut harness: Command) -> Result<Outcome> {
    let output = process::capture_stdout(&mut harness)?.successful(&harness)?;
    let summary = output.lines().rev().find(|line| !line.trim().is_empty());
    Ok(Outcome::Passed(summary.context("the harness printed no summary")?.trim().to_string()))
}
