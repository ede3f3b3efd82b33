//! Correctly rounded `exp`, and the reduction and series that `tanh` shares.

use super::fixed::{magnitude_q49, mul_high, round, INFINITY, LN2, LN2_LOW, SIGN};

/// 2^-26: below it e^x is nearer to 1 than to a neighbour of 1 (which are 2^-23 above and 2^-24 below).
const ROUNDS_TO_ONE: u32 = 0x3280_0000;
/// 88.72283, the largest x whose e^x is finite. The next float is above 128 ln 2.
const LARGEST: u32 = 0x42b1_7217;
/// 103.97207, the largest -x whose e^x is above 2^-150, half the smallest subnormal. The next float is above 150 ln 2.
const SMALLEST: u32 = 0x42cf_f1b4;

/// 87: e^x of smaller magnitudes is a normal number.
#[cfg(vectors)]
const SURELY_NORMAL: u32 = 0x42ae_0000;

/// e^x, correctly rounded to nearest even.
///
/// exp(NaN) is NaN, exp(inf) is inf, exp(-inf) is 0; overflow gives inf, and results down to the smallest
/// subnormal are kept. Portable: the same bits on every target.
pub fn exp(x: f32) -> f32 {
    let bits = x.to_bits();
    let magnitude = bits & !SIGN;
    let negative = bits & SIGN != 0;
    if magnitude > INFINITY {
        return f32::NAN;
    }
    if magnitude < ROUNDS_TO_ONE {
        return 1.0;
    }
    if negative && magnitude > SMALLEST {
        return 0.0;
    }
    if !negative && magnitude > LARGEST {
        return f32::INFINITY;
    }

    #[cfg(vectors)]
    if magnitude < SURELY_NORMAL {
        if let Some(result) = super::in_binary64::exp(x) {
            return result;
        }
    }
    let fixed = magnitude_q49(magnitude) as i64;
    let (k, r) = reduce(if negative { -fixed } else { fixed });
    let above_one = r + mul_high(r, series(r));
    f32::from_bits(round(1 << 63 | above_one >> 1, k))
}

/// floor(2^14 / ln 2), for the first guess at x / ln 2.
const INVERSE_LN2_Q14: i32 = 23_637;

/// Splits x (Q49, |x| < 104) into k = floor(x / ln 2) and r = x - k ln 2, in Q64 and in [0, ln 2).
///
/// r is less than 1.01 units too large; it is exact for k = 0.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(super) fn reduce(x: i64) -> (i32, u64) {
    // In units of 1 / (256 * 2^14). Cutting x to Q8 lowers the quotient by up to 0.0057; for negative x the cut
    // constant raises it by up to 0.00075, which the 2^12 units (0.00098) take back. So k is right or one too small.
    let guess = ((x >> 41) as i32 * INVERSE_LN2_Q14 - (1 << 12)) >> 22;
    let r = remainder(x, guess);
    if r < LN2 {
        (guess, r)
    } else {
        (guess + 1, remainder(x, guess + 1))
    }
}

/// x - k ln 2 in Q64, modulo 2^64: the whole part cancels, so wrapping arithmetic loses nothing.
#[inline]
fn remainder(x: i64, k: i32) -> u64 {
    let high = LN2.wrapping_mul(k as u64);
    let low = (i64::from(k) * i64::from(LN2_LOW)) >> 32;
    ((x << 15) as u64).wrapping_sub(high).wrapping_sub(low as u64)
}

/// 1/n! in Q64 for n = 11 down to 2, rounded to nearest.
const HEAD: [u64; 10] = [
    0x0000_006b_9915_9fd5,
    0x0000_049f_93ed_de28,
    0x0000_2e3b_c74a_ad8e,
    0x0001_a01a_01a0_1a02,
    0x000d_00d0_0d00_d00d,
    0x005b_05b0_5b05_b05b,
    0x0222_2222_2222_2222,
    0x0aaa_aaaa_aaaa_aaab,
    0x2aaa_aaaa_aaaa_aaab,
    0x8000_0000_0000_0000,
];

/// 1/n! in Q60 for n = 19 down to 12, rounded to nearest. The first dropped term, r^20/20!, is below 2^-71.
const TAIL: [u32; 8] = [9, 180, 3_241, 55_104, 881_658, 13_224_869, 185_148_170, 2_406_926_208];

/// t(r) = (e^r - 1) / r - 1 = r (1/2! + r (1/3! + r (1/4! + ...))) in Q64, for r in Q64 and in [0, ln 2].
///
/// From r^12/12! on, where a term is below 2^-35, 32 bits are enough: the tail is off by less than 4 units of Q60
/// (64 of Q64), which the factor r^10 makes 1.7 units of q. Each step of the head adds at most 1 unit for its
/// cut product and 0.5 for its coefficient, times r for every step that follows: 4.9. So the sum q is off by less
/// than 6.6 units, t = r q by 5.6, and r (1 + t) by 4.9, the cut of that last product included. With r off by 1.01,
/// which counts e^r <= 2 times, and the cut to Q63 (2 units), the significand 1 + r (1 + t) of `exp` is off by less
/// than 9 units of 2^-64.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(super) fn series(r: u64) -> u64 {
    let r_q32 = r >> 32;
    let tail = TAIL.iter().fold(0, |sum, &c| u64::from(c) + ((sum * r_q32) >> 32));
    let head = HEAD.iter().fold(tail << 4, |sum, &c| c + mul_high(sum, r));
    mul_high(r, head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In 96 bits after the point, as many as `ln 2` is held to.
    #[test]
    fn what_is_left_of_the_argument_is_less_than_a_unit_too_large() {
        let ln2 = i128::from(LN2) << 32 | i128::from(LN2_LOW);
        let step = if cfg!(miri) { 40_000_037 } else { 4_037 };
        for magnitude in (ROUNDS_TO_ONE..SMALLEST).step_by(step) {
            let fixed = magnitude_q49(magnitude) as i64;
            for x in [fixed, -fixed] {
                let (k, r) = reduce(x);
                let exact = (i128::from(x) << 47) - i128::from(k) * ln2;
                let excess = (i128::from(r) << 32) - exact;
                assert!(r <= LN2 && (0..1 << 32).contains(&excess), "{x}: {k} and {r}, {excess} too large");
            }
        }
    }
}
