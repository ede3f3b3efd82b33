//! Figures by name, and the file that records them: `qemu/costs.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use super::code::Uses;
use super::engine::{Engine, Variant};
use crate::qemu::cores::Core;
use crate::workspace;

/// Name to number. A name is a path: the core, what was measured, and of what.
pub type Figures = BTreeMap<String, u64>;

/// The name of a code figure: `code` (bytes of the engine), `libraries` (what it makes the linker take from the C
/// toolchain) or `ram` (static memory of its own).
pub fn code(core: &Core, what: &str, engine: Engine, uses: Uses) -> String {
    format!("{}/{what}/{engine}/{}", core.name, uses.name())
}

/// The name of something measured in a run.
pub fn run(core: &Core, shape: &str, variant: Variant, what: &str) -> String {
    format!("{}/{shape}/{variant}/{what}", core.name)
}

/// The name of a model file's length.
pub fn file(shape: &str) -> String {
    format!("file/{shape}")
}

/// What was measured, and with which tools.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Tool to version.
    pub conditions: BTreeMap<String, String>,
    pub figures: Figures,
}

fn path() -> PathBuf {
    workspace::root().join("qemu/costs.json")
}

impl Record {
    /// Reads the file.
    pub fn read() -> Result<Record> {
        let path = path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Record::parse(&text).with_context(|| format!("{} (cargo xtask costs writes it)", path.display()))
    }

    /// Writes the file.
    pub fn write(&self) -> Result<()> {
        let path = path();
        fs::write(&path, self.text()?).with_context(|| format!("cannot write {}", path.display()))
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
