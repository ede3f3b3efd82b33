//! Containers that are there.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::container::Container;

use crate::foreign_bytes::read_bytes;
use crate::label::is_container;

/// A container's bytes, for commands that want nothing else.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = read_bytes(path, is_container)?;
    if !is_container(&bytes) {
        bail!("{}: expected a container (magic ATOMEBOX); `atome pack` makes one of a model file", path.display());
    }
    Container::open_whole(&bytes).with_context(|| path.display().to_string())?;
    Ok(bytes)
}
