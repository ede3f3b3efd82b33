//! Where a vocabulary's numbers and texts lie in its part.

use byteorder::{ByteOrder, LittleEndian};

use super::error::VocabularyError;

/// Bytes in front of the ends: two counts, and for each byte and one more how many subwords begin with a lower one.
pub(super) const HEAD_LEN: usize = 4 + 2 * STARTS;

/// Numbers of the index by first byte.
pub(super) const STARTS: usize = 257;

/// A part, long enough for its tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'v> {
    part: &'v [u8],
}

impl<'v> Layout<'v> {
    /// The tables are within the part; nothing else is known of it.
    pub(super) fn new(part: &'v [u8]) -> Result<Self, VocabularyError> {
        let layout = Self { part };
        let expected = HEAD_LEN + 2 * layout.entries();
        if part.len() < expected {
            return Err(VocabularyError::Length { found: part.len(), expected });
        }
        Ok(layout)
    }

    /// A part that [`Self::new`] took once. Others lead to wrong tokens, and to nothing worse.
    pub(super) const fn again(part: &'v [u8]) -> Self {
        Self { part }
    }

    pub(super) const fn part(&self) -> &'v [u8] {
        self.part
    }

    /// The number of two bytes at `offset`; 0 behind the end.
    #[inline]
    fn number(&self, offset: usize) -> usize {
        let two = self.part.get(offset..).and_then(|rest| rest.first_chunk::<2>());
        two.map_or(0, |two| usize::from(LittleEndian::read_u16(two)))
    }

    /// Special tokens and subwords together.
    pub(super) fn entries(&self) -> usize {
        self.number(0)
    }

    /// Special tokens: the first entries.
    pub(super) const fn specials(&self) -> usize {
        match self.part {
            [_, _, low, high, ..] => u16::from_le_bytes([*low, *high]) as usize,
            _ => 0,
        }
    }

    /// How many subwords begin with a lower byte than `byte`, which may be 256.
    #[inline]
    pub(super) fn start(&self, byte: usize) -> usize {
        self.number(4 + 2 * byte)
    }

    /// Where the texts begin in the part.
    pub(super) fn texts(&self) -> usize {
        HEAD_LEN + 2 * self.entries()
    }

    /// Where an entry's text ends among the texts.
    #[inline]
    pub(super) fn end(&self, entry: usize) -> usize {
        self.number(HEAD_LEN + 2 * entry)
    }

    /// An entry's name or bytes; `None` where there is none.
    #[inline]
    pub(super) fn entry(&self, entry: usize) -> Option<&'v [u8]> {
        if entry >= self.entries() {
            return None;
        }
        let start = if entry == 0 { 0 } else { self.end(entry - 1) };
        self.part.get(self.texts()..)?.get(start..self.end(entry))
    }
}
