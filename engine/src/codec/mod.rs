//! Weights that do not lie two bits each: how to read them, behind a table of functions.
//!
//! A matrix of 2-bit weights names no codec, and the kernels read its bytes themselves. Any other matrix names the table
//! that reads it. Nothing but the tables refers to the functions behind them, so a program for a microcontroller that names
//! no table links none of their code.

mod base_three;
mod powers_of_three;

use core::fmt;

use crate::format::{sections_packed, FormatError, SectionKind};
use crate::shape::Shape;

pub use base_three::BASE_THREE;
#[cfg(fast_ways = "host")]
pub(crate) use powers_of_three::unpack as unpack_powers;
pub use powers_of_three::POWERS_OF_THREE;

/// How the weights of a file's matrices lie in bytes (formats, "Formats"). Rows follow each other without gaps.
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

    /// Bytes of `count` weights.
    #[inline(always)]
    pub const fn len(self, count: usize) -> usize {
        match self {
            Self::TwoBits => count.div_ceil(4),
            Self::BaseThree => count.div_ceil(5),
            Self::PowersOfThree => 3 * count.div_ceil(8),
        }
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

/// The functions that read one packing. Indices count weights in storage order; a weight that is not there reads as 0.
pub struct Codec {
    packing: Packing,
    /// Bytes of so many weights.
    pub(crate) len: fn(usize) -> usize,
    /// The weight at an index.
    pub(crate) weight: fn(&[u8], usize) -> i8,
    /// `sum + weight * value`, with the weight at an index, product rounded, then added; the sum itself for weight 0.
    pub(crate) add: fn(&[u8], usize, f32, f32) -> f32,
    /// The same for the weights from an index on and all values, in order, from +0.0.
    pub(crate) sum: fn(&[u8], usize, &[f32]) -> f32,
    /// Where all weights are -1, 0 or +1: writes those from an index on as 2-bit codes, four to a byte.
    pub(crate) codes: Option<fn(&[u8], usize, &mut [u8])>,
    /// The first thing that is wrong with the bytes of so many weights.
    fault: fn(&[u8], usize) -> Option<Fault>,
    /// Cuts trailing bytes off a file's sections and checks the rest; see [`checked_body`].
    pub(crate) body: for<'a> fn(&Shape, &'a [u8]) -> Result<&'a [u8], FormatError>,
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

/// Bytes that stand for no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which byte, from the first packed one.
    pub index: usize,
    /// Its value.
    pub found: u8,
    /// What was expected there.
    pub expected: &'static str,
}

/// The sections of a file whose matrices are packed as `packing` says, trailing bytes cut off.
fn checked_body<'a>(packing: Packing, shape: &Shape, rest: &'a [u8]) -> Result<&'a [u8], FormatError> {
    let magic = packing.magic().len();
    let needed = crate::format::packed_body_len(shape, packing);
    let Some(body) = rest.get(..needed) else {
        return Err(FormatError::Truncated { len: magic + rest.len(), needed: magic + needed });
    };
    for section in sections_packed(*shape, packing, None) {
        let SectionKind::Matrix { rows, cols, .. } = section.kind else { continue };
        let start = section.offset + 4;
        let (Some(packed), Some(codec)) = (body.get(start..section.end()), packing.codec()) else { continue };
        if let Some(Fault { index, found, expected }) = codec.fault(packed, rows * cols) {
            let offset = magic + start + index;
            return Err(FormatError::Malformed {
                offset,
                section: section.name,
                layer: section.layer,
                found,
                expected,
            });
        }
    }
    Ok(body)
}

/// `sum + weight * value`, product rounded, then added (numeric contract, step 2.2). A weight of 0 leaves the sum alone:
/// multiplying by it would not be the same where the value is infinite or NaN.
#[inline]
fn add_weighed(sum: f32, weight: i8, value: f32) -> f32 {
    match weight {
        0 => sum,
        1 => sum + value,
        -1 => sum - value,
        other => sum + f32::from(other) * value,
    }
}

/// What exporters leave behind the last weight.
const PADDING: &str = "zero weights behind the last one of the matrix";
