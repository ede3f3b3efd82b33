//! Takes views off the front of a byte slice.

use byteorder::{ByteOrder, LittleEndian};

use crate::weights::{Floats, Matrix};

#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn skip(self, len: usize) -> Option<Self> {
        Some(Self {
            rest: self.rest.get(len..)?,
        })
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    fn four(&mut self) -> Option<&'a [u8; 4]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.four().map(|bytes| LittleEndian::read_i32(bytes))
    }

    /// One scale, then the packed weights.
    pub(crate) fn matrix(&mut self, rows: usize, cols: usize) -> Option<Matrix<'a>> {
        let scale = self.four().map(|bytes| LittleEndian::read_f32(bytes))?;
        let packed = self.take(Matrix::packed_len(rows, cols))?;
        Matrix::new(packed, scale, rows, cols)
    }

    pub(crate) fn floats(&mut self, count: usize) -> Option<Floats<'a>> {
        self.take(4 * count).map(Floats::new)
    }
}
