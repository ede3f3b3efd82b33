//! Reading checkpoints of either format.

use std::path::Path;

use super::contents::Checkpoint;
use super::error::{CheckpointError, ContentError};
use super::file::{self, Format};
use super::loaded::Loaded;
use super::safetensors;
use crate::pytorch;

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
}

impl Checkpoint {
    /// Reads a file of either format, told apart by its first bytes.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file, and the place and what was expected where its bytes are wrong.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        Ok(Loaded::load(path, None)?.checkpoint)
    }

    /// Whether the first bytes of a file, 9 or more, are those of a checkpoint, if perhaps of a kind that is not read.
    pub fn begins_with(start: &[u8]) -> bool {
        Format::of(start).is_ok() || file::is_pickle(start)
    }

    /// Reads the bytes of a file of either format.
    ///
    /// # Errors
    /// [`ContentError`] names the place and what was expected.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        Ok(Loaded::from_bytes(bytes, None)?.checkpoint)
    }
}
