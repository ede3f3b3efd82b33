//! `cargo xtask model`: the default model, from its word lists to its bytes and scores. The work is done by
//! `atome-models`.

use std::process::Command;

use anyhow::Result;

use crate::process;

/// The command; its options are those of `atome-models`.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let mut cargo = process::cargo();
    // It trains and answers thousands of questions.
    cargo.args(["run", "--quiet", "--release", "--package", "atome-models", "--"]);
    while let Some(argument) = parser.raw_args()?.next() {
        cargo.arg(argument);
    }
    process::visible(&mut cargo)
}

/// A short training on different numbers of threads, and what is committed against what is computed, by a build of
/// `atome-models`.
///
/// # Errors
/// Says what differs.
pub fn check(mut models: Command) -> Result<String> {
    Ok(process::checked(models.arg("--check"))?.lines().last().unwrap_or_default().to_owned())
}
