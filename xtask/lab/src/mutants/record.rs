//! The committed outcomes: by file, so that a run goes on where the last one ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use xtask::dist::sha256;

use super::mutant::Mutant;
use super::trial::Outcome;
use xtask::workspace;

/// The committed file.
pub const PATH: &str = "engine/mutants/results.json";

/// Outcomes by source file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record(pub BTreeMap<String, FileRecord>);

/// Outcomes of one file's mutants. Those that tests caught are only counted: the file stays small, and the others are of
/// more interest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Of the source, but for its tests, when its mutants were tried.
    pub sha256: String,
    pub caught: usize,
    pub timeout: usize,
    pub unviable: usize,
    pub missed: BTreeSet<String>,
    pub elsewhere: BTreeSet<String>,
}

impl Record {
    /// The committed record; an empty one where there is none.
    pub fn read() -> Result<Self> {
        let path = workspace::root().join(PATH);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
        Self::parse(&text).with_context(|| format!("{PATH} (cargo xtask mutants writes it)"))
    }

    pub fn write(&self) -> Result<()> {
        super::write(PATH, &self.text()?)
    }

    fn parse(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// With the names of each file's outcomes in alphabetical order, as in every record of this project.
    fn text(&self) -> Result<String> {
        Ok(format!("{:#}\n", serde_json::to_value(self)?))
    }
}

impl FileRecord {
    /// A record without outcomes.
    pub fn of(source: &str) -> Self {
        Self { sha256: digest(source), ..Self::default() }
    }

    /// Whether it is of this source.
    pub fn is_of(&self, source: &str) -> bool {
        self.sha256 == digest(source)
    }

    pub fn add(&mut self, mutant: &Mutant, outcome: Outcome) {
        self.missed.remove(&mutant.name);
        match outcome {
            Outcome::Caught => self.caught += 1,
            Outcome::Timeout => self.timeout += 1,
            Outcome::Unviable => self.unviable += 1,
            Outcome::Missed => drop(self.missed.insert(mutant.name.clone())),
            Outcome::Elsewhere => drop(self.elsewhere.insert(mutant.name.clone())),
        }
    }
}

/// The digest of a source but for its tests: new ones are no reason to try again what was caught.
fn digest(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    sha256(code.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        Mutant { file: "a.rs".to_string(), name: name.to_string(), title: String::new(), function: None }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut file = FileRecord::of("fn f() {}");
        file.add(&mutant("x"), Outcome::Missed);
        file.add(&mutant("y"), Outcome::Elsewhere);
        file.add(&mutant("z"), Outcome::Timeout);
        assert_eq!((file.timeout, file.missed.len(), file.elsewhere.len()), (1, 1, 1));
        assert!(file.is_of("fn f() {}") && file.is_of("fn f() {}\n#[cfg(test)]\nmod tests {}\n"));
        assert!(!file.is_of("fn g() {}"));
        let record = Record(BTreeMap::from([("a.rs".to_string(), file)]));
        assert_eq!(Record::parse(&record.text().unwrap()).unwrap(), record);
    }

    #[test]
    fn a_missed_mutant_that_is_caught_later_counts_once() {
        let mut file = FileRecord::of("");
        file.add(&mutant("x"), Outcome::Missed);
        file.add(&mutant("x"), Outcome::Caught);
        assert_eq!((file.caught, file.missed.len()), (1, 0));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in ["", "[]", r#"{"a.rs": {}}"#, r#"{"a.rs": {"sha256": "", "caught": -1}}"#] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }
}
