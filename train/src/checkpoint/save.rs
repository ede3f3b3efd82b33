//! Writing checkpoints.

use std::path::Path;

use super::atomic::{Existing, Pending};
use super::contents::Checkpoint;
use super::error::{CheckpointError, ContentError};
use super::safetensors;

impl Checkpoint {
    /// The bytes of a safetensors file. Equal checkpoints give equal bytes.
    ///
    /// # Errors
    /// [`ContentError::Safetensors`] where a tensor is named `__metadata__`.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, ContentError> {
        safetensors::write(self)
    }

    /// Such a file beside `path`, which it does not have as its name yet.
    ///
    /// # Errors
    /// As [`Self::save`], and where a file is at `path` that must stay.
    pub fn pending(&self, path: &Path, existing: Existing) -> Result<Pending, CheckpointError> {
        let bytes = self.to_safetensors().map_err(CheckpointError::content(path))?;
        Pending::write(path, &bytes, existing).map_err(CheckpointError::io(path, "save"))
    }

    /// Saves a safetensors file: whatever happens, `path` leads to all of the old bytes or all of the new.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file and the reason, such as a full disk or a folder that cannot be written to.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        self.pending(path, Existing::Replace)?.commit().map_err(CheckpointError::io(path, "save"))
    }
}
