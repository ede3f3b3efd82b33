//! Locks that end with their process, however it ends.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::place::{folder, hidden_name, place};

/// What to do while somebody else has the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// The attempt fails.
    Refuse,
    /// It waits.
    Wait,
}

/// Times to try for a lock whose file is taken away meanwhile.
const ATTEMPTS: usize = 1000;

/// A lock, held until it is dropped.
///
/// Where a file system has no locks, nothing is held and nobody is refused.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Closed last: the file is gone by then.
    _file: File,
}

impl Lock {
    /// The lock of those who write `output`, a file or a folder that need not be there: a hidden file beside it, which is
    /// gone when the lock is.
    ///
    /// # Errors
    /// [`ErrorKind::ResourceBusy`] where another run writes it, and what the system says where the lock's file cannot be
    /// made.
    pub fn of_output(output: &Path) -> io::Result<Self> {
        let output = place(output);
        Self::take(&folder(&output).join(hidden_name(&output) + ".lock"), Patience::Refuse)
    }

    /// The lock of those who write into `folder`, which is there: a hidden file in it, since the folder around it may belong to
    /// others.
    ///
    /// # Errors
    /// As [`Self::of_output`].
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        Self::take(&folder.join(".atome.lock"), Patience::Refuse)
    }

    /// The lock that the file `path` stands for; it is made where it is missing.
    ///
    /// # Errors
    /// As [`Self::of_output`].
    pub fn take(path: &Path, patience: Patience) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                // Nobody has asked for this file: only its name tells whose it is.
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            let taken = match patience {
                Patience::Refuse => file.try_lock(),
                Patience::Wait => file.lock().map_err(TryLockError::Error),
            };
            if matches!(taken, Err(TryLockError::WouldBlock)) {
                return Err(io::Error::new(ErrorKind::ResourceBusy, "another run writes it: expected its end"));
            }
            // Whoever had it may have removed the file meanwhile: a lock on that one keeps nobody out.
            if taken.is_err() || is_still_there(&file, path) {
                return Ok(Self { path: path.to_owned(), _file: file });
            }
        }
        Err(io::Error::new(ErrorKind::ResourceBusy, format!("{}: is taken away again and again", path.display())))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While the lock is held, so that nobody's else is removed.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the open `file` is the one that has the name `path`.
pub(super) fn is_still_there(file: &File, path: &Path) -> bool {
    let same = file.try_clone().and_then(same_file::Handle::from_file);
    matches!((same, same_file::Handle::from_path(path)), (Ok(ours), Ok(named)) if ours == named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_had_once_and_leaves_nothing() {
        let there = tempfile::tempdir().unwrap();
        let output = there.path().join("model");
        let lock = Lock::of_output(&output).unwrap();
        assert_eq!(Lock::of_output(&output).unwrap_err().kind(), ErrorKind::ResourceBusy);
        assert_eq!(Lock::of_output(&there.path().join(".").join("model")).unwrap_err().kind(), ErrorKind::ResourceBusy);
        let other = Lock::of_output(&there.path().join("other")).unwrap();
        drop((lock, other));
        assert_eq!(fs::read_dir(there.path()).unwrap().count(), 0);
        Lock::of_output(&output).unwrap();
    }

    #[test]
    fn a_folders_lock_lies_in_it() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("results");
        fs::create_dir(&folder).unwrap();
        let lock = Lock::of_folder(&folder).unwrap();
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1, "the folder around it may belong to others");
        assert_eq!(Lock::of_folder(&folder).unwrap_err().kind(), ErrorKind::ResourceBusy);
        drop(lock);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let missing = Lock::of_folder(&folder.join("gone")).unwrap_err().to_string();
        assert!(missing.contains(".atome.lock"), "{missing}");
    }

    #[test]
    fn one_at_a_time_has_the_lock_although_its_file_comes_and_goes() {
        let there = tempfile::tempdir().unwrap();
        let (path, count) = (there.path().join("lock"), there.path().join("count"));
        fs::write(&count, "0").unwrap();
        let add = || {
            for _ in 0..50 {
                let _lock = Lock::take(&path, Patience::Wait).unwrap();
                let found: u32 = fs::read_to_string(&count).unwrap().parse().unwrap();
                fs::write(&count, (found + 1).to_string()).unwrap();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(add);
            }
        });
        assert_eq!(fs::read_to_string(&count).unwrap(), "200");
    }
}
