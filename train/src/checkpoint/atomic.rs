//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Whether a file of the same name may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The file is replaced.
    Replace,
    /// It stays, and the write fails with [`io::ErrorKind::AlreadyExists`].
    Keep,
}

/// A file that is written but does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    target: PathBuf,
    existing: Existing,
}

impl Pending {
    /// Writes `bytes` to a new file beside `path` and waits until they are on the disk.
    ///
    /// # Errors
    /// Whatever the system says, such as a full disk or a folder that cannot be written to; and a `path` that is there
    /// and is no regular file, or is there and must stay. Nothing is left behind then.
    pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<Self> {
        let target = target(path, existing)?;
        let mut builder = Builder::new();
        builder.prefix(".atome-").suffix(".tmp");
        // Else the file keeps the access rights of a secret.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder(&target)).map_err(unnamed)?;
        // What takes the place of a file is for the same people.
        if let Ok(found) = fs::metadata(&target) {
            file.as_file().set_permissions(found.permissions())?;
        }
        // Straight to the file: the errors of the wrapper name it, and it has no name that the user gave.
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(Self { file, target, existing })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// Whatever the system says; an older file of that name is then still there.
    pub fn commit(self) -> io::Result<()> {
        match self.existing {
            Existing::Replace => self.file.persist(&self.target),
            Existing::Keep => self.file.persist_noclobber(&self.target),
        }
        .map_err(|refused| refused.error)?;
        sync_folder(folder(&self.target))
    }
}

/// Replaces or creates `path` with `bytes`: whatever happens, the name leads to all of the old bytes or all of the new.
///
/// # Errors
/// As [`Pending::write`] and [`Pending::commit`].
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Pending::write(path, bytes, Existing::Replace)?.commit()
}

/// Where the file will lie: behind a link, if `path` is one.
fn target(path: &Path, existing: Existing) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            // A rename would put a file in the place of a device.
            Err(io::Error::new(io::ErrorKind::InvalidInput, "is there and is no regular file"))
        }
        Ok(_) if existing == Existing::Keep => Err(io::Error::new(io::ErrorKind::AlreadyExists, "is there already")),
        Ok(_) => path.canonicalize(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

/// What is wrong, without the name of the new file, which nobody has asked for.
fn unnamed(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name itself is on the disk only when the folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_name_changes_hands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_atomic(&path, b"old").unwrap();
        let pending = Pending::write(&path, b"new", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        pending.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        drop(Pending::write(&path, b"dropped", Existing::Replace).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file was left behind");
    }

    #[test]
    fn a_file_that_must_stay_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let pending = Pending::write(&path, b"late", Existing::Keep).unwrap();
        fs::write(&path, b"first").unwrap();
        assert_eq!(pending.commit().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let refused = Pending::write(&path, b"later", Existing::Keep).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folders_and_missing_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_atomic(folder.path(), b"x").is_err());
        let refused = write_atomic(&folder.path().join("no/such/folder"), b"x").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
        // The caller knows the name of the file; that of the new one beside it says nothing to a reader.
        assert!(!refused.to_string().contains(".atome-"), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_left_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomic(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_ne!(mode() & 0o044, 0, "others cannot read it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write_atomic(&path, b"newer").unwrap();
        assert_eq!(mode(), 0o600);
        assert!(write_atomic(Path::new("/dev/null"), b"x").unwrap_err().to_string().contains("no regular file"));
    }
}
