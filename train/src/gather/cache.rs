//! What was loaded from the web before, and what was loaded in part.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bounded::{self, Limit};
use crate::checkpoint::atomic::write_atomic;
use crate::disk::{Lock, Patience};
use crate::hex::hex;

/// Where downloads are kept unless told otherwise: the user's cache folder, which nobody else can write to. It is made here.
///
/// # Errors
/// There is none, or somebody else's folder is in its place.
pub fn default_cache() -> Result<PathBuf, String> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    let cache = home.ok_or("neither XDG_CACHE_HOME nor HOME names a folder for downloads: --cache does")?;
    let cache = cache.join("atome-corpus");
    make(&cache)
        .and_then(|()| check_owner(&cache))
        .map_err(|error| format!("cache folder {}: {error}: --cache names another one", cache.display()))?;
    Ok(cache)
}

/// Makes the folder where it is missing, for its owner alone.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whoever could write to the folder could decide what is trained on.
#[cfg(unix)]
fn check_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let refused = |what| Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    let found = fs::metadata(folder)?;
    // What this program makes is its user's.
    let own = tempfile::tempfile_in(folder)?.metadata()?;
    if found.uid() != own.uid() {
        return refused("it is somebody else's");
    }
    if found.mode() & 0o022 != 0 {
        return refused("others can write to it, expected mode 0700");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

/// What belongs to the bytes of an entry; others were cut off, or came from another run.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    bytes: u64,
    sha256: String,
    /// The charset that the server named.
    charset: Option<String>,
}

/// The files of one URL, for one run at a time.
#[derive(Debug)]
pub struct Entry {
    whole: PathBuf,
    about: PathBuf,
    part: PathBuf,
    version: PathBuf,
    _lock: Lock,
}

impl Entry {
    /// The entry of `url` in the folder `cache`, which is made where it is missing. Waits while another run loads it, and
    /// says so to `waits` before.
    pub fn new(cache: &Path, url: &str, waits: impl FnOnce()) -> io::Result<Self> {
        make(cache)?;
        let mut name = hex(&Sha256::digest(url));
        name.truncate(32);
        let file = |extension: &str| cache.join(format!("{name}.{extension}"));
        let lock = match Lock::take(&file("lock"), Patience::Refuse) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                waits();
                Lock::take(&file("lock"), Patience::Wait)?
            }
            taken => taken?,
        };
        Ok(Self {
            whole: file("whole"),
            about: file("about"),
            part: file("part"),
            version: file("version"),
            _lock: lock,
        })
    }

    /// The bytes and their charset, if all of them are there, as they were loaded.
    pub fn whole(&self) -> io::Result<Option<(Vec<u8>, Option<String>)>> {
        let Some(about) = self.about() else { return Ok(None) };
        match bounded::read(&self.whole, Limit::TEXT) {
            Ok(bytes) if bytes.len() as u64 == about.bytes && hex(&Sha256::digest(&bytes)) == about.sha256 => {
                Ok(Some((bytes, about.charset)))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn about(&self) -> Option<About> {
        serde_json::from_slice(&bounded::read(&self.about, Limit::LINES).ok()?).ok()
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
        let part = OpenOptions::new().write(true).create_new(true).open(&self.part)?;
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

    /// Makes the part the whole, of this charset, and returns its bytes.
    pub fn finish(&self, part: &File, charset: Option<&str>) -> io::Result<Vec<u8>> {
        part.sync_all()?;
        let bytes = bounded::read(&self.part, Limit::TEXT)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let about = About { bytes: bytes.len() as u64, sha256, charset: charset.map(str::to_owned) };
        // What is said about the bytes stands for no others, whenever the power goes.
        remove(&self.about)?;
        fs::rename(&self.part, &self.whole)?;
        write_atomic(&self.about, &serde_json::to_vec(&about)?)?;
        self.discard()?;
        Ok(bytes)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(cache: &Path, bytes: &[u8]) -> Entry {
        let entry = Entry::new(cache, "http://localhost/", || ()).unwrap();
        let mut part = entry.start(None).unwrap();
        io::Write::write_all(&mut part, bytes).unwrap();
        assert_eq!(entry.finish(&part, Some("koi8-r")).unwrap(), bytes);
        entry
    }

    #[test]
    fn what_is_not_as_it_was_loaded_is_not_there() {
        let cache = tempfile::tempdir().unwrap();
        let entry = filled(cache.path(), b"a text");
        assert_eq!(entry.whole().unwrap(), Some((b"a text".to_vec(), Some("koi8-r".to_owned()))));
        for other in [&b"a tex"[..], b"a test", b"a text and more", b""] {
            fs::write(&entry.whole, other).unwrap();
            assert_eq!(entry.whole().unwrap(), None);
        }
        fs::write(&entry.whole, "a text").unwrap();
        assert!(entry.whole().unwrap().is_some());
        fs::write(&entry.about, "{").unwrap();
        assert_eq!(entry.whole().unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        make(&cache).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&cache), 0o700);
        check_owner(&cache).unwrap();
        for open in [0o777, 0o770, 0o702] {
            fs::set_permissions(&cache, fs::Permissions::from_mode(open)).unwrap();
            assert_eq!(check_owner(&cache).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn endless_files_in_the_cache_are_refused() {
        let cache = tempfile::tempdir().unwrap();
        let entry = filled(cache.path(), b"a text");
        fs::write(&entry.part, "some").unwrap();
        fs::write(&entry.version, "1").unwrap();
        assert_eq!(entry.part(), Some((4, "1".to_owned())));
        for file in [&entry.whole, &entry.version] {
            fs::remove_file(file).unwrap();
            std::os::unix::fs::symlink("/dev/zero", file).unwrap();
        }
        assert_eq!(entry.part(), None);
        assert_eq!(entry.whole().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
