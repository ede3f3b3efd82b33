//! Files that appear whole or not at all, one or several.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::disk::{claimed, folder, link_to, sync_folder};

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
    /// As [`Self::fill`].
    pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<Self> {
        Self::fill(path, existing, |file| file.write_all(bytes))
    }

    /// Lets `fill` write a new file beside `path`, and waits until its bytes are on the disk.
    ///
    /// # Errors
    /// Whatever `fill` or the system says, such as a full disk or a folder that cannot be written to; and a `path` that is
    /// there and is no regular file, is a link that leads nowhere, or is there and must stay. Nothing is left behind then.
    pub fn fill<E: From<io::Error>>(
        path: &Path,
        existing: Existing,
        fill: impl FnOnce(&mut fs::File) -> Result<(), E>,
    ) -> Result<Self, E> {
        let target = target(path, existing)?;
        // What takes the place of a file is for the same people.
        let rights = fs::metadata(&target).ok().map(|found| found.permissions());
        Self::filled(target, existing, rights.as_ref(), fill)
    }

    /// As [`Self::write`] for a file that must not be there yet, with these access rights from its first moment.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn create(path: &Path, bytes: &[u8], rights: Option<&fs::Permissions>) -> io::Result<Self> {
        let target = target(path, Existing::Keep)?;
        Self::filled(target, Existing::Keep, rights, |file| file.write_all(bytes))
    }

    fn filled<E: From<io::Error>>(
        target: PathBuf,
        existing: Existing,
        rights: Option<&fs::Permissions>,
        fill: impl FnOnce(&mut fs::File) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut file = claimed(&target, rights)?;
        // Straight to the file: the errors of the wrapper name it, and it has no name that the user gave.
        fill(file.as_file_mut())?;
        file.as_file().sync_all()?;
        Ok(Self { file, target, existing })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// Whatever the system says; an older file of that name is then still there.
    pub fn commit(self) -> io::Result<()> {
        let target = self.target.clone();
        self.give_name()?;
        sync_folder(folder(&target))
    }

    fn give_name(self) -> io::Result<()> {
        match self.existing {
            Existing::Replace => self.file.persist(&self.target),
            Existing::Keep => self.file.persist_noclobber(&self.target),
        }
        .map_err(|refused| refused.error)?;
        Ok(())
    }
}

/// Gives all files their names, or none: where one is refused, those before it are taken back.
///
/// # Errors
/// The place of the file that was refused, and what the system says.
pub fn commit_all(files: Vec<Pending>) -> Result<(), (usize, io::Error)> {
    let mut named = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let before = Before::of(&file.target);
        let folder = folder(&file.target).to_owned();
        if let Err(error) = file.give_name() {
            let take_back = |error, (_, before): (PathBuf, Before)| match before.back() {
                Ok(()) => error,
                Err(lost) => told_too(&error, &lost),
            };
            return Err((index, named.into_iter().rev().fold(error, take_back)));
        }
        named.push((folder, before));
    }
    for (index, (folder, _)) in named.iter().enumerate() {
        sync_folder(folder).map_err(|error| (index, error))?;
    }
    Ok(())
}

/// What had a name before a new file got it.
struct Before {
    target: PathBuf,
    /// Its other name; where the file system has no second names, what is replaced cannot be had back.
    kept: Option<NamedTempFile>,
    was_there: bool,
}

impl Before {
    fn of(target: &Path) -> Self {
        let was_there = fs::symlink_metadata(target).is_ok();
        Self { target: target.to_owned(), kept: if was_there { link_to(target).ok() } else { None }, was_there }
    }

    fn back(self) -> io::Result<()> {
        let Self { target, kept, was_there } = self;
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", target.display()));
        match kept {
            Some(kept) => kept.persist(&target).map(drop).map_err(|refused| named(refused.error)),
            None if !was_there => fs::remove_file(&target).map_err(named),
            None => Err(named(io::Error::other("was replaced"))),
        }
    }
}

/// What went wrong, and what could not be taken back after it.
fn told_too(error: &io::Error, lost: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{error}; and what was written before it could not be taken back: {lost}"))
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
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    match fs::metadata(path) {
        // A rename would put a file in the place of a device.
        Ok(found) if !found.is_file() => refused("is there and is no regular file"),
        Ok(_) if existing == Existing::Keep => Err(io::Error::new(io::ErrorKind::AlreadyExists, "is there already")),
        Ok(_) => path.canonicalize(),
        // A rename would replace the link, and somebody waits for a file where it leads.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
            refused("is a link that leads nowhere: expected a link to a file, or none")
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
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

    #[test]
    fn several_files_get_their_names_or_none_does() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, taken] = ["old", "new", "taken"].map(|name| folder.path().join(name));
        fs::write(&old, "before").unwrap();
        let pending = vec![
            Pending::write(&old, b"after", Existing::Replace).unwrap(),
            Pending::write(&new, b"after", Existing::Keep).unwrap(),
            Pending::write(&taken, b"after", Existing::Keep).unwrap(),
        ];
        fs::write(&taken, "meanwhile").unwrap();
        let (index, error) = commit_all(pending).unwrap_err();
        assert_eq!((index, error.kind()), (2, io::ErrorKind::AlreadyExists));
        assert_eq!((fs::read(&old).unwrap(), fs::read(&taken).unwrap()), (b"before".to_vec(), b"meanwhile".to_vec()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something new is there");
        commit_all(vec![Pending::write(&old, b"after", Existing::Replace).unwrap()]).unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        let left = |path: &Path| {
            // As a kill leaves it: the file is there, and nobody has it open.
            let pending = Pending::write(path, b"half", Existing::Replace).unwrap();
            pending.file.keep().unwrap().1
        };
        let (stray, of_other) = (left(&path), left(&other));
        let at_work = Pending::write(&path, b"at work", Existing::Replace).unwrap();
        assert!(!stray.exists() && of_other.exists());
        write_atomic(&path, b"done").unwrap();
        at_work.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"at work");
        write_atomic(&other, b"done").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            let refused = Pending::write(&link, b"x", existing).unwrap_err().to_string();
            assert!(refused.contains("leads nowhere"), "{refused}");
        }
        assert!(link.is_symlink() && !link.exists());
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
