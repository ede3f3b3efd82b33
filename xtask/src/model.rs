//! `cargo xtask model`: the default model, from its word lists to its bytes and scores. The work is done by
//! `atome-models`.

use anyhow::Result;

use crate::process;

/// The command; its options are those of `atome-models`.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let mut cargo = program();
    while let Some(argument) = parser.raw_args()?.next() {
        cargo.arg(argument);
    }
    process::visible(&mut cargo)
}

/// A short training on different numbers of threads, and what is committed against what is computed.
///
/// # Errors
/// Says what differs.
pub fn check() -> Result<String> {
    Ok(process::checked(program().arg("--check"))?.lines().last().unwrap_or_default().to_owned())
}

/// Optimised: it trains and answers thousands of questions.
fn program() -> std::process::Command {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "atome-models", "--"]);
    cargo
}
