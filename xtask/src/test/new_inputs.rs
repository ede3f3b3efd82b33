//! New inputs for the fuzz targets, besides those that are stored.

use anyhow::Result;

use super::context::Context;
use super::report::Outcome;
use super::rust;
use crate::archive::Mode;
use crate::process;

/// For all targets together.
const SECONDS: &str = "30";

/// Every commit has inputs of its own, and always the same ones first: what fails can be run again.
pub fn run(_: &Context) -> Result<Outcome> {
    let head = process::checked(process::in_root("git").args(["rev-parse", "--short=8", "HEAD"])).unwrap_or_default();
    let seed = u32::from_str_radix(head.trim(), 16).unwrap_or(1);
    let mut program = rust::program("new-inputs", Mode::Portable)?;
    let finished = process::capture(program.args([&seed.to_string(), SECONDS]))?;
    let said = finished.successful(&program)?;
    Ok(Outcome::Passed(said.lines().last().unwrap_or_default().to_string()))
}
