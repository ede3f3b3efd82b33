//! Correctly rounded `sqrt`, one binary digit at a time.

use super::fixed::{HIDDEN, INFINITY, SIGN};

/// The square root of x, correctly rounded to nearest even.
///
/// sqrt(NaN) and sqrt of anything below zero are NaN, sqrt(-0) is -0, sqrt(inf) is inf. Portable: the same bits on
/// every target.
pub fn sqrt(x: f32) -> f32 {
    let bits = x.to_bits();
    // As unsigned numbers the bits of negative floats lie above those of infinity, like the NaNs. The two zeros are
    // told apart because the compiler turns a test for both into a call of the soft-float comparison.
    if bits > INFINITY {
        return if bits == SIGN { x } else { f32::NAN };
    }
    if bits == 0 || bits == INFINITY {
        return x;
    }

    // x = significand * 2^(exponent - 23) with bit 23 of the significand set, also for a subnormal x.
    let (significand, exponent) = if bits < HIDDEN {
        let up = bits.leading_zeros() - 8;
        (bits << up, -126 - up as i32)
    } else {
        ((bits & (HIDDEN - 1)) | HIDDEN, (bits >> 23) as i32 - 127)
    };
    // x = m * 2^(2 half) with m in [1, 4) in Q30, so sqrt x = sqrt(m) * 2^half with sqrt(m) in [1, 2).
    let half = exponent >> 1;
    let m = significand << (7 + (exponent & 1));

    let root = root_q24(m);
    // Half way between two floats cannot occur: such a root has 25 significant bits and its square at least 49.
    // So the 25th bit alone decides. The hidden bit adds the last 1 to the exponent field.
    f32::from_bits((((half + 126) as u32) << 23) + ((root + 1) >> 1))
}

/// floor(sqrt(m) * 2^24) for m in Q30 and in [1, 4): the school method, two bits of m for each bit of the root.
fn root_q24(mut m: u32) -> u32 {
    let mut root = 0;
    // Stays at most 2 * root, so everything fits in 32 bits.
    let mut remainder = 0;
    for _ in 0..25 {
        remainder = remainder << 2 | m >> 30;
        m <<= 2;
        let trial = root << 2 | 1;
        root <<= 1;
        if remainder >= trial {
            remainder -= trial;
            root |= 1;
        }
    }
    root
}
