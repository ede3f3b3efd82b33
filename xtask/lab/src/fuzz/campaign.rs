//! One target, fuzzed for some time.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::status::Status;
use xtask::{process, workspace};

/// Longer inputs find nothing that these do not, only later.
const MAX_INPUT: &str = "-max_len=2048";

/// How often a line of progress is printed.
const PROGRESS: Duration = Duration::from_secs(10);

/// What is to be done.
pub struct Campaign {
    pub target: &'static str,
    /// Where inputs and findings go.
    pub folder: PathBuf,
    length: Duration,
}

/// What came of it.
pub struct Outcome {
    pub status: Status,
    /// What broke, and how to see it again.
    pub finding: Option<String>,
}

/// Compiles all targets with a nightly compiler, coverage counters and the address sanitizer.
pub fn build() -> Result<()> {
    say!("building the targets with coverage counters and the address sanitizer");
    process::checked(&mut cargo_fuzz("build", &[]))?;
    Ok(())
}

/// `cargo fuzz COMMAND` on our targets.
fn cargo_fuzz(command: &str, arguments: &[&str]) -> Command {
    let mut cargo = process::nightly_cargo();
    cargo.args(["fuzz", command, "--fuzz-dir", "fuzz/runner", "--target-dir"]);
    cargo.arg(workspace::scratch().join("fuzz/build")).args(arguments);
    cargo
}

impl Campaign {
    /// Prepares the folders.
    pub fn new(target: &'static str, length: Duration, from_corpus: bool) -> Result<Self> {
        let folder = workspace::scratch().join("fuzz").join(target);
        let campaign = Self { target, folder, length };
        let inputs = campaign.inputs();
        if inputs.exists() {
            fs::remove_dir_all(&inputs).with_context(|| format!("cannot empty {}", inputs.display()))?;
        }
        fs::create_dir_all(&inputs).with_context(|| format!("cannot create {}", inputs.display()))?;
        if from_corpus {
            for entry in fs::read_dir(campaign.committed())? {
                let from = entry?.path();
                let to = inputs.join(from.file_name().unwrap_or_default());
                fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            }
        }
        Ok(campaign)
    }

    /// The inputs that reach something new.
    pub fn inputs(&self) -> PathBuf {
        self.folder.join("inputs")
    }

    /// The inputs that the repository keeps.
    pub fn committed(&self) -> PathBuf {
        workspace::root().join("fuzz/corpus").join(self.target)
    }

    /// libFuzzer on this target: `folders` come first, then its own options.
    pub fn fuzzer(&self, folders: &[&Path], options: &[&str]) -> Command {
        let mut cargo = cargo_fuzz("run", &[self.target]);
        cargo.args(folders).arg("--").args(options).arg(MAX_INPUT);
        cargo.arg(format!("-artifact_prefix={}/", self.folder.display()));
        cargo
    }

    /// Fuzzes, and prints how far it is.
    ///
    /// # Errors
    /// The fuzzer could not run. That it found something is no error here.
    pub fn run(&self) -> Result<Outcome> {
        let seconds = format!("-max_total_time={}", self.length.as_secs());
        let mut fuzzer = self.fuzzer(&[&self.inputs()], &[&seconds, "-print_final_stats=1"]);
        let shown = process::line(&fuzzer);
        let (reader, writer) = std::io::pipe()?;
        fuzzer.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let child = fuzzer.spawn();
        // The command holds the write ends: unless they go, the reading below never ends.
        drop(fuzzer);
        let mut child = child.with_context(|| format!("cannot start `{shown}`"))?;
        let (start, mut reported) = (Instant::now(), Instant::now());
        let (mut status, mut said) = (Status::default(), Vec::new());
        for line in BufReader::new(reader).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            match Status::parse(&line) {
                Some(now) => status = now,
                None => said.push(line),
            }
            if reported.elapsed() > PROGRESS {
                reported = Instant::now();
                self.report(start.elapsed(), &status);
            }
        }
        let ended = child.wait()?;
        let finding = (!ended.success()).then(|| format!("`{shown}` ({ended})\n{}", tail(&said)));
        Ok(Outcome { status, finding })
    }

    fn report(&self, passed: Duration, status: &Status) {
        let clock = |time: Duration| format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60);
        let Status { runs, edges, corpus } = status;
        say!(
            "{:<12} {:>6} of {}   {runs} inputs, {edges} edges, {corpus} inputs that matter",
            self.target,
            clock(passed),
            clock(self.length)
        );
    }
}

/// The end of what was said: libFuzzer names the input there and how to run it again.
fn tail(lines: &[String]) -> String {
    lines[lines.len().saturating_sub(40)..].join("\n")
}
