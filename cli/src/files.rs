//! Writing several files, all of them or none.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, Result};
use atome_train::checkpoint::atomic::{Existing, Pending};

use crate::UsageError;

/// A file to be written.
#[derive(Debug)]
pub struct Output {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Output {
    pub fn new(path: &Path, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: bytes.into() }
    }
}

/// Writes all of `outputs` under other names before any of them gets its own. `inputs` are files that must not be
/// replaced.
pub fn write_all(outputs: &[Output], inputs: &[&Path], force: bool) -> Result<()> {
    check_names(outputs.iter().map(|output| output.path.as_path()), inputs)?;
    let existing = if force { Existing::Replace } else { Existing::Keep };
    let mut pending = Vec::new();
    for output in outputs {
        let written = Pending::write(&output.path, &output.bytes, existing);
        pending.push((output, written.map_err(|error| named(output, error))?));
    }
    for (output, file) in pending {
        file.commit().map_err(|error| named(output, error))?;
    }
    Ok(())
}

fn named(output: &Output, error: Error) -> anyhow::Error {
    let path = output.path.display();
    if error.kind() == ErrorKind::AlreadyExists {
        return anyhow!("{path}: is there already; --force replaces it");
    }
    anyhow!(error).context(format!("{path}: write"))
}

/// Whether every output has a name of its own, and no input has it.
pub fn check_names<'p>(outputs: impl IntoIterator<Item = &'p Path>, inputs: &[&Path]) -> Result<()> {
    let mut taken: Vec<PathBuf> = inputs.iter().map(|input| place(input)).collect();
    for output in outputs {
        let place = place(output);
        if taken.contains(&place) {
            let message = format!("{}: named for two files, expected a name of its own", output.display());
            return Err(UsageError(message).into());
        }
        taken.push(place);
    }
    Ok(())
}

/// A name that is the same for all ways to write a path.
fn place(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::canonicalize(path)
        .or_else(|_| fs::canonicalize(folder).map(|folder| folder.join(path.file_name().unwrap_or_default())))
        .unwrap_or_else(|_| path.to_owned())
}
