//! The commands of the laboratory (`xtask/lab`), a program of its own that is compiled when it is called.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{bail, Result};

use crate::{process, progress, workspace};

/// Calls a command; it has the terminal, and its exit status is ours.
pub fn run(name: &str, words: &[OsString]) -> Result<ExitCode> {
    let mut program = program()?;
    let status = process::status(program.arg(name).args(words))?;
    end_like(status);
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Runs a check of the gate. What it says before the verdict, which is its last line, is passed on.
///
/// # Errors
/// All that it said.
pub fn check(words: &[&str]) -> Result<String> {
    let mut program = program()?;
    let finished = process::capture_stdout(program.args(words))?;
    let text = finished.text.trim_end();
    if !finished.status.success() {
        bail!("`cargo xtask {}` failed ({})\n{text}", words.join(" "), finished.status);
    }
    let (before, verdict) = text.rsplit_once('\n').unwrap_or(("", text));
    if !before.is_empty() {
        say!("{before}");
    }
    Ok(verdict.to_string())
}

/// Compiled, in the profile of this program.
fn program() -> Result<Command> {
    let _task = progress::task("compiling the laboratory");
    process::checked(process::cargo().args(["build", "--quiet", "--package", "xtask-lab"]))?;
    Ok(Command::new(workspace::target().join("debug").join(format!("xtask-lab{EXE_SUFFIX}"))))
}

/// A program that a signal ended is no failure of ours to report: whoever waits for us sees that signal, too.
#[cfg(unix)]
fn end_like(status: std::process::ExitStatus) {
    use std::os::unix::process::ExitStatusExt;
    if let Some(signal) = status.signal() {
        // SAFETY: `raise` takes any number; the handlers are those in which a process starts.
        unsafe { libc::raise(signal) };
    }
}

#[cfg(not(unix))]
fn end_like(_: std::process::ExitStatus) {}
