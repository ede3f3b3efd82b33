//! What a classifier's files say of it.

use anyhow::{ensure, Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{decimal, Column};
use super::head::MOST_CLASSES;
use crate::checkpoint::{keys, Checkpoint};

/// The classes, how numbers become levels, and when a class is unsure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Of the head's rows, in their order.
    pub names: Vec<String>,
    /// Of the numbers that are classified; none where texts are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// The distance of the best logit to the second below which a class is unsure.
    #[serde(serialize_with = "decimal")]
    pub least_margin: f32,
}

impl Description {
    /// The one in a checkpoint; `None` for a model that is no classifier.
    ///
    /// # Errors
    /// Names what is wrong with it.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let Some(text) = checkpoint.metadata.get(keys::CLASSES) else { return Ok(None) };
        serde_json::from_str(text).map_err(Into::into).and_then(Self::checked).context("metadata: classes").map(Some)
    }

    /// The one in a sidecar or in notes.
    ///
    /// # Errors
    /// Names what is wrong with it.
    pub fn from_json(value: Value) -> Result<Self> {
        Self::checked(serde_json::from_value(value)?)
    }

    fn checked(self) -> Result<Self> {
        let count = self.names.len();
        ensure!((2..=MOST_CLASSES).contains(&count), "{count} classes, expected 2 to {MOST_CLASSES}");
        for Column { name, low, step } in &self.columns {
            ensure!(low.is_finite() && step.is_finite() && *step >= 0.0, "column {name}: low {low} and step {step}");
        }
        ensure!(self.least_margin >= 0.0, "least_margin is {}, expected 0 at least", self.least_margin);
        Ok(self)
    }

    /// As a sidecar and a checkpoint have it.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).expect("numbers and strings have a form in JSON")
    }

    /// A row as a model reads it.
    ///
    /// # Errors
    /// Another number of values than there are columns.
    pub fn row(&self, values: &[f32]) -> Result<String> {
        let (given, expected) = (values.len(), self.columns.len());
        ensure!(given == expected, "{given} numbers, expected {expected}: {}", self.column_names());
        Ok(self.columns.iter().zip(values).map(|(column, &value)| column.character(value)).collect())
    }

    /// The columns' names with commas between them.
    pub fn column_names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Description {
        let columns = vec![Column { name: "t".to_owned(), low: -0.1, step: 3.5 }];
        Description { names: vec!["cold".to_owned(), "warm".to_owned()], columns, least_margin: 0.25 }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut checkpoint = Checkpoint::default();
        assert_eq!(Description::from_checkpoint(&checkpoint).unwrap(), None);
        checkpoint.metadata.insert(keys::CLASSES.to_owned(), some().json().to_string());
        assert_eq!(Description::from_checkpoint(&checkpoint).unwrap(), Some(some()));
        assert_eq!(Description::from_json(some().json()).unwrap(), some());
        assert_eq!(some().row(&[2.0]).unwrap().len(), 1);
        assert!(some().row(&[2.0, 1.0]).unwrap_err().to_string().contains("2 numbers, expected 1: t"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let good = some();
        for (wrong, expected) in [
            (Description { names: vec!["a".to_owned()], ..good.clone() }, "1 classes"),
            (Description { least_margin: -1.0, ..good.clone() }, "least_margin"),
            (Description { columns: vec![Column { name: "t".to_owned(), low: 0.0, step: -1.0 }], ..good }, "column t"),
        ] {
            let message = Description::from_json(wrong.json()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert!(Description::from_json(serde_json::json!({ "names": 3 })).is_err());
    }
}
