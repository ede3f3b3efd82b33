//! Instruction counts by name, and the file that records them: `benches/instructions.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use crate::workspace;

/// Name (`engine/job`) to instructions.
pub type Counts = BTreeMap<String, u64>;

/// What was counted, and with what.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Tool to version, and the target.
    pub conditions: BTreeMap<String, String>,
    /// The counts.
    pub figures: Counts,
}

fn path() -> PathBuf {
    workspace::root().join("benches/instructions.json")
}

impl Record {
    /// Reads the file.
    pub fn read() -> Result<Record> {
        let path = path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Record::parse(&text).with_context(|| format!("{} (cargo xtask bench --counts writes it)", path.display()))
    }

    /// Writes the file.
    pub fn write(&self) -> Result<()> {
        super::write(&path(), &self.text()?)
    }

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
        let conditions = BTreeMap::from([("rustc".to_string(), "1 \"x\"".to_string())]);
        let record = Record { conditions, figures: Counts::from([("sse2/load".to_string(), 4096)]) };
        assert_eq!(Record::parse(&record.text().unwrap()).unwrap(), record);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in ["", "{}", r#"{"conditions": {}, "figures": {"a": "b"}}"#, r#"{"conditions": {}}"#] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }
}
