//! A quantised matrix.

use super::trit::Trit;
use crate::codec::{Codec, Packing};
#[cfg(target_arch = "x86_64")]
use crate::kernel::tiled;

/// A quantised matrix: `rows * cols` weights, row-major without gaps, and one scale.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    packed: &'a [u8],
    scale: f32,
    rows: u16,
    cols: u16,
    /// `None` for 2-bit weights.
    codec: Option<&'static Codec>,
    /// A copy that vectors read faster; empty where there is none.
    #[cfg(target_arch = "x86_64")]
    tiles: &'a [u8],
}

impl<'a> Matrix<'a> {
    /// Bytes of `rows * cols` weights of two bits. Both are at most 65,535 in a valid model.
    #[inline]
    pub const fn packed_len(rows: usize, cols: usize) -> usize {
        Packing::TwoBits.len(rows * cols)
    }

    /// A view of `packed` 2-bit weights; `None` where it is too short for `rows * cols` of them, or one of these is above
    /// 65,535.
    #[inline]
    pub fn new(packed: &'a [u8], scale: f32, rows: usize, cols: usize) -> Option<Self> {
        let (rows, cols) = (u16::try_from(rows).ok()?, u16::try_from(cols).ok()?);
        let len = Self::packed_len(usize::from(rows), usize::from(cols));
        Some(Self {
            packed: packed.get(..len)?,
            scale,
            rows,
            cols,
            codec: None,
            #[cfg(target_arch = "x86_64")]
            tiles: &[],
        })
    }

    /// The same of weights that `codec` reads; without one, 2-bit weights.
    #[inline]
    pub fn with_codec(
        codec: Option<&'static Codec>,
        packed: &'a [u8],
        scale: f32,
        rows: usize,
        cols: usize,
    ) -> Option<Self> {
        let Some(reader) = codec else { return Self::new(packed, scale, rows, cols) };
        let (rows, cols) = (u16::try_from(rows).ok()?, u16::try_from(cols).ok()?);
        let len = reader.len(usize::from(rows) * usize::from(cols));
        Some(Self {
            packed: packed.get(..len)?,
            scale,
            rows,
            cols,
            codec,
            #[cfg(target_arch = "x86_64")]
            tiles: &[],
        })
    }

    /// The same weights with another scale.
    pub const fn rescaled(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// The same weights with a copy of them in `tiles`, as [`tiled::write`] has written it; without one where it has not the
    /// right length.
    #[cfg(target_arch = "x86_64")]
    pub(crate) const fn tiled(self, tiles: &'a [u8]) -> Self {
        let tiles = if tiles.len() == tiled::len(self.rows(), self.cols()) { tiles } else { &[] };
        Self { tiles, ..self }
    }

    /// That copy; where there is one, it is [`tiled::len`] bytes.
    #[cfg(target_arch = "x86_64")]
    pub(crate) const fn tiles(&self) -> &'a [u8] {
        self.tiles
    }

    /// The packed weights.
    pub const fn packed(&self) -> &'a [u8] {
        self.packed
    }

    /// What reads them; `None` for 2-bit weights.
    #[inline]
    pub const fn codec(&self) -> Option<&'static Codec> {
        self.codec
    }

    /// The scale that multiplies every weight.
    #[inline]
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// Number of rows (outputs).
    #[inline]
    pub const fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Number of columns (inputs).
    #[inline]
    pub const fn cols(&self) -> usize {
        self.cols as usize
    }

    /// The weight at `index` in storage order; 0 where there is none.
    #[inline]
    pub fn weight(&self, index: usize) -> i8 {
        match self.codec {
            None => self.trit(index).value(),
            Some(codec) => (codec.weight)(self.packed, index),
        }
    }

    /// All weights, row by row.
    pub fn weights(&self) -> impl Iterator<Item = i8> + use<'a> {
        let matrix = *self;
        (0..self.rows() * self.cols()).map(move |index| matrix.weight(index))
    }

    /// The 2-bit weight at `index`.
    #[inline]
    pub(crate) fn trit(&self, index: usize) -> Trit {
        Trit::from_code(self.packed.get(index / 4).map_or(0, |byte| byte >> (2 * (index % 4))))
    }

    /// `len` bytes of 2-bit codes, those of the weights from index `start` on, which lie in `packed` or are written to
    /// `scratch`. `None` where there are too few, where the first is not the first of its byte, or where weights are no
    /// trits.
    #[cfg(any(test, not(fast_ways = "none")))]
    #[inline]
    pub(crate) fn codes<'s>(&self, start: usize, len: usize, scratch: &'s mut [u8]) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        match self.codec {
            None => self.packed.get(start / 4..)?.get(..len).filter(|_| start.is_multiple_of(4)),
            Some(codec) => {
                let scratch = scratch.get_mut(..len)?;
                (codec.codes?)(self.packed, start, scratch);
                Some(scratch)
            }
        }
    }

    /// The same, where weights are powers of three of their terms: see [`Codec`].
    #[cfg(any(test, fast_ways = "fixed-point"))]
    #[inline]
    pub(crate) fn column_codes<'s>(&self, start: usize, len: usize, scratch: &'s mut [u8]) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        let Some(terms) = self.codec.and_then(|codec| codec.terms.as_ref()) else {
            return self.codes(start, len, scratch);
        };
        let scratch = scratch.get_mut(..len)?;
        (terms.translate)(self.packed, start, scratch);
        Some(scratch)
    }

    /// Whether all weights are powers of three, so that [`Matrix::column_codes`] gives their terms.
    #[cfg(any(test, fast_ways = "fixed-point"))]
    #[inline]
    pub(crate) fn has_terms(&self) -> bool {
        self.codec.is_some_and(|codec| codec.terms.is_some())
    }

    /// Whether all weights are trits, so that [`Matrix::codes`] gives them.
    #[cfg(any(test, not(small)))]
    #[cfg_attr(not(fast_ways = "host"), allow(dead_code))]
    #[inline]
    pub(crate) fn is_ternary(&self) -> bool {
        self.codec.is_none_or(|codec| codec.codes.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_trits_or_have_terms_as_their_packing_says() {
        for packing in Packing::ALL {
            let matrix = Matrix::with_codec(packing.codec(), &[0; 3], 1.0, 1, 8).unwrap();
            let is_power = packing == Packing::PowersOfThree;
            assert_eq!((matrix.is_ternary(), matrix.has_terms()), (!is_power, is_power), "{packing:?}");
        }
    }

    #[test]
    fn a_matrix_lists_its_weights_and_keeps_them_when_it_is_rescaled() {
        // Lowest bits first: +1, -1, 0, +1, -1, 0 of two rows and three columns.
        let matrix = Matrix::new(&[0b01_00_11_01, 0b00_11], 0.5, 2, 3).unwrap();
        let rescaled = matrix.rescaled(2.0);
        assert_eq!((matrix.scale(), rescaled.scale()), (0.5, 2.0));
        for matrix in [matrix, rescaled] {
            assert!(matrix.weights().eq([1, -1, 0, 1, -1, 0]));
        }
    }

    #[test]
    fn tiles_of_another_length_are_no_tiles() {
        let matrix = Matrix::new(&[0; 8], 1.0, 4, 8).unwrap();
        let bytes = [7; 1024];
        let len = tiled::len(4, 8);
        assert_eq!(matrix.tiled(&bytes[..len]).tiles(), &bytes[..len]);
        for wrong in [0, len - 1, len + 1] {
            assert!(matrix.tiled(&bytes[..wrong]).tiles().is_empty());
        }
        assert!(matrix.tiles().is_empty());
    }
}
