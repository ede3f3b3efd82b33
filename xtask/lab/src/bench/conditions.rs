//! What has to be known of a measurement: when, where, with what.

use std::fs;

use anyhow::Result;

use super::timings::Timings;
use xtask::{process, workers};

/// The conditions of a run.
pub struct Conditions {
    /// Year, month and day.
    pub date: String,
    /// The processor's own name, and how many of them.
    pub machine: String,
    /// The C compiler of the reference.
    pub cc: String,
    /// The Rust compiler of all else.
    pub rustc: String,
    /// The command.
    pub command: String,
    /// Which model the 944K shape was measured with.
    pub model: &'static str,
}

impl Conditions {
    /// Those of this run.
    pub fn find(timings: &Timings, is_quick: bool) -> Result<Conditions> {
        let mut date = std::process::Command::new("date");
        Ok(Conditions {
            date: process::checked(date.args(["-u", "+%Y-%m-%d"]))?.trim().to_string(),
            machine: machine(),
            cc: timings.condition(&["cc"])?,
            rustc: timings.condition(&["rustc"])?,
            command: if is_quick { "cargo xtask bench --quick" } else { "cargo xtask bench" }.to_string(),
            model: model(timings)?,
        })
    }

    /// Those that stand in the results.
    pub fn recorded(timings: &Timings) -> Result<Conditions> {
        Ok(Conditions {
            date: timings.condition(&["date"])?,
            machine: timings.condition(&["machine"])?,
            cc: timings.condition(&["cc"])?,
            rustc: timings.condition(&["rustc"])?,
            command: timings.condition(&["command"])?,
            model: model(timings)?,
        })
    }

    /// What the results do not know of by themselves.
    pub fn to_record(&self) -> [(&'static str, &str); 3] {
        [("date", &self.date), ("machine", &self.machine), ("command", &self.command)]
    }

    /// All of it in a list.
    pub fn list(&self) -> String {
        let Conditions { date, machine, cc, rustc, command, model } = self;
        format!(
            "- {date}, {machine}, one core\n- Rust: {rustc}\n- C: {cc}, `-O2` and `-O3 -march=native`, always with \
             `-ffp-contract=off`\n- 944k: {model}; default: random weights, a third of them 0\n- command: `{command}`\n"
        )
    }
}

fn model(timings: &Timings) -> Result<&'static str> {
    let is_trained = timings.condition(&["models", "944k"])? == "trained";
    Ok(if is_trained { "the trained 944K model" } else { "A RANDOM MODEL OF THE 944K MODEL'S SHAPE" })
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = named(&info).unwrap_or("an unknown processor");
    let count = workers::processors();
    format!("{name} ({}, {count} threads)", std::env::consts::ARCH)
}

fn named(cpuinfo: &str) -> Option<&str> {
    cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name() {
        assert_eq!(named("processor\t: 0\nmodel name\t: AMD EPYC\n"), Some("AMD EPYC"));
        assert_eq!(named("processor\t: 0\n"), None);
    }
}
