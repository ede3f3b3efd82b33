//! Weights that do not lie two bits each: how to read them, behind a table of functions.
//!
//! A matrix of 2-bit weights names no codec, and the kernels read its bytes themselves. Any other matrix names the table
//! that reads it. Nothing but the tables refers to the functions behind them, so a program for a microcontroller that names
//! no table links none of their code.

mod base_three;
mod powers_of_three;

use core::fmt;

#[cfg(any(test, fast_ways = "fixed-point"))]
use crate::kernel::Projection;
use crate::weights::Matrix;

pub use base_three::BASE_THREE;
#[cfg(fast_ways = "host")]
pub(crate) use powers_of_three::unpack as unpack_powers;
pub use powers_of_three::POWERS_OF_THREE;

/// How the weights of a file's matrices lie in bytes (docs/formats.md#packings). Rows follow each other without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Two bits a weight, four to a byte: -1, 0, +1.
    #[default]
    TwoBits,
    /// Base 3, five weights to a byte: -1, 0, +1.
    BaseThree,
    /// Three bits a weight, eight to three bytes: 0, ±1, ±3, ±9.
    PowersOfThree,
}

impl Packing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TwoBits, Self::BaseThree, Self::PowersOfThree];

    /// Bytes of `count` weights, fewer than 2^32 - 3, as in every matrix.
    #[inline(always)]
    #[allow(clippy::manual_div_ceil)] // which takes a core more code
    pub const fn len(self, count: usize) -> usize {
        match self {
            Self::TwoBits => (count + 3) / 4,
            Self::BaseThree => count.div_ceil(5),
            Self::PowersOfThree => 3 * count.div_ceil(8),
        }
    }

    /// Weights and bytes of a group, the least that starts and ends on bytes.
    pub const fn group(self) -> (usize, usize) {
        match self {
            Self::TwoBits => (4, 1),
            Self::BaseThree => (5, 1),
            Self::PowersOfThree => (8, 3),
        }
    }

    /// The packing of a model file with this magic.
    pub fn of_magic(magic: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.magic() == magic)
    }

    /// The first bytes of a model file with such weights.
    pub const fn magic(self) -> &'static [u8; 7] {
        match self {
            Self::TwoBits => b"ATOME01",
            Self::BaseThree => b"ATOME02",
            Self::PowersOfThree => b"ATOMEP3",
        }
    }

    /// The table that reads them; `None` for 2-bit weights, which need none.
    pub const fn codec(self) -> Option<&'static Codec> {
        match self {
            Self::TwoBits => None,
            Self::BaseThree => Some(&BASE_THREE),
            Self::PowersOfThree => Some(&POWERS_OF_THREE),
        }
    }
}

/// Writes the weights from an index on as 2-bit codes, four to a byte.
#[cfg(any(test, not(fast_ways = "none")))]
pub(crate) type Translate = fn(packed: &[u8], start: usize, codes: &mut [u8]);

/// 2-bit codes of a weight that is a power of three.
#[cfg(any(test, fast_ways = "fixed-point"))]
pub(crate) const TERMS: usize = 3;

/// Powers of three as trits.
#[cfg(any(test, fast_ways = "fixed-point"))]
pub(crate) struct Terms {
    /// Writes the weights from an index on as [`TERMS`] 2-bit codes each, four codes to a byte: of the value, three times the
    /// value, and nine times the value. One of the three at most is not 0.
    pub(crate) translate: Translate,
    /// Multiplies matrices with as many columns each and whole groups of four: an input, outputs, the position that they are of,
    /// and room for tables.
    pub(crate) project: fn(&[f32], &mut [Projection], usize, &mut [f32]),
}

/// The matrix, the inputs, the first row, and the outputs; `None`, with nothing done, where that does not suit.
#[cfg(any(test, fast_ways = "fpu"))]
pub(crate) type Rows = fn(&Matrix, &[f32], usize, &mut [f32]) -> Option<()>;

/// `y[row * stride] = scale * (matrix x)[row]`.
pub(crate) type Multiply = fn(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize);

/// The functions that read one packing. Indices count weights in storage order; a weight that is not there reads as 0.
pub struct Codec {
    packing: Packing,
    /// Bytes of so many weights.
    pub(crate) len: fn(usize) -> usize,
    /// The weight at an index.
    pub(crate) weight: fn(&[u8], usize) -> i8,
    /// `sum + weight * value`, with the weight at an index, product rounded, then added; the sum itself for weight 0.
    pub(crate) add: fn(&[u8], usize, f32, f32) -> f32,
    /// A whole matrix, as [`crate::kernel::multiply`]: a table of its own keeps the loop for 2-bit weights small.
    pub(crate) multiply: Multiply,
    /// The same as `add` for the weights from an index on and all values, in order, from +0.0.
    pub(crate) sum: fn(&[u8], usize, &[f32]) -> f32,
    /// Where all weights are -1, 0 or +1. Kernels that are faster than the definition ask for it.
    #[cfg(any(test, not(fast_ways = "none")))]
    pub(crate) codes: Option<Translate>,
    /// Where there is a faster way with an FPU that does not need trits: the outputs of the rows from one on.
    #[cfg(any(test, fast_ways = "fpu"))]
    pub(crate) rows: Option<Rows>,
    /// The sum of a row's columns in fixed point, for kernels that only add: here, so that a program without such weights links
    /// none of it.
    #[cfg(any(test, fast_ways = "fixed-point"))]
    pub(crate) row_sum: crate::kernel::soft_float::RowSum,
    /// Where weights are 0, ±1, ±3 and ±9. Kernels that only add ask for it.
    #[cfg(any(test, fast_ways = "fixed-point"))]
    pub(crate) terms: Option<Terms>,
    /// The first thing that is wrong with the bytes of so many weights.
    fault: fn(&[u8], usize) -> Option<Fault>,
}

impl Codec {
    /// All tables.
    pub const ALL: [&'static Self; 2] = [&BASE_THREE, &POWERS_OF_THREE];

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

/// A byte that stands for no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which byte, from the first packed one.
    pub index: usize,
    /// Its value.
    pub found: u8,
    /// What was expected there.
    pub expected: Expected,
}

/// What a byte of packed weights has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The greatest byte is 242.
    BaseThree,
    /// Every code but 111 stands for a weight.
    PowersOfThree,
    /// Behind a matrix's last weight there are zeros.
    Padding,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BaseThree => "0 to 242 (five weights in base 3)",
            Self::PowersOfThree => "no code 111 (000 to 110 stand for weights)",
            Self::Padding => "zeros behind the last weight of the matrix",
        })
    }
}

/// The sum of the weights from index `start` on times the values, in order, for formats of which this is not worth more
/// code.
fn sum_one_by_one(weight: fn(&[u8], usize) -> i8, packed: &[u8], start: usize, x: &[f32]) -> f32 {
    x.iter().zip(start..).fold(0.0, |sum, (&value, index)| add_weighed(sum, weight(packed, index), value))
}

/// `sum + weight * value`, product rounded, then added (docs/numerics.md#22-quantised-matrix-times-vector). A weight of 0
/// leaves the sum alone: multiplying by it would not be the same where the value is infinite or NaN.
#[inline]
fn add_weighed(sum: f32, weight: i8, value: f32) -> f32 {
    match weight {
        0 => sum,
        1 => sum + value,
        -1 => sum - value,
        other => sum + f32::from(other) * value,
    }
}
