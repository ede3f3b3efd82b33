//! A deterministic natural logarithm, for the entropy of the router weights.

use super::fixed::{mul_high, round, HIDDEN, INFINITY, LN2, SIGN};

/// Bits after the point of the binary logarithm. The smallest non-zero |log2 x|, next to 1, is 2^-23.5: 30 bits of
/// relative precision remain there.
const LOG2_BITS: u32 = 54;

/// The natural logarithm of x, with a relative error below 6.1e-8 (half a last place is 6.0e-8).
///
/// ln(+-0) is -inf, ln(inf) is inf, ln of a NaN or of anything below zero is NaN. Integer arithmetic in every mode:
/// the same bits on every target.
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    // As unsigned numbers the bits of negative floats lie above those of infinity, like the NaNs. The two zeros are
    // told apart because the compiler turns a test for both into a call of the soft-float comparison.
    if bits > INFINITY {
        return if bits == SIGN { f32::NEG_INFINITY } else { f32::NAN };
    }
    if bits == 0 {
        return f32::NEG_INFINITY;
    }
    if bits == INFINITY {
        return x;
    }

    let log2 = log2(bits);
    if log2 == 0 {
        return 0.0;
    }
    let sign = if log2 < 0 { SIGN } else { 0 };
    let up = log2.unsigned_abs().leading_zeros();
    let product = mul_high(log2.unsigned_abs() << up, LN2);
    // product = |ln x| * 2^(LOG2_BITS + up); it is at least 2^62, because ln 2 is above 1/2.
    let more = product.leading_zeros();
    let exponent = 63 - (LOG2_BITS + up + more) as i32;
    f32::from_bits(sign | round(product << more, exponent))
}

/// log2 of a positive finite float, rounded down, with [`LOG2_BITS`] bits after the point.
///
/// Squaring y doubles log2 y, so whether the square reaches 2 is the next bit of the logarithm. An error made in
/// step j counts 2^-j times in the result, so those of all steps stay below 2^-61.
fn log2(bits: u32) -> i64 {
    let (significand, field) =
        if bits < HIDDEN { (bits, 1) } else { ((bits & (HIDDEN - 1)) | HIDDEN, (bits >> 23) as i32) };
    let up = significand.leading_zeros();
    let exponent = field - 119 - up as i32;
    // y = x / 2^exponent, in [1, 2) and Q63.
    let mut y = u64::from(significand << up) << 32;
    let mut log2 = i64::from(exponent);
    for _ in 0..LOG2_BITS {
        let square = mul_high(y, y); // in [1, 4) and Q62
        let reaches_two = square >> 63;
        log2 = log2 << 1 | reaches_two as i64;
        y = square << (1 - reaches_two);
    }
    log2
}
