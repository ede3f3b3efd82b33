//! `cargo xtask model`: the default model, from its word lists to its bytes and scores. The work is done by
//! `atome-models`; the picture of a conversation is ours, since it shows the program `atome`.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;
use lexopt::prelude::*;

use crate::{options, picture, process, workers, workspace};

/// What `--help` prints.
pub const HELP: &str = "\
Train the default model from nothing, score it, or check it.

Without an option it is trained, and models/default.bin is written and scored. The number of threads changes no bit.

Usage: cargo xtask model [OPTIONS]

Options:
  --threads N    threads of the training (default: one a core)
  --work FOLDER  where checkpoint, log and loss curve go (default: target/xtask/model)
  --score        score models/default.bin again, and train nothing
  --check        train a little on 1 and 3 threads, and compare corpus and scores with what is committed
  --corpus FILE  write the text that the model learns from; - is standard output
  --picture      write docs/talk.svg, a conversation with the model
  -h, --help     print this

Examples:
  cargo xtask model
  cargo xtask model --score
  cargo xtask model --corpus corpus.txt
";

/// The command; all but `--picture` is done by `atome-models`.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut settings, mut tasks): (Vec<OsString>, Vec<&str>) = (Vec::new(), Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("threads") => {
                let threads: u64 = options::whole(&mut parser, "--threads", workers::RANGE)?;
                settings.extend(["--threads".into(), threads.to_string().into()]);
            }
            Long("work") => settings.extend(["--work".into(), options::folder(&mut parser, "--work")?.into()]),
            Long("corpus") => {
                tasks.push("--corpus");
                let file = options::text(&mut parser, "--corpus", "expected the name of a file")?;
                // The program runs in another folder.
                let file = if file == "-" { file.into() } else { workspace::absolute(file.as_ref()).into() };
                settings.extend(["--corpus".into(), file]);
            }
            Long("score") => tasks.push("--score"),
            Long("check") => tasks.push("--check"),
            Long("picture") => tasks.push("--picture"),
            other => return Err(options::unexpected(other, "model")),
        }
    }
    if tasks.len() > 1 {
        return Err(options::mistake(format!("{}: expected one of them (cargo xtask model --help)", tasks.join(" "))));
    }
    let mut cargo = process::cargo();
    if tasks == ["--picture"] {
        cargo.args(["run", "--quiet", "--release", "--package", "atome-cli", "--"]);
        return picture::write(cargo);
    }
    settings.extend(tasks.iter().filter(|task| **task != "--corpus").map(OsString::from));
    // It trains and answers thousands of questions.
    cargo.args(["run", "--release", "--package", "atome-models", "--"]).args(settings);
    process::relayed(&mut cargo)
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
