//! Running an image with a time limit, and reading what it reports.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};

use super::cores::{Core, Machine};
use xtask::process;

/// Exit status of a program that ended in a fault (qemu/board/startup.c).
const FAULT: i32 = 3;

/// What a program said.
#[derive(Debug)]
pub struct Report {
    lines: Vec<String>,
}

/// Runs the program to its end.
///
/// # Errors
/// The command line and the output, when it takes longer than `limit` or does not exit with status 0.
pub fn run(core: &Core, executable: &Path, arguments: &[String], limit: Duration) -> Result<Report> {
    let mut command = command(core, executable, arguments);
    let (status, text) = finish(&mut command, executable, limit)?;
    if !status.success() {
        bail!("`{}` failed ({status})\n{}", process::line(&command), text.trim_end());
    }
    Ok(Report::new(&text))
}

/// Runs a program that has to end in a fault, reported by its fault handler.
///
/// # Errors
/// The command line and the output, when it ends in any other way.
pub fn run_into_fault(core: &Core, executable: &Path, arguments: &[String], limit: Duration) -> Result<()> {
    let mut command = command(core, executable, arguments);
    let (status, text) = finish(&mut command, executable, limit)?;
    if status.code() != Some(FAULT) || !text.contains("fault: ") {
        bail!("`{}` had to fault, but ended with {status}\n{}", process::line(&command), text.trim_end());
    }
    Ok(())
}

fn command(core: &Core, executable: &Path, arguments: &[String]) -> Command {
    match core.machine {
        Machine::Host => {
            let mut command = process::in_root(executable);
            command.env("FIRMWARE_ARGUMENTS", arguments.join(" "));
            command
        }
        Machine::Emulator { program, arguments: machine } => {
            let mut command = process::in_root(program);
            command.args(machine).args(["-display", "none", "-monitor", "none", "-serial", "none"]);
            let words: String = arguments.iter().map(|word| format!(",arg={word}")).collect();
            command.arg("-semihosting-config");
            command.arg(format!("enable=on,target=native,arg=firmware{words}"));
            command.arg("-kernel").arg(executable);
            command
        }
    }
}

/// Waits for the end. The output goes to a file beside the executable, which stays there.
fn finish(command: &mut Command, executable: &Path, limit: Duration) -> Result<(ExitStatus, String)> {
    let path = executable.with_extension("txt");
    let output = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let shown = process::line(command);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let mut child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    match status {
        Some(status) => Ok((status, text)),
        None => bail!("`{shown}` was still running after {} s\n{}", limit.as_secs(), text.trim_end()),
    }
}

impl Report {
    fn new(text: &str) -> Report {
        Report { lines: text.lines().map(String::from).collect() }
    }

    /// What follows `name` and a space on the line that starts so.
    ///
    /// # Errors
    /// No such line; all lines are shown.
    pub fn text(&self, name: &str) -> Result<&str> {
        let value = self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.with_context(|| format!("no line `{name} ...` in the output\n{}", self.lines.join("\n")))
    }

    /// The number that follows `name`; see [`Report::text`].
    pub fn number(&self, name: &str) -> Result<u64> {
        let text = self.text(name)?;
        text.parse().with_context(|| format!("`{name} {text}` in the output: expected a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::HOST;

    fn shell(words: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(words);
        command
    }

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-machine-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    #[test]
    fn a_report_is_read_by_name() {
        let report = Report::new("digest 00ff\ncases 12\ncasesque 13\n");
        assert_eq!(report.text("digest").unwrap(), "00ff");
        assert_eq!(report.number("cases").unwrap(), 12);
        assert!(report.number("digest").is_err());
        assert!(report.text("stack").unwrap_err().to_string().contains("casesque 13"));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_and_its_output_shown() {
        let start = Instant::now();
        let mut command = shell(&["-c", "echo so far; exec sleep 60"]);
        let error = finish(&mut command, &scratch("hang"), Duration::from_millis(300)).unwrap_err();
        assert!(error.to_string().contains("so far"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn only_the_fault_handlers_status_is_a_fault() {
        let program = scratch("faults.sh");
        for (body, faults) in [("echo fault: x; exit 3", true), ("exit 3", false), ("echo fault: x; exit 1", false)] {
            // Written by another process: were the file open in this one, a test that starts a program just then would
            // hand it on, and a file that is open for writing cannot be run.
            let script = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
            let written = shell(&["-c", script, program.to_str().unwrap(), body]).status().unwrap();
            assert!(written.success());
            let result = run_into_fault(&HOST, &program, &[], Duration::from_secs(20));
            assert_eq!(result.is_ok(), faults, "{body}");
            assert!(run(&HOST, &program, &[], Duration::from_secs(20)).is_err(), "{body}");
        }
    }
}
