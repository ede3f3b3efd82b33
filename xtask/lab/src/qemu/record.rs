//! The recorded digests: `qemu/digest.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{bail, Context, Result};

use xtask::workspace;

const HEAD: &str = "\
# Digests of the fixed battery (firmware/digest.c), which every core and the host must give in portable mode.
# Written by `cargo xtask qemu --record`. A line: battery, digest.
";

/// Digest of each battery.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    digests: BTreeMap<String, String>,
}

fn path() -> PathBuf {
    workspace::root().join("qemu/digest.txt")
}

impl Record {
    /// Reads the file.
    pub fn read() -> Result<Record> {
        let path = path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Record::parse(&text).with_context(|| format!("{}", path.display()))
    }

    fn parse(text: &str) -> Result<Record> {
        let mut digests = BTreeMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let words: Vec<_> = line.split_whitespace().collect();
            let [battery, digest] = words[..] else {
                bail!("line {}: `{line}`: expected a battery's name and its digest", number + 1);
            };
            digests.insert(battery.to_string(), digest.to_string());
        }
        Ok(Record { digests })
    }

    /// The recorded digest.
    pub fn digest(&self, battery: &str) -> Option<&str> {
        self.digests.get(battery).map(String::as_str)
    }

    /// Writes the file anew with these digests; batteries that did not run keep theirs.
    pub fn write(digests: &BTreeMap<String, String>) -> Result<()> {
        let mut record = Record::read().unwrap_or(Record { digests: BTreeMap::new() });
        record.digests.extend(digests.clone());
        let path = path();
        fs::write(&path, record.text()).with_context(|| format!("cannot write {}", path.display()))
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_string();
        for (battery, digest) in &self.digests {
            text += &format!("{battery} {digest}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let record = Record { digests: BTreeMap::from([("b".into(), "02".into()), ("a".into(), "01".into())]) };
        assert_eq!(Record::parse(&record.text()).unwrap(), record);
        assert_eq!(record.digest("b"), Some("02"));
        assert_eq!(record.digest("c"), None);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Record::parse("# x\na 01\nb\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
