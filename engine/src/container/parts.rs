//! Parts: what a model has beside its weights, such as a vocabulary, in a table behind the notes.

use byteorder::{ByteOrder, LittleEndian};

use super::error::{ContainerError, PartFault};
use super::header::four;
use super::part_kind::PartKind;

/// The most parts of a container.
pub const MOST_PARTS: usize = 16;

/// Bytes that a part begins at a multiple of, and its table.
pub const PART_ALIGNMENT: usize = 4;

/// Bytes of the table in front of its lines, and of a line.
const HEAD_LEN: usize = 4;
const LINE_LEN: usize = 12;

/// Goes through the parts in the order of their kinds.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    file: &'a [u8],
    /// The next line of the table, and how many are left.
    line: usize,
    left: usize,
}

impl<'a> Parts<'a> {
    /// None.
    pub(super) const NONE: Self = Self { file: &[], line: 0, left: 0 };

    /// Those of a `file` that [`check`] took, whose notes end at `notes_end`.
    pub(super) fn new(file: &'a [u8], notes_end: usize) -> Self {
        let start = aligned(notes_end).unwrap_or(usize::MAX);
        Self { file, line: start.saturating_add(HEAD_LEN), left: four(file, start) as usize }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (PartKind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let Line { kind, offset, len } = Line::read(self.file, self.line);
        self.line += LINE_LEN;
        Some((PartKind::new(kind as u16), self.file.get(offset..)?.get(..len)?))
    }
}

/// A line of the table.
struct Line {
    /// With the reserved bytes, which are 0, above it.
    kind: u32,
    offset: usize,
    len: usize,
}

impl Line {
    fn read(file: &[u8], at: usize) -> Self {
        let number = |place: usize| four(file, at + place);
        Self { kind: number(0), offset: number(4) as usize, len: number(8) as usize }
    }
}

/// What is among the parts of a container.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub has_vocabulary: bool,
    /// Where the line of the feed-forward sublayers lies; 0 where there are none.
    pub feed_forward: usize,
}

/// What is among the parts of a `file` whose notes end at `notes_end` and whose payload begins at `payload`. Every part lies
/// behind the one before it, the first behind the table, the last in front of the payload.
pub(super) fn check(file: &[u8], notes_end: usize, payload: usize) -> Result<Found, ContainerError> {
    let fails = |offset, fault| Err(ContainerError::Part { offset, fault });
    // The payload is within the file.
    let start = aligned(notes_end).filter(|start| *start < payload).unwrap_or(payload);
    let count = four(file, start) as usize;
    let mut line = start + HEAD_LEN;
    let mut end = line + count.min(MOST_PARTS) * LINE_LEN;
    if count == 0 || count > MOST_PARTS || end > payload {
        return fails(start, PartFault::Table);
    }
    let (mut before, mut found) = (0, Found::default());
    for _ in 0..count {
        let Line { kind, offset, len } = Line::read(file, line);
        let known = PartKind::new(kind as u16);
        let is_behind = offset >= end && offset & (PART_ALIGNMENT - 1) == 0;
        let fault = if kind <= before || kind > u32::from(u16::MAX) {
            // So each kind is there once, and 0 is none.
            PartFault::Order
        } else if !known.is_known() && !known.is_optional() {
            PartFault::Unknown(known)
        } else if !is_behind || offset > payload || len > payload - offset {
            PartFault::Place
        } else {
            found.has_vocabulary |= known == PartKind::VOCABULARY;
            if known == PartKind::FEED_FORWARD {
                found.feed_forward = line;
            }
            (before, end) = (kind, offset + len);
            line += LINE_LEN;
            continue;
        };
        return fails(line, fault);
    }
    Ok(found)
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
    let is_ordered =
        parts.iter().map(|(kind, _)| kind.number()).try_fold(0, |before, kind| (kind > before).then_some(kind));
    if parts.len() > MOST_PARTS || is_ordered.is_none() {
        return None;
    }
    let start = aligned(notes_end)?.checked_add(HEAD_LEN + parts.len() * LINE_LEN)?;
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
    let mut end = entry + parts.len() * LINE_LEN;
    for (kind, part) in parts {
        let offset = aligned(end)?;
        end = offset + part.len();
        file.get_mut(offset..end)?.copy_from_slice(part);
        let line = file.get_mut(entry..entry + LINE_LEN)?;
        LittleEndian::write_u16(line.get_mut(..2)?, kind.number());
        LittleEndian::write_u32(line.get_mut(4..8)?, u32::try_from(offset).ok()?);
        LittleEndian::write_u32(line.get_mut(8..)?, u32::try_from(part.len()).ok()?);
        entry += LINE_LEN;
    }
    Some(())
}
