//! Parts: what a model has beside its weights, such as a vocabulary, in a table behind the notes.

use byteorder::{ByteOrder, LittleEndian};

use super::error::{ContainerError, PartFault};

/// The most parts of a container.
pub const MOST_PARTS: usize = 16;

/// Bytes that a part begins at a multiple of, and its table.
pub const PART_ALIGNMENT: usize = 4;

/// Bytes of the table in front of its entries, and of an entry.
const HEAD_LEN: usize = 4;
const ENTRY_LEN: usize = 12;

/// The bit of a kind that lets readers pass over a part that they do not know.
const OPTIONAL: u16 = 1 << 15;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKind(u16);

impl PartKind {
    /// What each token stands for: `docs/tokens.md`.
    pub const VOCABULARY: Self = Self(1);
    /// What may be answered.
    pub const GRAMMAR: Self = Self(2);

    /// The kind of this number in files.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number in files.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether a reader that does not know it may do without. Of the kinds of this library none is so: without its
    /// vocabulary a model's tokens mean nothing, and without its grammar an answer is not what it promises to be.
    pub const fn is_optional(self) -> bool {
        self.0 & OPTIONAL != 0
    }

    /// Whether this library knows it.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::VOCABULARY | Self::GRAMMAR)
    }
}

/// Goes through the parts in the order of their kinds.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    file: &'a [u8],
    entries: &'a [u8],
}

impl<'a> Parts<'a> {
    /// None.
    pub(super) const NONE: Self = Self { file: &[], entries: &[] };

    /// Those of a `file` whose notes end at `notes_end` and whose payload begins at `payload`.
    pub(super) fn open(file: &'a [u8], notes_end: usize, payload: usize) -> Result<Self, ContainerError> {
        let start = aligned(notes_end).unwrap_or(usize::MAX);
        let Some((end, entries)) = table(file, start).filter(|(end, _)| *end <= payload) else {
            return Err(ContainerError::Part { offset: start, fault: PartFault::Table });
        };
        check(entries, end, payload)?;
        Ok(Self { file, entries })
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (PartKind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (entry, rest) = self.entries.split_first_chunk::<ENTRY_LEN>()?;
        self.entries = rest;
        let Entry { kind, offset, len, .. } = Entry::read(entry);
        Some((kind, self.file.get(offset..)?.get(..len)?))
    }
}

/// A line of the table.
struct Entry {
    kind: PartKind,
    reserved: u16,
    offset: usize,
    len: usize,
}

impl Entry {
    fn read(bytes: &[u8; ENTRY_LEN]) -> Self {
        let [a, b, c, d, offset @ .., _, _, _, _] = bytes;
        let [_, _, _, _, _, _, _, _, len @ ..] = bytes;
        Self {
            kind: PartKind(u16::from_le_bytes([*a, *b])),
            reserved: u16::from_le_bytes([*c, *d]),
            offset: LittleEndian::read_u32(offset) as usize,
            len: LittleEndian::read_u32(len) as usize,
        }
    }
}

/// Where the table at `start` ends, and its entries.
fn table(file: &[u8], start: usize) -> Option<(usize, &[u8])> {
    let (head, rest) = file.get(start..)?.split_first_chunk::<HEAD_LEN>()?;
    let [count, 0, 0, 0] = head else { return None };
    let count = usize::from(*count);
    let entries = rest.get(..count * ENTRY_LEN).filter(|_| (1..=MOST_PARTS).contains(&count))?;
    Some((start + HEAD_LEN + entries.len(), entries))
}

/// Every part lies behind the one before it, the first behind the table that ends at `end`, the last in front of `payload`.
fn check(entries: &[u8], mut end: usize, payload: usize) -> Result<(), ContainerError> {
    let first = end - entries.len();
    let mut before = 0;
    for (index, bytes) in entries.as_chunks::<ENTRY_LEN>().0.iter().enumerate() {
        let Entry { kind, reserved, offset, len } = Entry::read(bytes);
        let fails = |fault| Err(ContainerError::Part { offset: first + index * ENTRY_LEN, fault });
        // So each kind is there once, and 0 is none.
        if kind.0 <= before || reserved != 0 {
            return fails(PartFault::Order);
        }
        if !kind.is_known() && !kind.is_optional() {
            return fails(PartFault::Unknown(kind));
        }
        let part_end = offset.checked_add(len).filter(|part_end| *part_end <= payload);
        let (true, Some(part_end)) = (offset >= end && offset.is_multiple_of(PART_ALIGNMENT), part_end) else {
            return fails(PartFault::Place);
        };
        (before, end) = (kind.0, part_end);
    }
    Ok(())
}

/// The next address at or behind `at` where a part may begin.
fn aligned(at: usize) -> Option<usize> {
    at.checked_next_multiple_of(PART_ALIGNMENT)
}

/// Where `parts` end behind notes that end at `notes_end`. `None` where they are too many or long, out of order, or of a kind
/// that is there already.
pub(super) fn end(parts: &[(PartKind, &[u8])], notes_end: usize) -> Option<usize> {
    if parts.is_empty() {
        return Some(notes_end);
    }
    let is_ordered = parts.iter().map(|(kind, _)| kind.0).try_fold(0, |before, kind| (kind > before).then_some(kind));
    if parts.len() > MOST_PARTS || is_ordered.is_none() {
        return None;
    }
    let start = aligned(notes_end)?.checked_add(HEAD_LEN + parts.len() * ENTRY_LEN)?;
    parts.iter().try_fold(start, |end, (_, part)| aligned(end)?.checked_add(part.len()))
}

/// Writes `parts` and their table into `file`, whose notes end at `notes_end`.
pub(super) fn write(parts: &[(PartKind, &[u8])], notes_end: usize, file: &mut [u8]) -> Option<()> {
    if parts.is_empty() {
        return Some(());
    }
    let mut entry = aligned(notes_end)?;
    *file.get_mut(entry)? = u8::try_from(parts.len()).ok()?;
    entry += HEAD_LEN;
    let mut end = entry + parts.len() * ENTRY_LEN;
    for (kind, part) in parts {
        let offset = aligned(end)?;
        end = offset + part.len();
        file.get_mut(offset..end)?.copy_from_slice(part);
        let line = file.get_mut(entry..entry + ENTRY_LEN)?;
        LittleEndian::write_u16(line.get_mut(..2)?, kind.0);
        LittleEndian::write_u32(line.get_mut(4..8)?, u32::try_from(offset).ok()?);
        LittleEndian::write_u32(line.get_mut(8..)?, u32::try_from(part.len()).ok()?);
        entry += ENTRY_LEN;
    }
    Some(())
}
