//! The bytes of model files and containers: read whole only where they begin as such.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use atome_engine::format::CLASSIFIER_MAGIC;
use atome_train::bounded::{read_if, Limit};

/// The file's bytes; only its start where `goes_on` does not like that.
pub fn read_bytes(path: &Path, goes_on: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
    let longest_header = (CLASSIFIER_MAGIC.len() + 4) as u64;
    let read = File::open(path).and_then(|file| read_if(file, Limit::MODEL, longest_header, goes_on));
    read.with_context(|| path.display().to_string())
}
