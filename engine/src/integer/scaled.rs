//! binary32 values taken apart: the model's file has its scales and vectors as such, and no float operation touches them
//! (docs/integer.md#words).

use super::words::{bits, round_shift};
#[cfg(not(vectors))]
use super::IS_LEAST;

/// What stands for the exponent of 0: less than that of any other value.
pub(crate) const NONE: i32 = -1000;

/// Above every result of [`fixed`] that has a use.
const TOO_LARGE: i32 = i32::MAX;

/// A finite value's mantissa with its sign, up to 24 bits, and exponent: `mantissa * 2^exponent`. Subnormals need no case of
/// their own. Values with the exponent of infinities and NaN are refused before ([`super::Refusal`]).
#[cfg_attr(not(vectors), inline(never))]
fn parts(value: f32) -> (i32, i32) {
    let word = value.to_bits();
    let exponent = (word >> 23 & 255) as i32;
    let mantissa = (word & 0x7f_ffff | if exponent > 0 { 1 << 23 } else { 0 }) as i32;
    (if word >> 31 == 1 { -mantissa } else { mantissa }, exponent.max(1) - 150)
}

/// `value * 2^fraction_bits`, rounded; [`TOO_LARGE`] with its sign from 2^30 on.
#[cfg_attr(not(vectors), inline(never))]
pub(crate) fn fixed(value: f32, fraction_bits: i32) -> i32 {
    let (mantissa, exponent) = parts(value);
    let shift = -(exponent + fraction_bits);
    if mantissa != 0 && bits(mantissa.unsigned_abs()) - shift > 30 {
        return TOO_LARGE * mantissa.signum();
    }
    round_shift(mantissa, shift)
}

/// [`fixed`] of many values, given by their bits, whose results are below 2^30.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    /// Exponent field of a value whose mantissa is the result.
    field: i32,
}

#[cfg(not(vectors))]
/// How far to the left a mantissa of 24 bits may be shifted.
const LEFT: i32 = 6;

impl Fixed {
    #[inline(always)]
    pub(crate) fn new(fraction_bits: i32) -> Self {
        Self { field: 150 - fraction_bits }
    }

    /// Without a branch, for vectors.
    #[cfg(vectors)]
    #[inline(always)]
    pub(crate) fn of(self, word: u32) -> i32 {
        let field = (word >> 23 & 255) as i32;
        let mantissa = (word & 0x7f_ffff | u32::from(field > 0) << 23) as i32;
        let sign = word as i32 >> 31;
        let mantissa = (mantissa ^ sign) - sign;
        let shift = self.field - field.max(1);
        // What is not 0 has a result that fits; and by 25 bits, as by more, nothing is left of a mantissa.
        let (left, right) = ((-shift).clamp(0, 31), shift.clamp(1, 25));
        let down = (mantissa + (1 << (right - 1))) >> right;
        if shift <= 0 {
            mantissa << left
        } else {
            down
        }
    }

    /// Whether [`Fixed::of_usual`] does: values of the exponent field 0 come to less than a half.
    #[cfg(vectors)]
    #[inline(always)]
    pub(crate) fn are_usual(self) -> bool {
        self.field >= 25
    }

    /// [`Fixed::of`] in fewer instructions.
    #[cfg(vectors)]
    #[inline(always)]
    pub(crate) fn of_usual(self, word: u32) -> i32 {
        let sign = word as i32 >> 31;
        let field = (word << 1 >> 24) as i32;
        // From a mantissa at the top of 31 bits, which is shifted to the right only, and by 31 bits at most; the last place by
        // itself, to be rounded. With the field 0, nothing is left.
        let mantissa = ((word & 0x7f_ffff | 1 << 23) << 7) as i32;
        let right = ((self.field + 6 - field) as u32).min(31);
        ((((mantissa ^ sign) - sign) >> right) + 1) >> 1
    }

    #[cfg(not(vectors))]
    #[inline(always)]
    pub(crate) fn of(self, word: u32) -> i32 {
        // From a mantissa that is shifted as far to the left as it may come to lie.
        let most = (self.field + LEFT - 1).max(0) as u32;
        let field = word >> 23 & 255;
        // Neither 0 nor above.
        if IS_LEAST || field.wrapping_sub(1) >= most {
            return self.of_any(word);
        }
        let sign = word as i32 >> 31;
        let mantissa = ((word & 0x7f_ffff | 1 << 23) << LEFT) as i32;
        // By 31 bits, as by more, nothing is left of it.
        let right = (most - field).min(30);
        ((((mantissa ^ sign) - sign) >> right) + 1) >> 1
    }

    /// Of 0 and subnormal values, too.
    #[cfg(not(vectors))]
    #[cold]
    #[inline(never)]
    fn of_any(self, word: u32) -> i32 {
        fixed(f32::from_bits(word), 150 - self.field)
    }
}

/// The least `t` for which `|value| < 2^t`; [`NONE`] for 0.
#[cfg_attr(not(vectors), inline(never))]
pub(crate) fn top(value: f32) -> i32 {
    match parts(value) {
        (0, _) => NONE,
        (mantissa, exponent) => exponent + bits(mantissa.unsigned_abs()),
    }
}

/// A number as `sign * mantissa * 2^exponent`, whose mantissa has 16 bits, the first of them set; or 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scaled {
    /// The mantissa with its sign.
    signed: i32,
    pub(crate) exponent: i32,
}

impl Scaled {
    /// log2(e).
    pub(crate) const LOG2_E: Self = Self { signed: 47_274, exponent: -15 };

    /// A binary32 value, rounded to 16 bits.
    #[cfg_attr(not(vectors), inline(never))]
    pub(crate) fn new(value: f32) -> Self {
        let (mantissa, exponent) = parts(value);
        Self::of(mantissa.unsigned_abs(), mantissa, exponent)
    }

    /// `magnitude * 2^exponent` with the sign of `sign`, rounded to 16 bits.
    #[cfg_attr(not(vectors), inline(never))]
    pub(crate) fn of(magnitude: u32, sign: i32, exponent: i32) -> Self {
        if magnitude == 0 {
            return Self::default();
        }
        let shift = bits(magnitude) - 16;
        let (mut mantissa, mut exponent) = (magnitude << (-shift).max(0), exponent + shift);
        if shift > 0 {
            mantissa = ((magnitude >> (shift - 1)) + 1) >> 1;
        }
        if mantissa >> 16 == 1 {
            (mantissa, exponent) = (1 << 15, exponent + 1);
        }
        Self { signed: if sign < 0 { -(mantissa as i32) } else { mantissa as i32 }, exponent }
    }

    /// The product, rounded to 16 bits.
    #[cfg_attr(not(vectors), inline(never))]
    pub(crate) fn times(self, other: Self) -> Self {
        Self::of(self.mantissa() * other.mantissa(), self.signed ^ other.signed, self.exponent + other.exponent)
    }

    /// Divided by 2^`bits`.
    pub(crate) fn over_two_to(self, bits: i32) -> Self {
        Self { exponent: self.exponent - bits, ..self }
    }

    pub(crate) fn to_words(self) -> [i32; 2] {
        [self.signed, self.exponent]
    }

    pub(crate) fn from_words([signed, exponent]: [i32; 2]) -> Self {
        Self { signed, exponent }
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(self) -> i32 {
        self.signed.signum()
    }

    /// 2^15 up to 2^16; 0 for 0.
    pub(crate) fn mantissa(self) -> u32 {
        self.signed.unsigned_abs()
    }

    /// The mantissa with its sign.
    pub(crate) fn signed(self) -> i32 {
        self.signed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_values_are_the_nearest() {
        for (value, fraction_bits, expected) in [
            (1.0, 0, 1),
            (-0.75, 2, -3),
            (0.3, 10, 307),
            (-0.5, 0, 0),
            (0.5, 0, 1),
            (f32::from_bits(1), 149, 1),
            (-f32::from_bits(3), 148, -1),
            (f32::MAX, 0, TOO_LARGE),
            (f32::MIN, 100, -TOO_LARGE),
            (0.0, 300, 0),
        ] {
            assert_eq!(fixed(value, fraction_bits), expected, "{value} * 2^{fraction_bits}");
        }
    }

    #[test]
    fn fixed_point_in_32_bits_is_the_same() {
        let values = [
            0.0f32,
            -0.0,
            1.0,
            -0.75,
            0.3,
            -0.999_999_94,
            1e-38,
            -3e-39,
            f32::from_bits(1),
            -f32::from_bits(3),
            3e38,
            1.999_999_9,
        ];
        for value in values {
            for fraction_bits in -170..=185 {
                let expected = fixed(value, fraction_bits);
                #[cfg(vectors)]
                if Fixed::new(fraction_bits).are_usual() && expected.abs() <= 1 << 29 {
                    let found = Fixed::new(fraction_bits).of_usual(value.to_bits());
                    assert_eq!(found, expected, "{value} * 2^{fraction_bits}");
                }
                if expected.abs() < 1 << 30 {
                    let found = Fixed::new(fraction_bits).of(value.to_bits());
                    assert_eq!(found, expected, "{value} * 2^{fraction_bits}");
                }
            }
        }
    }

    #[test]
    fn tops_are_above_and_not_twice_as_high() {
        for value in [1.0f32, 0.99, 1e-38, 3e38, -2.0, f32::from_bits(1)] {
            // By its bits: a library's powers need not be exact.
            let power = f64::from_bits(((1023 + top(value)) as u64) << 52);
            assert!(f64::from(value.abs()) < power && f64::from(value.abs()) * 2.0 >= power, "{value}");
        }
        assert_eq!(top(-0.0), NONE);
    }

    #[test]
    fn mantissas_have_sixteen_bits() {
        for (value, signed, exponent) in [
            (1.0, 1 << 15, -15),
            (-3.0, -(3 << 14), -14),
            (1.999_999_9, 1 << 15, -14),
            (0.0, 0, 0),
            (1e-45, 1 << 15, -164),
        ] {
            assert_eq!(Scaled::new(value), Scaled { signed, exponent }, "{value}");
        }
        assert_eq!(Scaled::new(-3.0).times(Scaled::new(0.5)), Scaled::new(-1.5));
    }
}
