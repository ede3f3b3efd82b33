//! The committed outcomes: by file, so that a run goes on where the last one ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use super::mutant::Mutant;
use super::trial::Outcome;
use crate::workspace;

/// The committed file.
pub const PATH: &str = "engine/mutants/results.json";

/// Outcomes by source file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record(pub BTreeMap<String, FileRecord>);

/// Outcomes of one file's mutants. Those that tests caught are only counted: the file stays small, and the others are of
/// more interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        let value: Value = serde_json::from_str(text)?;
        let files = value.as_object().context("expected an object of files")?;
        files
            .iter()
            .map(|(file, value)| Ok((file.clone(), FileRecord::parse(value).context(file.clone())?)))
            .collect::<Result<_>>()
            .map(Self)
    }

    fn text(&self) -> Result<String> {
        let files: BTreeMap<_, _> = self.0.iter().map(|(file, record)| (file, record.value())).collect();
        Ok(serde_json::to_string_pretty(&files)? + "\n")
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

    fn parse(value: &Value) -> Result<Self> {
        let count = |name: &str| {
            let count = value[name].as_u64().with_context(|| format!("`{name}`: expected a number"))?;
            Ok::<_, anyhow::Error>(usize::try_from(count)?)
        };
        let names = |name: &str| serde_json::from_value(value[name].clone()).with_context(|| format!("`{name}`"));
        Ok(Self {
            sha256: value["sha256"].as_str().context("no `sha256`")?.to_string(),
            caught: count("caught")?,
            timeout: count("timeout")?,
            unviable: count("unviable")?,
            missed: names("missed")?,
            elsewhere: names("elsewhere")?,
        })
    }

    fn value(&self) -> Value {
        json!({
            "sha256": self.sha256, "caught": self.caught, "timeout": self.timeout, "unviable": self.unviable,
            "missed": self.missed, "elsewhere": self.elsewhere,
        })
    }
}

/// The digest of a source but for its tests: new ones are no reason to try again what was caught.
fn digest(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    Sha256::digest(code).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        Mutant { file: "a.rs".to_string(), name: name.to_string(), span: [(1, 1); 2], replacement: String::new() }
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
