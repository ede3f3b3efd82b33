//! Notes for people: pairs of UTF-8 texts.

use byteorder::{ByteOrder, LittleEndian};

use super::error::ContainerError;
use super::fields;

/// Goes through the notes in order; ends behind the first that is broken.
#[derive(Clone, Debug)]
pub struct Notes<'a> {
    rest: &'a [u8],
    /// Place of `rest` in the file.
    offset: usize,
}

impl<'a> Notes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: fields::LEN }
    }

    /// Two bytes of length, then as many of text.
    fn text(&mut self) -> Option<&'a str> {
        let (len, rest) = self.rest.split_first_chunk::<2>()?;
        let (text, rest) = rest.split_at_checked(usize::from(LittleEndian::read_u16(len)))?;
        self.offset += 2 + text.len();
        self.rest = rest;
        core::str::from_utf8(text).ok()
    }

    fn pair(&mut self) -> Option<(&'a str, &'a str)> {
        Some((self.text()?, self.text()?))
    }
}

impl<'a> Iterator for Notes<'a> {
    type Item = Result<(&'a str, &'a str), ContainerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let offset = self.offset;
        match self.pair() {
            Some(pair) => Some(Ok(pair)),
            None => {
                self.rest = &[];
                Some(Err(ContainerError::Field { offset }))
            }
        }
    }
}

/// Bytes that `notes` take. `None` where a text is longer than 65,535 bytes.
pub(super) fn len(notes: &[(&str, &str)]) -> Option<usize> {
    notes.iter().flat_map(|&(key, value)| [key, value]).try_fold(0_usize, |sum, text| {
        u16::try_from(text.len()).ok()?;
        sum.checked_add(2 + text.len())
    })
}

/// Writes `notes` to the front of `out`, which has room.
pub(super) fn write(notes: &[(&str, &str)], mut out: &mut [u8]) -> Option<()> {
    for text in notes.iter().flat_map(|&(key, value)| [key, value]) {
        let (room, rest) = core::mem::take(&mut out).split_at_mut_checked(2 + text.len())?;
        let (len, bytes) = room.split_at_mut_checked(2)?;
        LittleEndian::write_u16(len, u16::try_from(text.len()).ok()?);
        bytes.copy_from_slice(text.as_bytes());
        out = rest;
    }
    Some(())
}
