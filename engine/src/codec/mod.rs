//! The tables that read packed weights which do not lie two bits each.
//!
//! Their type, [`Codec`], is among the weights, so that a matrix can name one; the tables are here, above the kernels that
//! they name.

mod base_three;
mod powers_of_three;

use crate::weights::{Codec, Packing};

pub use base_three::BASE_THREE;
pub use powers_of_three::POWERS_OF_THREE;

impl Codec {
    /// All tables.
    pub const ALL: [&'static Self; 2] = [&BASE_THREE, &POWERS_OF_THREE];
}

impl Packing {
    /// The table that reads them; `None` for 2-bit weights, which need none.
    pub const fn codec(self) -> Option<&'static Codec> {
        match self {
            Self::TwoBits => None,
            Self::BaseThree => Some(&BASE_THREE),
            Self::PowersOfThree => Some(&POWERS_OF_THREE),
        }
    }
}

/// The sum of the weights from index `start` on times the values, in order, for formats of which this is not worth more
/// code.
fn sum_one_by_one(weight: fn(&[u8], usize) -> i8, packed: &[u8], start: usize, x: &[f32]) -> f32 {
    x.iter().zip(start..).fold(0.0, |sum, (&value, index)| add_product(sum, weight(packed, index), value))
}

/// `sum + weight * value`, product rounded, then added (docs/numerics.md#22-quantised-matrix-times-vector). A weight of 0
/// leaves the sum alone: multiplying by it would not be the same where the value is infinite or NaN.
#[inline]
fn add_product(sum: f32, weight: i8, value: f32) -> f32 {
    match weight {
        0 => sum,
        1 => sum + value,
        -1 => sum - value,
        other => sum + f32::from(other) * value,
    }
}
