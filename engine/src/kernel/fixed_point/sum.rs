//! One running sum in fixed point.

use super::tables::{Tables, FIRST_LEVEL, LEVELS, STEP};

/// A binary32 sum as sign, magnitude and unit.
pub(super) struct Sum {
    /// In units of the level: an even number with at most 24 significant bits, at most 2^31. A sum of 0 is +0.
    pub(super) magnitude: u32,
    pub(super) is_negative: bool,
    pub(super) level: usize,
}

impl Sum {
    /// +0
    #[inline]
    pub(super) fn nothing() -> Self {
        Self { magnitude: 0, is_negative: false, level: FIRST_LEVEL }
    }

    /// `value` as a sum over these tables; `None` where it has no place on any level.
    pub(super) fn enter(tables: &Tables, value: f32) -> Option<Self> {
        let bits = value.to_bits();
        if bits == 0 {
            return Some(Self::nothing());
        }
        let field = (bits >> 23 & 0xff) as i32;
        let significand = bits & 0x007f_ffff | 0x0080_0000;
        let low_zeros = significand.trailing_zeros() as i32;
        // The value is significand * 2^shift units of the finest level. It has to be an even number of units: that
        // decides the coarsest level with a place for it.
        let shift = field - 150 - tables.unit(0);
        let level = ((shift + low_zeros - 1) >> STEP.trailing_zeros()).min(LEVELS as i32 - 1);
        let shift = shift - STEP as i32 * level;
        // A subnormal, inf or NaN: the unit is a normal number, and the window ends below inf.
        if field == 0 || level < 0 || shift > 7 {
            return None;
        }
        let magnitude = if shift >= 0 { significand << (shift & 31) } else { significand >> (-shift & 31) };
        Some(Self { magnitude, is_negative: value.is_sign_negative(), level: level as usize })
    }

    /// The sum as binary32. Exact.
    #[inline]
    pub(super) fn value(&self, tables: &Tables) -> f32 {
        packed(self.magnitude, u32::from(self.is_negative) << 31, tables.unit(self.level))
    }
}

/// magnitude * 2^unit, with this bit for the sign but where it is 0. One copy where two ways to add up a row end here.
#[cfg_attr(assembly = "thumb1", inline)]
#[cfg_attr(not(assembly = "thumb1"), inline(never))]
fn packed(magnitude: u32, sign: u32, unit: i32) -> f32 {
    if magnitude == 0 {
        return 0.0;
    }
    let zeros = magnitude.leading_zeros();
    let field = (158 - zeros as i32 + unit) as u32;
    // The hidden bit adds the last 1 to the exponent field.
    f32::from_bits(sign | (((field - 1) << 23) + (magnitude << zeros >> 8)))
}
