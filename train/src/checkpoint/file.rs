//! A checkpoint file in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::{CheckpointError, ContentError};

/// Far above any checkpoint of a model for a microcontroller; keeps an endless input from filling the memory.
const MOST_BYTES: u64 = 4 << 30;

/// Bytes that tell the format.
const START: u64 = 16;

/// How a checkpoint is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The zip file of `torch.save`.
    PyTorch,
    /// A JSON header behind its length, then the values.
    Safetensors,
}

impl Format {
    /// Tells it from the start of a file.
    pub fn of(start: &[u8]) -> Result<Self, ContentError> {
        if start.starts_with(b"PK") {
            return Ok(Self::PyTorch);
        }
        if start.get(8) == Some(&b'{') {
            return Ok(Self::Safetensors);
        }
        let shown = start.get(..start.len().min(9)).unwrap_or(start).escape_ascii();
        let found = if start.is_empty() { "the file is empty".to_owned() } else { format!("found \"{shown}\"") };
        Err(ContentError::UnknownFormat { found })
    }
}

/// Reads a file, the rest only where its start is that of a checkpoint.
pub fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let refused = |reason| CheckpointError::io(path, "read")(reason);
    let mut file = File::open(path).map_err(CheckpointError::io(path, "open"))?;
    let mut bytes = Vec::new();
    file.by_ref().take(START).read_to_end(&mut bytes).map_err(refused)?;
    Format::of(&bytes).map_err(CheckpointError::content(path))?;
    let read = file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(refused)?;
    if read as u64 == MOST_BYTES {
        let reason = "longer than 4 GiB, expected a checkpoint of a model for a microcontroller";
        return Err(refused(io::Error::new(io::ErrorKind::InvalidData, reason)));
    }
    Ok(bytes)
}
