//! Zip files whose entries are stored as they are, which is how `torch.save` writes them.

use std::collections::BTreeMap;

/// What is wrong with a zip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveError {
    /// Bytes from the start of the file.
    pub offset: usize,
    /// What was found there and what was expected.
    pub what: String,
}

impl std::fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "offset {}: {}", self.offset, self.what)
    }
}

impl std::error::Error for ArchiveError {}

fn error<T>(offset: usize, what: impl Into<String>) -> Result<T, ArchiveError> {
    Err(ArchiveError { offset, what: what.into() })
}

const END: &[u8] = b"PK\x05\x06";
const END_LEN: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const LOCATOR64_LEN: usize = 20;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LEN: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Stands for an entry that is encrypted, in whatever way.
const ENCRYPTED: u64 = 99;

/// Set in a 32-bit field whose value stands in the 64-bit extension.
const ELSEWHERE: u64 = 0xffff_ffff;

/// The entries of a zip file by name.
#[derive(Debug)]
pub struct Archive<'a> {
    entries: BTreeMap<&'a str, Entry<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    offset: usize,
    bytes: &'a [u8],
    crc: u32,
    /// How it is compressed or encrypted: 0 for a stored one.
    method: u64,
}

impl<'a> Archive<'a> {
    /// Finds all entries of `file`. Nothing is copied.
    pub fn new(file: &'a [u8]) -> Result<Self, ArchiveError> {
        let directory = Directory::find(file)?;
        let mut entries = BTreeMap::new();
        let (mut at, mut stored) = (directory.offset, 0_usize);
        for _ in 0..directory.entries {
            let (name, entry, next) = entry(file, at)?;
            // Else a small file could have the same bytes looked at under many names.
            stored = stored.saturating_add(entry.bytes.len());
            if stored > file.len() {
                return error(at, format!("{name}: the entries share their bytes, expected each to have its own"));
            }
            if entries.insert(name, entry).is_some() {
                return error(at, format!("a second entry named {name:?}"));
            }
            at = next;
        }
        if at != directory.end {
            let what =
                format!("the list of {} zip entries ends here, expected offset {}", entries.len(), directory.end);
            return error(at, what);
        }
        Ok(Self { entries })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        self.entries.keys().copied()
    }

    /// The bytes of an entry, with their checksum compared; `None` where there is none of this name. Only an entry that is
    /// asked for must be stored: scripted models have compressed ones beside their values.
    pub fn get(&self, name: &str) -> Option<Result<&'a [u8], ArchiveError>> {
        let entry = self.entries.get(name)?;
        if entry.method != 0 {
            let what = format!("{name}: compressed or encrypted (method {}), expected a stored entry", entry.method);
            return Some(error(entry.offset, what));
        }
        let found = crc32fast::hash(entry.bytes);
        Some(if found == entry.crc {
            Ok(entry.bytes)
        } else {
            error(entry.offset, format!("{name}: checksum {found:08x}, expected {:08x}: damaged", entry.crc))
        })
    }
}

/// Where the list of entries is.
struct Directory {
    offset: usize,
    /// The record behind it.
    end: usize,
    entries: u64,
}

impl Directory {
    fn find(file: &[u8]) -> Result<Self, ArchiveError> {
        // The last record ends the file, but for a comment of at most 65,535 bytes whose length it gives.
        let Some(last) = file.len().checked_sub(END_LEN) else {
            return error(0, format!("a zip file of {} bytes, expected at least {END_LEN}", file.len()));
        };
        let first = last.saturating_sub(usize::from(u16::MAX));
        let is_end =
            |&at: &usize| has(file, at, END) && number(file, at + 20, 2) == Some((file.len() - at - END_LEN) as u64);
        let Some(end) = (first..=last).rev().find(is_end) else {
            return error(file.len(), "no end record of a zip file: the file is cut or damaged");
        };
        let (entries, offset) = (field(file, end + 10, 2)?, field(file, end + 16, 4)?);
        if let Some(locator) = end.checked_sub(LOCATOR64_LEN).filter(|&at| has(file, at, LOCATOR64)) {
            let end64 = position(field(file, locator + 8, 8)?, locator)?;
            if !has(file, end64, END64) {
                return error(end64, "expected a zip64 end record");
            }
            let (entries, offset) = (field(file, end64 + 32, 8)?, field(file, end64 + 48, 8)?);
            return Ok(Self { offset: position(offset, end64)?, end: end64, entries });
        }
        Ok(Self { offset: position(offset, end)?, end, entries })
    }
}

/// The entry described at `at`, and where the next description is.
fn entry(file: &[u8], at: usize) -> Result<(&str, Entry<'_>, usize), ArchiveError> {
    if !has(file, at, ENTRY) {
        return error(at, "expected the description of a zip entry");
    }
    let (flags, method) = (field(file, at + 8, 2)?, field(file, at + 10, 2)?);
    let crc = field(file, at + 16, 4)? as u32;
    let (mut stored, mut len) = (field(file, at + 20, 4)?, field(file, at + 24, 4)?);
    let name_len = field(file, at + 28, 2)? as usize;
    let (extra_len, comment_len) = (field(file, at + 30, 2)? as usize, field(file, at + 32, 2)? as usize);
    let mut local = field(file, at + 42, 4)?;
    let name = slice(file, at + ENTRY_LEN, name_len)?;
    let Ok(name) = std::str::from_utf8(name) else {
        return error(at + ENTRY_LEN, "the name of a zip entry is not UTF-8");
    };
    let extra = slice(file, at + ENTRY_LEN + name_len, extra_len)?;
    // In this order, and only those that did not fit.
    let mut wide = zip64_fields(extra);
    for value in [&mut len, &mut stored, &mut local] {
        if *value == ELSEWHERE {
            *value = match wide.next() {
                Some(value) => value,
                None => return error(at, format!("{name}: a 64-bit size is missing")),
            };
        }
    }
    // What is encrypted or of two lengths is not stored, whatever it says.
    let method = if flags & 1 != 0 || method == 0 && stored != len { ENCRYPTED } else { method };
    let local = position(local, at)?;
    if !has(file, local, LOCAL) {
        return error(local, format!("{name}: expected the header of a zip entry"));
    }
    let offset = local + LOCAL_LEN + (field(file, local + 26, 2)? + field(file, local + 28, 2)?) as usize;
    let bytes = slice(file, offset, position(stored, at)?)?;
    Ok((name, Entry { offset, bytes, crc, method }, at + ENTRY_LEN + name_len + extra_len + comment_len))
}

/// The 64-bit numbers of the extension with id 1.
fn zip64_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> + use<'_> {
    let mut found: &[u8] = &[];
    while let (Some(id), Some(len)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let Some(content) = extra.get(4..4 + len as usize) else { break };
        if id == 1 {
            found = content;
            break;
        }
        extra = extra.get(4 + len as usize..).unwrap_or(&[]);
    }
    found.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

fn has(file: &[u8], at: usize, signature: &[u8]) -> bool {
    file.get(at..).is_some_and(|rest| rest.starts_with(signature))
}

/// A little-endian number of up to 8 bytes.
fn number(file: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = file.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn field(file: &[u8], at: usize, len: usize) -> Result<u64, ArchiveError> {
    match number(file, at, len) {
        Some(value) => Ok(value),
        None => error(at, "the file ends inside a zip record"),
    }
}

fn slice(file: &[u8], at: usize, len: usize) -> Result<&[u8], ArchiveError> {
    match at.checked_add(len).and_then(|end| file.get(at..end)) {
        Some(bytes) => Ok(bytes),
        None => error(at, format!("{len} bytes of a zip entry, but the file ends at offset {}", file.len())),
    }
}

/// A position or length from the file. Those beyond half the address space lie outside any file, and would overflow
/// sums.
fn position(value: u64, at: usize) -> Result<usize, ArchiveError> {
    match usize::try_from(value) {
        Ok(value) if value <= usize::MAX / 2 => Ok(value),
        _ => error(at, format!("a zip record leads to offset {value}, outside the file")),
    }
}
