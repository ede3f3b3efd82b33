//! Whole files in memory, none of them without end: everything that a user names is read through this module.
//!
//! Pipes are read like files. A file that is too long is refused before a byte of it is in memory, a pipe at its limit.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// How long a kind of file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    bytes: u64,
    what: &'static str,
}

/// The longest text or checkpoint, in bytes: on 32-bit systems what memory can hold beside everything else.
const MAX_BYTES: u64 = if cfg!(target_pointer_width = "64") { 4 << 30 } else { 1 << 30 };

impl Limit {
    /// A text to learn from or to judge on. The largest one that a model of this size was trained on has 1.9 GB, and a text is
    /// held in memory.
    pub const TEXT: Self = Self { bytes: MAX_BYTES, what: "a text" };
    /// A checkpoint; those of a million parameters with the state of their training have 12 MB.
    pub const CHECKPOINT: Self = Self { bytes: MAX_BYTES, what: "a checkpoint" };
    /// A model file or container.
    pub const MODEL: Self = Self { bytes: 1 << 30, what: "a model for a microcontroller" };
    /// A training's log: over a million lines.
    pub const LOG: Self = Self { bytes: 256 << 20, what: "a training's log" };
    /// A model's shape in JSON, which has a few hundred bytes.
    pub const SIDECAR: Self = Self { bytes: 1 << 20, what: "a sidecar" };
    /// A file with a key or another line or two.
    pub const LINES: Self = Self { bytes: 1 << 16, what: "a file of a few lines" };
    /// A device, which has no end that could be known: /dev/zero never ends, and nobody types as much.
    const DEVICE: Self = Self { bytes: 16 << 20, what: "a device" };

    /// The limit for this very file.
    fn of(self, about: &Metadata) -> io::Result<Self> {
        if about.is_file() && about.len() > self.bytes {
            return Err(self.exceeded());
        }
        Ok(if is_device(about) && self.bytes > Self::DEVICE.bytes { Self::DEVICE } else { self })
    }

    fn exceeded(self) -> io::Error {
        let (size, unit) = match self.bytes {
            bytes if bytes >= 1 << 30 => (bytes >> 30, "GiB"),
            bytes if bytes >= 1 << 20 => (bytes >> 20, "MiB"),
            bytes => (bytes >> 10, "KiB"),
        };
        io::Error::new(ErrorKind::FileTooLarge, format!("longer than {size} {unit}, the limit of {}", self.what))
    }
}

/// Reads a file, a pipe or a device to its end.
///
/// # Errors
/// The system's, or [`ErrorKind::FileTooLarge`] with the limit; neither names the file.
pub fn read(path: &Path, limit: Limit) -> io::Result<Vec<u8>> {
    read_if(File::open(path)?, limit, 0, |_| true)
}

/// Reads `start` bytes of a file that was opened, or all where there are fewer, and the rest only if `goes_on` likes them:
/// what is no file of the expected kind is not read to its end.
///
/// # Errors
/// Those of [`read`].
pub fn read_if(mut file: File, limit: Limit, start: u64, goes_on: impl FnOnce(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.by_ref().take(start).read_to_end(&mut bytes)?;
    if !goes_on(&bytes) {
        return Ok(bytes);
    }
    let limit = limit.of(&file.metadata()?)?;
    // One byte more than is allowed tells too long from just as long.
    file.take(limit.bytes.saturating_sub(bytes.len() as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit.bytes {
        return Err(limit.exceeded());
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_device(about: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    about.file_type().is_char_device() || about.file_type().is_block_device()
}

#[cfg(not(unix))]
const fn is_device(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: Limit = Limit { bytes: 4, what: "a test" };

    fn message(read: io::Result<Vec<u8>>) -> String {
        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        error.to_string()
    }

    #[test]
    fn a_file_may_be_as_long_as_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for len in 0..=5 {
            std::fs::write(&path, vec![b'x'; len]).unwrap();
            for start in 0..=5 {
                let found =
                    read_if(File::open(&path).unwrap(), FOUR, start, |bytes| bytes.len() == len.min(start as usize));
                match len {
                    5 => assert!(message(found).contains("a test")),
                    _ => assert_eq!(found.unwrap().len(), len),
                }
            }
        }
        assert_eq!(read_if(File::open(&path).unwrap(), FOUR, 2, |_| false).unwrap(), b"xx");
        // A hole of a size that would not fit in memory.
        File::create(&path).unwrap().set_len(1 << 43).unwrap();
        assert_eq!(message(read(&path, Limit::SIDECAR)), "longer than 1 MiB, the limit of a sidecar");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_never_ends_is_refused() {
        let zero = Path::new("/dev/zero");
        assert_eq!(message(read(zero, Limit::TEXT)), "longer than 16 MiB, the limit of a device");
        assert_eq!(message(read(zero, Limit::LINES)), "longer than 64 KiB, the limit of a file of a few lines");
        assert_eq!(read(Path::new("/dev/null"), Limit::TEXT).unwrap(), b"");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pipes_are_read_up_to_the_limit_of_a_file() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        for (len, most) in [(3, 4), (4, 4), (5, 4)] {
            let (reader, mut writer) = io::pipe().unwrap();
            writer.write_all(&vec![b'x'; len]).unwrap();
            drop(writer);
            let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
            let found = read(Path::new(&path), FOUR);
            assert_eq!(found.is_ok_and(|bytes| bytes.len() == len), len <= most, "{len}");
        }
    }
}
