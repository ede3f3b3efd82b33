//! Where a file lies, whatever way it is written.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A name that is the same for all ways to write a path, whether a file is there or not.
pub fn place(path: &Path) -> PathBuf {
    fs::canonicalize(path)
        .or_else(|_| fs::canonicalize(folder(path)).map(|folder| folder.join(path.file_name().unwrap_or_default())))
        .unwrap_or_else(|_| path.to_owned())
}

/// The folder that a file lies in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name of a file is on the disk only when its folder is.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What hidden files beside `path` are called, up to their ending: as short as a name must be, whatever `path` is called.
pub(super) fn hidden_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    format!(".atome-{:08x}", crc32fast::hash(name.as_encoded_bytes()))
}
