//! Borrowed views of a model's weights. Nothing is copied, nothing needs to be aligned.

use crate::bytes::read_f32;
use crate::codec::{Codec, Packing};
#[cfg(target_arch = "x86_64")]
use crate::kernel::tiled;
use crate::prefix::Prefix;
use crate::shape::Shape;
use crate::start::Start;

/// One ternary weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trit {
    /// Codes `00` and, never written by an exporter, `10`.
    Zero,
    /// Code `01`.
    Plus,
    /// Code `11`.
    Minus,
}

impl Trit {
    /// Decodes the lowest two bits (formats, "Q packing").
    #[inline]
    pub const fn from_code(code: u8) -> Self {
        match code & 3 {
            1 => Self::Plus,
            3 => Self::Minus,
            _ => Self::Zero,
        }
    }

    /// -1, 0 or +1.
    #[inline]
    pub const fn value(self) -> i8 {
        match self {
            Self::Zero => 0,
            Self::Plus => 1,
            Self::Minus => -1,
        }
    }
}

/// Weights in storage order, four to a byte, lowest bits first; ends with the bytes.
#[derive(Clone, Debug)]
pub struct Trits<'a> {
    bytes: core::slice::Iter<'a, u8>,
    /// What is left of the byte in work, with a 1 above it; so 1 means that nothing is left.
    current: u32,
}

impl<'a> Trits<'a> {
    /// The weights of `packed` from index `start` on: a row need not start on a byte.
    #[inline]
    pub fn starting_at(packed: &'a [u8], start: usize) -> Self {
        let mut trits = Self { bytes: packed.get(start / 4..).unwrap_or(&[]).iter(), current: 1 };
        if !start.is_multiple_of(4) && trits.next_byte().is_some() {
            trits.current >>= 2 * (start % 4);
        }
        trits
    }

    #[inline]
    fn next_byte(&mut self) -> Option<()> {
        self.current = 0x100 | u32::from(*self.bytes.next()?);
        Some(())
    }
}

impl Iterator for Trits<'_> {
    type Item = Trit;

    #[inline]
    fn next(&mut self) -> Option<Trit> {
        if self.current == 1 {
            self.next_byte()?;
        }
        let trit = Trit::from_code(self.current as u8);
        self.current >>= 2;
        Some(trit)
    }
}

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
    #[cfg(any(test, fast_ways = "host", fast_ways = "fpu"))]
    #[inline]
    pub(crate) fn is_ternary(&self) -> bool {
        self.codec.is_none_or(|codec| codec.codes.is_some())
    }
}

/// Little-endian binary32 values at any address.
#[derive(Clone, Copy, Debug)]
pub struct Floats<'a> {
    bytes: &'a [u8],
}

impl<'a> Floats<'a> {
    /// A view of whole values; up to three bytes left over at the end are not part of it.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes as they lie in the file.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many values.
    #[inline]
    pub const fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `index`; `None` where there is none.
    #[inline]
    pub fn get(&self, index: usize) -> Option<f32> {
        self.bytes.as_chunks::<4>().0.get(index).map(read_f32)
    }

    /// Where the values lie, in order.
    #[inline]
    pub(crate) fn places(&self) -> &'a [[u8; 4]] {
        self.bytes.as_chunks::<4>().0
    }

    /// The values in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.bytes.as_chunks::<4>().0.iter().map(read_f32)
    }
}

/// Layer norm: `gamma` and `beta`, d_model values each.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Multiplies the normalised value.
    pub gamma: Floats<'a>,
    /// Is added last.
    pub beta: Floats<'a>,
}

/// Depthwise causal convolution: one row of taps a channel, the newest position first.
#[derive(Clone, Copy, Debug)]
pub struct Conv<'a> {
    /// d_model rows of kernel_size taps.
    pub taps: Matrix<'a>,
}

/// Diagonal state-space recurrence, d_model channels.
#[derive(Clone, Copy, Debug)]
pub struct Ssm<'a> {
    /// The state's decay before tanh.
    pub a_raw: Floats<'a>,
    /// Input weight.
    pub b: Floats<'a>,
    /// Output weight.
    pub c_out: Floats<'a>,
}

/// Top-k causal attention with one head.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Query matrix, d_head rows.
    pub wq: Matrix<'a>,
    /// Key matrix, d_head rows.
    pub wk: Matrix<'a>,
    /// Value matrix, d_model rows.
    pub wv: Matrix<'a>,
    /// Positions kept, at most the shape's `top_k`.
    pub top_k: usize,
}

/// One layer.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Norm in front of all three pathways.
    pub norm: Norm<'a>,
    /// Pathway 0.
    pub conv: Conv<'a>,
    /// Pathway 1.
    pub ssm: Ssm<'a>,
    /// Pathway 2.
    pub attention: Attention<'a>,
    /// Mixes the pathways, n_pathways rows.
    pub router: Matrix<'a>,
}

/// What the pathways of one layer compute with, and what mixes them.
#[derive(Clone, Copy, Debug)]
pub struct Pathways<'a> {
    /// Pathway 0.
    pub conv: Conv<'a>,
    /// Pathway 1.
    pub ssm: Ssm<'a>,
    /// How many the router weighs.
    pub n_pathways: usize,
}

/// One layer's weights, part by part: a core has no room on its stack for all of them at once, as in [`Block`].
pub trait Layer<'a> {
    /// As [`Block::norm`].
    fn norm(&self) -> Norm<'a>;

    /// As [`Attention::wq`].
    fn wq(&self) -> Matrix<'a>;

    /// As [`Attention::wk`].
    fn wk(&self) -> Matrix<'a>;

    /// As [`Attention::wv`].
    fn wv(&self) -> Matrix<'a>;

    /// As [`Attention::top_k`].
    fn top_k(&self) -> usize;

    /// As [`Block::router`].
    fn router(&self) -> Matrix<'a>;

    /// As [`Block::ssm`].
    fn ssm(&self) -> Ssm<'a>;

    /// The other parts.
    fn pathways(&self) -> Pathways<'a>;
}

impl<'a> Layer<'a> for Block<'a> {
    fn norm(&self) -> Norm<'a> {
        self.norm
    }

    fn wq(&self) -> Matrix<'a> {
        self.attention.wq
    }

    fn wk(&self) -> Matrix<'a> {
        self.attention.wk
    }

    fn wv(&self) -> Matrix<'a> {
        self.attention.wv
    }

    fn top_k(&self) -> usize {
        self.attention.top_k
    }

    fn router(&self) -> Matrix<'a> {
        self.router
    }

    fn ssm(&self) -> Ssm<'a> {
        self.ssm
    }

    fn pathways(&self) -> Pathways<'a> {
        Pathways { conv: self.conv, ssm: self.ssm, n_pathways: self.router.rows() }
    }
}

/// Where a forward pass takes its weights from: a file in memory ([`crate::Model`]) or a struct of pointers (the C API).
///
/// Every view must have the sizes that [`Weights::shape`] names; one that does not makes a run fail or its result
/// meaningless, never unsafe.
pub trait Weights<'a> {
    /// A layer.
    type Layer: Layer<'a>;

    /// The sizes of everything below.
    fn shape(&self) -> &Shape;

    /// Whether that is `shape`.
    fn has_shape(&self, shape: &Shape) -> bool {
        self.shape() == shape
    }

    /// The embedding matrix, vocab_size rows of d_model.
    fn embed(&self) -> Matrix<'a>;

    /// Layer `layer`; `None` from n_layers on.
    fn layer(&self, layer: usize) -> Option<Self::Layer>;

    /// The norm behind the last layer.
    fn final_norm(&self) -> Norm<'a>;

    /// The unembedding matrix, vocab_size rows of d_model.
    fn unembed(&self) -> Matrix<'a>;

    /// Equal only for equal weights, and what a cached prefix is filed under. 0 says "unknown": nothing is reused.
    fn identity(&self) -> u64;

    /// Where a run over the first `n` tokens of `prefix` starts, in the cached plan.
    fn start(&self, prefix: &Prefix, n: usize) -> Start {
        Start::after(prefix, self.identity(), n)
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
    fn trits_end_with_the_bytes_wherever_they_start() {
        for start in 0..12 {
            assert_eq!(Trits::starting_at(&[0, 0], start).take(9).count(), 8_usize.saturating_sub(start), "{start}");
        }
        assert!(Trits::starting_at(&[0, 0], usize::MAX).next().is_none());
    }

    #[test]
    fn floats_are_empty_where_no_value_is_whole() {
        assert!(Floats::new(&[]).is_empty() && Floats::new(&[1, 2, 3]).is_empty());
        assert!(!Floats::new(&[0; 4]).is_empty() && !Floats::new(&[0; 9]).is_empty());
    }

    #[cfg(target_arch = "x86_64")]
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
