//! `cargo xtask model`: the default model, from its word lists to its bytes and scores. The work is done by
//! `atome-models`; the picture of a conversation is ours, since it shows the program `atome`.

use std::process::Command;

use anyhow::{bail, Result};

use crate::{picture, process};

/// The command; its options are those of `atome-models`, and `--picture`.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let arguments: Vec<_> = parser.raw_args()?.collect();
    if arguments.iter().any(|argument| argument == "--picture") {
        if arguments.len() > 1 {
            bail!(
                "--picture goes with no other option: it writes docs/talk.svg, a conversation with the default model"
            );
        }
        let mut atome = process::cargo();
        atome.args(["run", "--quiet", "--release", "--package", "atome-cli", "--"]);
        return picture::write(atome);
    }
    let mut cargo = process::cargo();
    // It trains and answers thousands of questions.
    cargo.args(["run", "--quiet", "--release", "--package", "atome-models", "--"]);
    cargo.args(arguments);
    process::visible(&mut cargo)
}

/// A short training on different numbers of threads, and what is committed against what is computed, by builds of
/// `atome-models` and `atome`.
///
/// # Errors
/// Says what differs.
pub fn check(mut models: Command, atome: Command) -> Result<String> {
    picture::check(atome)?;
    Ok(process::checked(models.arg("--check"))?.lines().last().unwrap_or_default().to_owned())
}
