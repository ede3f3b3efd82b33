//! The program that follows paths (`explore.py`), and what it says.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};

use xtask::{process, progress, workspace};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// angr in a virtual environment.
pub struct Explorer {
    python: PathBuf,
    jobs: usize,
    seconds: u64,
}

/// What became of a harness.
pub struct Verdict {
    pub build: &'static str,
    pub harness: String,
    pub paths: u64,
    pub seconds: f64,
    /// Why it is not proven.
    pub fault: Option<String>,
}

impl Explorer {
    /// Installs what is missing.
    pub fn install(jobs: usize, seconds: u64) -> Result<Self> {
        let folder = workspace::scratch().join("prove/python");
        let (python, installed) = (folder.join("bin/python"), folder.join("requirements.txt"));
        if fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS) {
            note!("set-up: angr in {} (450 MB)", workspace::shown(&folder));
            let _task = progress::task("set-up: angr");
            process::checked(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let list = workspace::root().join("xtask/lab/src/prove/requirements.txt");
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(list);
            process::checked(&mut pip)?;
            fs::write(&installed, REQUIREMENTS).with_context(|| format!("cannot write {}", installed.display()))?;
        }
        Ok(Self { python, jobs, seconds })
    }

    /// Follows all paths of the harnesses; prints a line as each is done.
    ///
    /// # Errors
    /// The program could not run, or left one out. That something is not proven is no error here.
    pub fn run(&self, build: &'static str, object: &Path, names: &[String]) -> Result<Vec<Verdict>> {
        let mut command = process::in_root(&self.python);
        command.arg(workspace::root().join("xtask/lab/src/prove/explore.py")).arg(object);
        command.args(["--jobs", &self.jobs.to_string(), "--seconds", &self.seconds.to_string()]).args(names);
        // angr says on standard error what it can do without.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let task = progress::task(format!("proofs, {build}"));
        let parts = progress::board().parts(names.len());
        let mut child = command.spawn().context("cannot start Python")?;
        let output = child.stdout.take().context("no standard output")?;
        let mut verdicts = Vec::new();
        for line in BufReader::new(output).lines() {
            let verdict = Verdict::parse(build, &line?)?;
            note!("{build} {} of {}: {verdict}", verdicts.len() + 1, names.len());
            parts.done();
            verdicts.push(verdict);
        }
        let status = child.wait()?;
        drop((parts, task));
        let is_whole = names.iter().all(|name| verdicts.iter().filter(|known| known.harness == *name).count() == 1);
        ensure!(status.success() && is_whole, "`{}` did not try all proofs ({status})", process::line(&command));
        verdicts.sort_by(|one, other| one.harness.cmp(&other.harness));
        Ok(verdicts)
    }
}

impl Verdict {
    fn parse(build: &'static str, line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
        let text = |name: &str| value[name].as_str().map(str::to_string);
        let harness = text("harness").context("no harness")?;
        let paths = value["paths"].as_u64().context("no paths")?;
        let seconds = value["seconds"].as_f64().context("no seconds")?;
        Ok(Self { build, harness, paths, seconds, fault: text("fault") })
    }

    pub fn to_json(&self) -> Value {
        let Self { build, harness, paths, seconds, fault } = self;
        json!({"proof": harness, "machine": build, "result": self.result(), "paths": paths, "seconds": seconds,
            "fault": fault})
    }

    /// Whether its claim is wrong.
    pub fn is_canary(&self) -> bool {
        self.harness.starts_with("canary_")
    }

    /// Whether it is proven; of a wrong claim, whether it panicked, rather than failed in another way.
    pub fn is_right(&self) -> bool {
        match &self.fault {
            None => self.paths > 0 && !self.is_canary(),
            Some(fault) => self.is_canary() && fault.starts_with("core::panicking"),
        }
    }

    pub fn result(&self) -> &'static str {
        match (self.is_canary(), self.is_right()) {
            (false, true) => "proven",
            (true, true) => "found out",
            (_, false) => "FAILED",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, {} paths, {:.1} s", self.harness, self.result(), self.paths, self.seconds)?;
        match &self.fault {
            Some(fault) if !self.is_right() => write!(f, ": {fault}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(line: &str) -> Verdict {
        Verdict::parse("x86-64", line).expect("a result")
    }

    #[test]
    fn a_proof_needs_a_path_and_no_fault() {
        assert!(verdict(r#"{"harness": "prove_a", "paths": 3, "seconds": 0.5}"#).is_right());
        assert!(!verdict(r#"{"harness": "prove_a", "paths": 0, "seconds": 0.5}"#).is_right());
        assert!(!verdict(r#"{"harness": "prove_a", "paths": 3, "seconds": 1, "fault": "core::panicking"}"#).is_right());
    }

    #[test]
    fn a_wrong_claim_has_to_panic() {
        let panics =
            r#"{"harness": "canary_a", "paths": 1, "seconds": 1, "fault": "core::panicking::panic at a.rs:1"}"#;
        assert!(verdict(panics).is_right());
        assert!(!verdict(r#"{"harness": "canary_a", "paths": 1, "seconds": 1, "fault": "a jump"}"#).is_right());
        assert!(!verdict(r#"{"harness": "canary_a", "paths": 1, "seconds": 1}"#).is_right());
    }
}
