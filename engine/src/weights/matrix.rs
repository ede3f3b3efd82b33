//! A quantised matrix, the table of what reads its weights, and a place for its products. The three name each other.
//!
//! A matrix of 2-bit weights names no table, and the kernels read its bytes themselves. Any other matrix names the table
//! that reads it: those in [`crate::codec`]. Nothing else refers to the functions behind a table, so a program for a
//! microcontroller that names no table links none of their code. That is also why a table names what its packing needs of
//! the kernels.

use core::fmt;

use super::packing::{Fault, Packing};
use super::trit::Trit;

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

    /// A view of `packed` weights that `codec` reads; without one, of 2-bit weights. `None` as in [`Matrix::new`].
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

    /// This matrix with another scale.
    pub const fn rescaled(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    /// This matrix with a copy of its weights in `tiles`, whose layout is the kernels' affair.
    #[cfg(target_arch = "x86_64")]
    pub(crate) const fn with_tiles(self, tiles: &'a [u8]) -> Self {
        Self { tiles, ..self }
    }

    /// That copy; empty where there is none.
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
    #[cfg(any(test, not(backend = "portable")))]
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

    /// [`Matrix::codes`], where weights are powers of three of their terms: see [`Terms`].
    #[cfg(any(test, backend = "fixed_point"))]
    #[inline]
    pub(crate) fn column_codes<'s>(&self, start: usize, len: usize, scratch: &'s mut [u8]) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        let Some(terms) = self.codec.and_then(|codec| codec.terms.as_ref()) else {
            return self.codes(start, len, scratch);
        };
        let scratch = scratch.get_mut(..len)?;
        (terms.write_codes)(self.packed, start, scratch);
        Some(scratch)
    }

    /// Whether all weights are powers of three, so that [`Matrix::column_codes`] gives their terms.
    #[cfg(any(test, backend = "fixed_point"))]
    #[inline]
    pub(crate) fn has_terms(&self) -> bool {
        self.codec.is_some_and(|codec| codec.terms.is_some())
    }

    /// Whether all weights are trits, so that [`Matrix::codes`] gives them.
    #[cfg(any(test, vectors, all(backend = "vfp", not(small))))]
    #[inline]
    pub(crate) fn is_ternary(&self) -> bool {
        self.codec.is_none_or(|codec| codec.codes.is_some())
    }
}

/// Writes the weights from an index on as 2-bit codes, four to a byte.
#[cfg(any(test, not(backend = "portable")))]
pub(crate) type WriteCodes = fn(packed: &[u8], start: usize, codes: &mut [u8]);

/// 2-bit codes of a weight that is a power of three.
#[cfg(any(test, backend = "fixed_point"))]
pub(crate) const TERMS: usize = 3;

/// Powers of three as trits.
#[cfg(any(test, backend = "fixed_point"))]
pub(crate) struct Terms {
    /// Writes the weights from an index on as [`TERMS`] 2-bit codes each, four codes to a byte: of the value, three times the
    /// value, and nine times the value. One of the three at most is not 0.
    pub(crate) write_codes: WriteCodes,
    /// Multiplies matrices with as many columns each and whole groups of four: an input, outputs, and room for
    /// tables.
    pub(crate) project: fn(&[f32], &mut [Projection], &mut [f32]),
}

/// The matrix, the inputs, the first row, and the outputs; `None`, with nothing done, where that does not suit.
#[cfg(any(test, backend = "vfp"))]
pub(crate) type Rows = fn(&Matrix, &[f32], usize, &mut [f32]) -> Option<()>;

/// `y[row * stride] = scale * (matrix x)[row]`.
pub(crate) type Multiply = fn(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize);

/// The functions that read one packing. Indices count weights in storage order; a weight that is not there reads as 0.
pub struct Codec {
    pub(crate) packing: Packing,
    /// Bytes of so many weights.
    pub(crate) len: fn(usize) -> usize,
    /// The weight at an index.
    pub(crate) weight: fn(&[u8], usize) -> i8,
    /// `sum + weight * value`, with the weight at an index, product rounded, then added; the sum itself for weight 0.
    pub(crate) add: fn(&[u8], usize, f32, f32) -> f32,
    /// A whole matrix times a vector: an entry of its own keeps the loop for 2-bit weights small.
    pub(crate) multiply: Multiply,
    /// `add` of the weights from an index on and all values, in order, from +0.0.
    pub(crate) sum: fn(&[u8], usize, &[f32]) -> f32,
    /// Where all weights are -1, 0 or +1. Kernels that are faster than the definition ask for it.
    #[cfg(any(test, not(backend = "portable")))]
    pub(crate) codes: Option<WriteCodes>,
    /// Where there is a faster way with an FPU that does not need trits: the outputs of the rows from one on.
    #[cfg(any(test, backend = "vfp"))]
    pub(crate) rows: Option<Rows>,
    /// The sum of a row's columns in fixed point, for kernels that only add: here, so that a program without such weights links
    /// none of it. This is the one place where the weights name a kernel: a way around it took every program 112 bytes.
    #[cfg(any(test, backend = "fixed_point"))]
    pub(crate) row_sum: crate::kernel::fixed_point::RowSum,
    /// Where weights are 0, ±1, ±3 and ±9. Kernels that only add ask for it.
    #[cfg(any(test, backend = "fixed_point"))]
    pub(crate) terms: Option<Terms>,
    /// Writes the weights from an index on as numbers.
    #[cfg(any(test, vectors))]
    pub(crate) unpack: fn(packed: &[u8], start: usize, weights: &mut [i8]),
    /// The first thing that is wrong with the bytes of so many weights.
    pub(crate) fault: fn(&[u8], usize) -> Option<Fault>,
}

impl Codec {
    /// What it reads.
    pub const fn packing(&self) -> Packing {
        self.packing
    }

    /// Bytes of `count` weights.
    #[inline]
    pub fn len(&self, count: usize) -> usize {
        (self.len)(count)
    }

    /// The first thing that is wrong with `packed`, the bytes of `count` weights.
    pub fn fault(&self, packed: &[u8], count: usize) -> Option<Fault> {
        (self.fault)(packed, count)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Codec").field(&self.packing).finish()
    }
}

/// A matrix that inputs are multiplied by, and where the outputs go.
#[derive(Debug)]
pub struct Projection<'p, 'm> {
    /// The matrix.
    pub matrix: &'p Matrix<'m>,
    /// Output `row` of position `p` lies at `p * position_stride + row * row_stride`.
    pub out: &'p mut [f32],
    /// From one output of a position to the next.
    pub row_stride: usize,
    /// From one position to the next.
    pub position_stride: usize,
}

impl<'p, 'm> Projection<'p, 'm> {
    /// Outputs side by side, one position after the other.
    pub fn new(matrix: &'p Matrix<'m>, out: &'p mut [f32]) -> Self {
        Self { matrix, out, row_stride: 1, position_stride: matrix.rows() }
    }

    /// The outputs of the positions from `position` on.
    pub(crate) fn at(&mut self, position: usize) -> Projection<'_, 'm> {
        let start = position.saturating_mul(self.position_stride);
        Projection { out: self.out.get_mut(start..).unwrap_or_default(), ..*self }
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
}
