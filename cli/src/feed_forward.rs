//! The feed-forward sublayers of a model, which lie beside its file: a part of a container.

use std::path::Path;

use anyhow::{Context, Result};
use atome_engine::format::Sublayers;
use atome_engine::{Packing, Shape};
use atome_train::bounded::{self, Limit};

/// Sublayers a layer of a part that was checked before.
pub fn sublayers_in(part: &[u8]) -> usize {
    part.first_chunk().map_or(0, |count| usize::from(u16::from_le_bytes(*count)))
}

/// The part in the file `path`, as `atome unpack` writes it, for a model of this shape whose weights lie so.
///
/// # Errors
/// Names the file, and what is wrong with it.
pub fn read(path: &Path, shape: &Shape, packing: Packing) -> Result<Vec<u8>> {
    let named = || format!("--feed-forward: {}", path.display());
    let part = bounded::read(path, Limit::MODEL).with_context(named)?;
    Sublayers::new(shape, packing, &part).with_context(named)?;
    Ok(part)
}
