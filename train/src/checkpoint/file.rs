//! A checkpoint file in memory.

use std::fs::File;
use std::path::Path;

use super::error::{CheckpointError, ContentError};
use crate::bounded::{read_if, Limit};

/// Bytes that tell the format.
const START: u64 = 16;

/// How `torch.save` began its files before they were zip files: a pickle of a number that tells the format.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// Whether a file begins like a pickle of the binary kinds.
pub fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

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
        if is_pickle(start) {
            return Err(ContentError::Pickled { is_torch: start.starts_with(LEGACY) });
        }
        // Between double quotes a single one needs no stroke.
        let shown = start.get(..start.len().min(9)).unwrap_or(start).escape_ascii().to_string().replace("\\'", "'");
        let found = if start.is_empty() { "the file is empty".to_owned() } else { format!("found \"{shown}\"") };
        Err(ContentError::UnknownFormat { found })
    }
}

/// Reads a file, the rest only where its start is that of a checkpoint.
pub fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let goes_on = |start: &[u8]| Format::of(start).is_ok();
    let file = File::open(path).map_err(CheckpointError::io(path, "open"))?;
    let bytes = read_if(file, Limit::CHECKPOINT, START, goes_on).map_err(CheckpointError::io(path, "read"))?;
    Format::of(&bytes).map_err(CheckpointError::content(path))?;
    Ok(bytes)
}
