//! A checkpoint with what there was to choose from.

use super::choice::shown;
use super::contents::Checkpoint;

/// A checkpoint, and which of a file's sets of weights it is: trainings keep averages beside the weights, for example.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The weights under the names of a model.
    pub checkpoint: Checkpoint,
    /// The keys that lead to them in the file, with dots between them; empty where they lie at the top.
    pub label: String,
    /// Labels of other whole sets of weights in the file.
    pub others: Vec<String>,
}

impl Loaded {
    /// A file without a choice.
    pub(crate) const fn plain(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, label: String::new(), others: Vec::new() }
    }

    /// What to tell a user who may have meant another set; `None` where there is no other.
    pub fn note(&self) -> Option<String> {
        let first = self.others.first()?;
        Some(format!(
            "took the weights under {}; there are others under {}: --weights {first} takes those",
            shown(&self.label),
            self.others.join(", ")
        ))
    }
}
