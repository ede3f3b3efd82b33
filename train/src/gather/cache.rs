//! What was loaded from the web before, and what was loaded in part.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::bounded::{self, Limit};
use crate::checkpoint::atomic::write_atomic;
use crate::hex::hex;

/// Where downloads are kept unless told otherwise: the user's cache folder.
pub fn default_cache() -> PathBuf {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("atome-corpus")
}

/// The files of one URL.
#[derive(Debug)]
pub struct Entry {
    whole: PathBuf,
    part: PathBuf,
    version: PathBuf,
    charset: PathBuf,
}

impl Entry {
    /// The entry of `url` in the folder `cache`, which is made where it is missing.
    pub fn new(cache: &Path, url: &str) -> io::Result<Self> {
        fs::create_dir_all(cache)?;
        let mut name = hex(&Sha256::digest(url));
        name.truncate(32);
        let file = |extension: &str| cache.join(format!("{name}.{extension}"));
        Ok(Self { whole: file("whole"), part: file("part"), version: file("version"), charset: file("charset") })
    }

    /// The bytes, if all of them are there.
    pub fn whole(&self) -> io::Result<Option<Vec<u8>>> {
        match bounded::read(&self.whole, Limit::TEXT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The charset that the server named for the whole.
    pub fn charset(&self) -> Option<String> {
        String::from_utf8(bounded::read(&self.charset, Limit::LINES).ok()?).ok()
    }

    /// Number of bytes that are there, and the version of the page that they belong to. Without a version, what is there cannot be
    /// continued.
    pub fn part(&self) -> Option<(u64, String)> {
        let len = fs::metadata(&self.part).ok()?.len();
        let version = String::from_utf8(bounded::read(&self.version, Limit::LINES).ok()?).ok()?;
        (len > 0 && !version.is_empty()).then_some((len, version))
    }

    /// A new part, of a version that the server can be asked to continue, if it has one.
    pub fn start(&self, version: Option<&str>) -> io::Result<File> {
        self.discard()?;
        let part = File::create(&self.part)?;
        if let Some(version) = version {
            write_atomic(&self.version, version.as_bytes())?;
        }
        Ok(part)
    }

    /// The part, to be continued at its end.
    pub fn resume(&self) -> io::Result<File> {
        OpenOptions::new().append(true).open(&self.part)
    }

    /// Forgets the part.
    pub fn discard(&self) -> io::Result<()> {
        // The version first: a part without one is never continued.
        remove(&self.version)?;
        remove(&self.part)
    }

    /// Makes the part the whole, of this charset.
    pub fn finish(&self, part: &File, charset: Option<&str>) -> io::Result<Vec<u8>> {
        part.sync_all()?;
        // Before the new bytes have their name: a charset is never that of other bytes.
        remove(&self.charset)?;
        fs::rename(&self.part, &self.whole)?;
        if let Some(charset) = charset {
            write_atomic(&self.charset, charset.as_bytes())?;
        }
        self.discard()?;
        bounded::read(&self.whole, Limit::TEXT)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn endless_files_in_the_cache_are_refused() {
        let cache = tempfile::tempdir().unwrap();
        let entry = Entry::new(cache.path(), "http://localhost/").unwrap();
        assert_eq!(entry.whole().unwrap(), None);
        fs::write(&entry.part, "some").unwrap();
        fs::write(&entry.version, "1").unwrap();
        assert_eq!(entry.part(), Some((4, "1".to_owned())));
        fs::remove_file(&entry.version).unwrap();
        for file in [&entry.whole, &entry.version] {
            std::os::unix::fs::symlink("/dev/zero", file).unwrap();
        }
        assert_eq!(entry.part(), None);
        assert_eq!(entry.whole().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
