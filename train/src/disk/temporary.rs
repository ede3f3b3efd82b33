//! Files without a name of their own yet, and those that a run which was killed left behind.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::lock::is_still_there;
use super::place::{folder, hidden_name};

const ENDING: &str = ".tmp";

/// Names to try before giving up.
const ATTEMPTS: usize = 100;

/// A new file beside `target`, to be given that name later, with these access rights from its first moment.
///
/// It is locked while it is open, which tells it from what a run that was killed left: that is removed here.
///
/// # Errors
/// Whatever the system says, without the name of the new file, which nobody has asked for.
pub(crate) fn claimed(target: &Path, rights: Option<&Permissions>) -> io::Result<NamedTempFile> {
    clean(target);
    let prefix = prefix(target);
    for _ in 0..ATTEMPTS {
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(ENDING);
        // Else the file keeps the access rights of a secret.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode(rights)));
        let file = builder.tempfile_in(folder(target)).map_err(unnamed)?;
        // Another run may take it for a stray before it is locked; a file system without locks cleans nothing up.
        if !matches!(file.as_file().try_lock(), Err(fs::TryLockError::WouldBlock))
            && is_still_there(file.as_file(), file.path())
        {
            if let Some(rights) = rights {
                file.as_file().set_permissions(rights.clone())?;
            }
            return Ok(file);
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "every new file beside it was taken away"))
}

/// A second name for the file at `target`, under which it can be had back: locked, as [`claimed`] ones are, so that no other run
/// takes it for what a killed one left.
pub(crate) fn link_to(target: &Path) -> io::Result<NamedTempFile> {
    let link = |path: &Path| {
        fs::hard_link(target, path)?;
        File::open(path)
    };
    let linked =
        Builder::new().prefix(&prefix(target)).suffix(ENDING).make_in(folder(target), link).map_err(unnamed)?;
    // A file system without locks cleans nothing up.
    let _ = linked.as_file().try_lock();
    Ok(linked)
}

fn prefix(target: &Path) -> String {
    hidden_name(target) + "-"
}

/// What takes the place of a file is for the same people, and never for more on the way.
#[cfg(unix)]
fn mode(rights: Option<&Permissions>) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    rights.map_or(0o666, |rights| rights.mode() & 0o777)
}

/// Removes what earlier runs for the same `target` left: nobody holds its lock any more.
fn clean(target: &Path) {
    let Ok(entries) = fs::read_dir(folder(target)) else { return };
    let prefix = prefix(target);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(ENDING));
        if is_ours && entry.file_type().is_ok_and(|found| found.is_file()) {
            let left = File::options().read(true).write(true).open(entry.path());
            if left.as_ref().is_ok_and(|file| file.try_lock().is_ok()) {
                // While it is locked. That it cannot be removed harms nobody.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// What is wrong, without the name of the new file.
fn unnamed(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_name_is_not_taken_for_what_a_killed_run_left() {
        let there = tempfile::tempdir().unwrap();
        let target = there.path().join("model");
        fs::write(&target, "old").unwrap();
        let kept = link_to(&target).unwrap();
        clean(&target);
        assert_eq!(fs::read_to_string(kept.path()).unwrap(), "old");
        let path = kept.path().to_owned();
        let (_, path_alone) = kept.keep().map(|(file, path)| (drop(file), path)).unwrap();
        assert_eq!(path, path_alone);
        clean(&target);
        assert!(!path.exists(), "nobody holds it");
    }

    #[test]
    fn a_file_is_made_with_the_rights_that_it_will_have() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("secret");
        assert_eq!((mode(Some(&Permissions::from_mode(0o600))), mode(None)), (0o600, 0o666));
        let claimed = claimed(&target, Some(&Permissions::from_mode(0o600))).unwrap();
        assert_eq!(claimed.as_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
