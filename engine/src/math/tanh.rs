//! Correctly rounded `tanh`, from the reduction and series of `exp`.

use super::exp::{reduce, series};
use super::fixed::{magnitude_q49, mul_high, round, INFINITY, SIGN};

/// 2^-12: below it tanh x = x (1 - x^2/3 + ...) differs from x by less than 2^-25.5 relative, under half a last place.
const ROUNDS_TO_X: u32 = 0x3980_0000;
/// 10: from there on (in fact from 9.011) 1 - tanh x is below 2^-25, half a last place under 1.
const ROUNDS_TO_ONE: u32 = 0x4120_0000;

/// tanh x, correctly rounded to nearest even.
///
/// tanh(NaN) is NaN, tanh(+-0) is +-0, tanh(+-inf) is +-1; subnormal arguments return themselves. Portable: the same
/// bits on every target.
pub fn tanh(x: f32) -> f32 {
    let bits = x.to_bits();
    let magnitude = bits & !SIGN;
    let sign = bits & SIGN;
    if magnitude > INFINITY {
        return f32::NAN;
    }
    if magnitude < ROUNDS_TO_X {
        return x;
    }
    if magnitude >= ROUNDS_TO_ONE {
        return f32::from_bits(sign | 1f32.to_bits());
    }
    f32::from_bits(sign | tanh_of_half((magnitude_q49(magnitude) << 1) as i64))
}

/// Bits of tanh(y/2) = (e^y - 1) / (e^y + 1), for y in Q49 and in [2^-11, 20).
fn tanh_of_half(y: i64) -> u32 {
    let (k, r) = reduce(y);
    let t = series(r);
    let above_one = r + mul_high(r, t);
    if k == 0 {
        // e^y - 1 = r (1 + t) would lose bits for small r, so r is brought up to 64 bits first. It is not zero: it
        // is y, and exact. Numerator in Q(61 + up), denominator 2 + r (1 + t), below 3, in Q61.
        let up = r.leading_zeros();
        let scaled = r << up;
        let numerator = (scaled >> 3) + (mul_high(scaled, t) >> 3);
        return divide(numerator, (1 << 62) + (above_one >> 3), -(up as i32));
    }
    // Both divided by 2^k, so e^y becomes its significand; 2^-k is exact because k <= 28. The numerator is at least
    // 1/2: nothing is lost in the subtraction.
    let significand = (1 << 61) + (above_one >> 3);
    let one = 1 << (61 - k);
    divide(significand - one, significand + one, 0)
}

/// `numerator / denominator * 2^exponent` rounded to binary32.
///
/// Both are Q61, the denominator in [1, 3): a remainder, which stays below it, can be doubled in 64 bits. The
/// numerator is at least 1/2, and the result is a normal number.
fn divide(numerator: u64, denominator: u64, mut exponent: i32) -> u32 {
    let mut remainder = numerator;
    while remainder < denominator {
        remainder <<= 1;
        exponent -= 1;
    }
    // 24 bits of the quotient, the round bit and one more; whatever is left over only counts as "not zero".
    let mut quotient = 0u32;
    for _ in 0..26 {
        quotient <<= 1;
        if remainder >= denominator {
            remainder -= denominator;
            quotient |= 1;
        }
        remainder <<= 1;
    }
    let sticky = u64::from(remainder != 0);
    round(u64::from(quotient) << 38 | sticky, exponent)
}
