//! A checkpoint with what there was to choose from.

use std::path::Path;

use super::choice::shown;
use super::error::{CheckpointError, ContentError};
use super::file::{self, Format};
use super::{safetensors, Checkpoint};
use crate::pytorch;

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
    /// Reads a file of either format. `weights` names the set to take; without it, the one that is clearly meant is taken.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file, and the place and what was expected where its bytes are wrong, or the sets of
    /// weights to choose from.
    pub fn load(path: &Path, weights: Option<&str>) -> Result<Self, CheckpointError> {
        let bytes = file::read(path)?;
        Self::from_bytes(&bytes, weights).map_err(CheckpointError::content(path))
    }

    /// Reads the bytes of a file of either format.
    ///
    /// # Errors
    /// [`ContentError`] names the place and what was expected.
    pub fn from_bytes(bytes: &[u8], weights: Option<&str>) -> Result<Self, ContentError> {
        match Format::of(bytes)? {
            Format::PyTorch => pytorch::read(bytes, weights),
            Format::Safetensors => safetensors::read(bytes, weights),
        }
    }

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
