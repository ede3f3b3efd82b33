//! Takes views off the front of a byte slice.

use byteorder::{ByteOrder, LittleEndian};

use crate::weights::{Codec, FeedForward, Floats, Matrix, Norm};

/// A place in a file's body, from which sections are taken one after another. `None` means that the bytes end first.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    codec: Option<&'static Codec>,
}

impl<'a> Cursor<'a> {
    /// Starts at the front of `bytes`, whose matrices have 2-bit weights.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self::with_codec(bytes, None)
    }

    /// Starts at the front of `bytes`, whose weights `codec` reads; without one, they have two bits each.
    pub const fn with_codec(bytes: &'a [u8], codec: Option<&'static Codec>) -> Self {
        Self { rest: bytes, codec }
    }

    pub(super) fn skip(self, len: usize) -> Option<Self> {
        Some(Self { rest: self.rest.get(len..)?, ..self })
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

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.four().map(|bytes| LittleEndian::read_i32(bytes))
    }

    /// One scale, then `rows * cols` packed weights.
    pub fn matrix(&mut self, rows: usize, cols: usize) -> Option<Matrix<'a>> {
        let scale = self.four().map(|bytes| LittleEndian::read_f32(bytes))?;
        let count = rows.checked_mul(cols)?;
        let packed = self.take(self.codec.map_or(count.div_ceil(4), |codec| codec.len(count)))?;
        Matrix::with_codec(self.codec, packed, scale, rows, cols)
    }

    /// `count` floats.
    pub fn floats(&mut self, count: usize) -> Option<Floats<'a>> {
        self.take(count.checked_mul(4)?).map(Floats::new)
    }

    /// The two parameters of a norm over `d_model` values.
    pub fn norm(&mut self, d_model: usize) -> Option<Norm<'a>> {
        Some(Norm { gamma: self.floats(d_model)?, beta: self.floats(d_model)? })
    }

    /// A feed-forward sublayer over `d_model` values.
    pub fn feed_forward(&mut self, d_model: usize) -> Option<FeedForward<'a>> {
        let norm = self.norm(d_model)?;
        Some(FeedForward { norm, up: self.matrix(d_model, d_model)?, down: self.matrix(d_model, d_model)? })
    }
}
