//! The differential run: random models, tokens and sequences of calls, compared with the C reference bit by bit.

use anyhow::{Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use crate::archive::Mode;
use crate::process;

/// Runs the harness against the archive of this mode.
pub fn run(context: &Context, mode: Mode) -> Result<Outcome> {
    let archive = context.archive(None, mode)?;
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "atome-c-tests"]).args(mode.cargo_arguments());
    cargo.args(["--", "--cases", &context.cases.to_string(), "--archive"]).arg(&archive.path);
    let output = process::capture_stdout(&mut cargo)?.successful(&cargo)?;
    let summary = output.lines().rev().find(|line| !line.trim().is_empty());
    Ok(Outcome::Passed(summary.context("the harness printed no summary")?.trim().to_string()))
}
