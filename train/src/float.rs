//! The number type of a forward and backward pass: f32 to train, f64 to check gradients against finite differences.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// What the layers need of a number.
///
/// Every function gives the same bits on every machine: nothing here calls the system's C library.
pub trait Float:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The nearest value.
    fn of(value: f64) -> Self;
    /// The value in f64.
    fn f64(self) -> f64;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// e^x; for f32 within 2 units in the last place, and a loop over it is vectorised.
    fn exp(self) -> Self;
    /// e^x as the engine computes it in portable mode: correctly rounded.
    fn exp_rounded(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// The nearest whole number, half to even; for values below 2^22.
    fn round_half_even(self) -> Self;
}

impl Float for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exp_f32(self)
    }

    #[inline(always)]
    fn exp_rounded(self) -> Self {
        exp_f64(f64::from(self)) as f32
    }

    fn tanh(self) -> Self {
        atome_engine::math::portable::tanh(self)
    }

    fn ln(self) -> Self {
        atome_engine::math::ln(self)
    }

    fn erf(self) -> Self {
        libm::erff(self)
    }

    #[inline(always)]
    fn round_half_even(self) -> Self {
        // Adding 1.5 * 2^23 leaves no bits for a fraction: one rounding, and no call where there is no such instruction.
        const SHIFT: f32 = 12_582_912.0;
        (self + SHIFT) - SHIFT
    }
}

impl Float for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    fn exp(self) -> Self {
        libm::exp(self)
    }

    fn exp_rounded(self) -> Self {
        libm::exp(self)
    }

    fn tanh(self) -> Self {
        libm::tanh(self)
    }

    fn ln(self) -> Self {
        libm::log(self)
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }

    #[inline(always)]
    fn round_half_even(self) -> Self {
        self.round_ties_even()
    }
}

/// e^x by reduction to |r| <= ln(2)/2 and a polynomial of degree 6: no branch, no table, no call.
///
/// Below -87.3 the result stays at the smallest normal number; NaN stays NaN.
#[inline(always)]
fn exp_f32(x: f32) -> f32 {
    const LOWEST: f32 = -87.336_54;
    const HIGHEST: f32 = 88.0;
    // ln 2 in two parts: the product of a whole number and the first is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let n = (x * std::f32::consts::LOG2_E).round_half_even();
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        series = series * r + coefficient;
    }
    let power = (series * r) * r + r + 1.0;
    // n is between -126 and 127, or NaN, which the cast turns into 0 and `power` remembers. Going through the bits of a
    // shifted float keeps the conversion in vector registers.
    let exponent = (n + 12_582_912.0).to_bits().wrapping_shl(23).wrapping_add(1.0f32.to_bits());
    power * f32::from_bits(if n.is_nan() { 1.0f32.to_bits() } else { exponent })
}

/// e^x to about 2^-52, for a single rounding to f32: that goes wrong only where a midpoint of two floats is as near, and the
/// nearest one to any value is 2^-51.6 away (see the engine's `math`).
#[inline(always)]
fn exp_f64(x: f64) -> f64 {
    // Far below the least f32 and above the largest one; keeps the exponent within that of an f64.
    let x = if x < -200.0 { -200.0 } else { x };
    let x = if x > 200.0 { 200.0 } else { x };
    // ln 2 in two parts: the product of a whole number and the first is exact.
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // 1.5 * 2^52 leaves no bits for a fraction, and a whole number in the lowest ones.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // 1/13!, 1/12!, ... 1/2!
    const COEFFICIENTS: [f64; 12] = inverse_factorials();
    let mut series = COEFFICIENTS[0];
    for coefficient in &COEFFICIENTS[1..] {
        series = series * r + coefficient;
    }
    let power = 1.0 + (r + (r * r) * series);
    let exponent = shifted.to_bits().wrapping_shl(52).wrapping_add(1.0f64.to_bits());
    power * f64::from_bits(exponent)
}

const fn inverse_factorials() -> [f64; 12] {
    let mut found = [0.0; 12];
    let (mut factorial, mut n) = (1.0, 2);
    while n <= 13 {
        factorial *= n as f64;
        found[13 - n] = 1.0 / factorial;
        n += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_correctly_rounded_one() {
        let mut worst = 0;
        for i in 0..200_000 {
            let x = -87.0 + (i as f32) * (174.0 / 200_000.0);
            let (ours, right) = (Float::exp(x), atome_engine::math::portable::exp(x));
            worst = worst.max(ours.to_bits().abs_diff(right.to_bits()));
        }
        assert!(worst <= 2, "{worst} units in the last place");
        assert_eq!(Float::exp(0.0f32), 1.0);
        assert!(Float::exp(f32::NAN).is_nan());
        assert!(Float::exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn exp_rounded_is_the_engines() {
        let check = |x: f32| {
            let (ours, right) = (x.exp_rounded(), atome_engine::math::portable::exp(x));
            assert!(ours.to_bits() == right.to_bits() || ours.is_nan() && right.is_nan(), "{x:e}: {ours:e} {right:e}");
        };
        // Every 1021st float of either sign, among them subnormals, infinities and NaN.
        (0..=u32::MAX).step_by(1021).for_each(|bits| check(f32::from_bits(bits)));
        // The hardest arguments: those nearest to a midpoint.
        let special = [-14.56709, 0.0, -0.0, -1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 88.72284, -103.97208];
        special.into_iter().for_each(check);
        for step in 0..2_000_000 {
            check(-25.0 * (step as f32 / 2e6));
        }
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (value, rounded) in
            [(0.5f32, 0.0), (1.5, 2.0), (-0.5, 0.0), (-1.5, -2.0), (0.500_000_06, 1.0), (-2.5, -2.0)]
        {
            assert_eq!(value.round_half_even(), rounded);
            assert_eq!(f64::from(value).round_half_even(), f64::from(rounded));
        }
    }
}
