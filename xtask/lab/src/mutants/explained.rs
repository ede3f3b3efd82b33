//! The committed list of mutants that no test can catch, each with the reason.
//!
//! A heading names the file; below it, a paragraph is the reason for the list items that follow it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{bail, Context, Result};

use super::record::Record;
use xtask::workspace;

/// The committed file.
pub const PATH: &str = "engine/mutants/EQUIVALENT.md";

/// Names of mutants by file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Explained(pub BTreeMap<String, BTreeSet<String>>);

impl Explained {
    pub fn read() -> Result<Self> {
        let path = workspace::root().join(PATH);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
        Self::parse(&text).context(PATH)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut files: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let (mut file, mut has_reason) = (None, false);
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(heading) = line.strip_prefix("## ") {
                (file, has_reason) = (Some(heading.trim().to_string()), false);
            } else if let Some(name) = line.strip_prefix("- ") {
                let Some(file) = &file else { bail!("line {number}: expected `## file` before the first mutant") };
                if !has_reason {
                    bail!("line {number}: expected a paragraph with the reason before this mutant");
                }
                if !files.entry(file.clone()).or_default().insert(name.trim().to_string()) {
                    bail!("line {number}: this mutant is explained twice");
                }
            } else if !line.trim().is_empty() {
                has_reason = true;
            }
        }
        Ok(Self(files))
    }

    pub fn has(&self, file: &str, name: &str) -> bool {
        self.0.get(file).is_some_and(|names| names.contains(name))
    }

    /// What of the record and of this list does not fit together, in words.
    pub fn faults(&self, record: &Record, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut faults = Vec::new();
        for (file, outcomes) in &record.0 {
            let unexplained = outcomes.missed.iter().filter(|name| !self.has(file, name));
            faults.extend(
                unexplained.map(|name| format!("{file}: no test catches this, and {PATH} has no reason: {name}")),
            );
        }
        for (file, names) in &self.0 {
            let source = source(file).unwrap_or_default();
            for name in names {
                if let Some(line) = quoted(name).filter(|line| !source.contains(*line)) {
                    faults.push(format!("{PATH}: {file} has no line `{line}` any more: {name}"));
                } else if !record.0.get(file).is_some_and(|outcomes| outcomes.missed.contains(name)) {
                    faults.push(format!("{PATH}: no mutant of {file} that tests miss: {name}"));
                }
            }
        }
        faults
    }
}

/// The line of source in a mutant's name.
fn quoted(name: &str) -> Option<&str> {
    let (_, rest) = name.split_once(": `")?;
    rest.rsplit_once('`').map(|(line, _)| line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::record::FileRecord;

    const TEXT: &str = "# Title\n\nWords.\n\n## a.rs\n\nOne reason,\non two lines.\n\n- x: `a < b`\n- y #2\n";

    fn record(missed: &[&str]) -> Record {
        let missed = missed.iter().map(ToString::to_string).collect();
        Record(BTreeMap::from([("a.rs".to_string(), FileRecord { missed, ..FileRecord::of("") })]))
    }

    #[test]
    fn a_reason_covers_the_items_below_it() {
        let explained = Explained::parse(TEXT).unwrap();
        assert!(explained.has("a.rs", "x: `a < b`") && explained.has("a.rs", "y #2") && !explained.has("b.rs", "y #2"));
    }

    #[test]
    fn an_item_without_file_or_reason_or_twice_is_refused() {
        for text in ["- x", "## a.rs\n- x", "## a.rs\nWhy.\n- x\n- x\n", "## a.rs\nWhy.\n## b.rs\n- x"] {
            assert!(Explained::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_missed_mutant_has_a_reason_and_every_reason_a_mutant() {
        let explained = Explained::parse(TEXT).unwrap();
        let faults =
            |missed: &[&str], source: &str| explained.faults(&record(missed), |_| Some(source.to_string())).len();
        assert_eq!(faults(&["x: `a < b`", "y #2"], "if a < b {"), 0);
        assert_eq!(faults(&["x: `a < b`", "y #2", "z"], "if a < b {"), 1);
        assert_eq!(faults(&["x: `a < b`"], "if a < b {"), 1);
        assert_eq!(faults(&["x: `a < b`", "y #2"], "if a > b {"), 1);
    }

    /// Changed sources are no fault here: `cargo xtask mutants` tries their mutants anew.
    #[test]
    fn the_committed_lists_fit_together() {
        let source = |file: &str| fs::read_to_string(workspace::root().join(file)).ok();
        let faults = Explained::read().unwrap().faults(&Record::read().unwrap(), source);
        assert!(faults.is_empty(), "try them with `cargo xtask mutants`:\n{}", faults.join("\n"));
    }
}
