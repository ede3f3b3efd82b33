//! Figures by name, and the files that record them.

pub mod growth;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use xtask::workspace;

/// Name to number. A name is a path, such as the core, what was measured, and of what.
pub type Figures = BTreeMap<String, u64>;

/// A committed file of figures.
#[derive(Clone, Copy, Debug)]
pub struct RecordFile {
    /// Its path from the workspace root.
    pub path: &'static str,
    /// The command that writes it: that is also how a change of the figures is accepted.
    pub command: &'static str,
}

/// What the archive costs on the emulated cores.
pub const COSTS: RecordFile = RecordFile { path: "qemu/costs.json", command: "cargo xtask costs" };

/// What it executes on this machine.
pub const INSTRUCTIONS: RecordFile =
    RecordFile { path: "benches/instructions.json", command: "cargo xtask bench --counts" };

/// How good the integer arithmetic's predictions are.
pub const QUALITY: RecordFile = RecordFile { path: "benches/quality.json", command: "cargo xtask bench --quality" };

/// What was measured, and with what.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Tool to version, and the like.
    pub conditions: BTreeMap<String, String>,
    /// The figures.
    pub figures: Figures,
}

impl RecordFile {
    /// Reads the file.
    pub fn read(&self) -> Result<Record> {
        let path = workspace::root().join(self.path);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Record::parse(&text).with_context(|| format!("{} ({} writes it)", path.display(), self.command))
    }

    /// Writes the file.
    pub fn write(&self, record: &Record) -> Result<()> {
        let path = workspace::root().join(self.path);
        fs::write(&path, record.text()?).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Record {
    fn parse(text: &str) -> Result<Record> {
        let mut value: Value = serde_json::from_str(text)?;
        let mut take = |name: &str| value.get_mut(name).map(Value::take).with_context(|| format!("no `{name}`"));
        let conditions = serde_json::from_value(take("conditions")?).context("`conditions`")?;
        let figures = serde_json::from_value(take("figures")?).context("`figures`")?;
        Ok(Record { conditions, figures })
    }

    fn text(&self) -> Result<String> {
        let value = json!({ "conditions": self.conditions, "figures": self.figures });
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let conditions = BTreeMap::from([("gcc".to_string(), "12 \"x\"".to_string())]);
        let record = Record { conditions, figures: Figures::from([("m3/code".to_string(), 4096)]) };
        assert_eq!(Record::parse(&record.text().unwrap()).unwrap(), record);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in ["", "{}", r#"{"conditions": {}, "figures": {"a": "b"}}"#, r#"{"conditions": {}}"#] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }
}
