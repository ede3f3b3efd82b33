//! `exp` and `tanh` in 32 bits, for cores that take long over 64.
//!
//! The value is known to lie between two bounds. Where both round to the same float, that is the correctly rounded
//! result; for the few arguments where they do not ("the table maker's dilemma"; 1 in 50 for `exp`, 1 in 6 for `tanh`)
//! there is no answer here, and the functions go on in 64 bits.

use super::fixed::HIDDEN;

/// 1/n! in Q32 for n = 11 down to 2, rounded down. The first dropped term counts a quarter of a unit.
const COEFFICIENTS: [u32; 10] =
    [0x6b, 0x49f, 0x2e3b, 0x1_a01a, 0xd_00d0, 0x5b_05b0, 0x222_2222, 0xaaa_aaaa, 0x2aaa_aaaa, 0x8000_0000];

/// t(r) = (e^r - 1) / r - 1 in Q32, for r in Q32 and in [0, ln 2): as `exp::series`, and up to 8 units too small.
///
/// A step's sum is below 0.65, so cut r costs it 0.65 units; the coefficient and the product are cut by 1 each, and
/// what the step before lacks counts r < 0.694 times: 8.7 units at most. The last product makes 7.7 of them.
#[inline]
fn series(r: u32) -> u32 {
    let head = COEFFICIENTS.iter().fold(0, |sum, &c| c + high(sum, r));
    high(head, r)
}

/// Upper 32 bits of the product.
#[inline]
fn high(a: u32, b: u32) -> u32 {
    // ARMv6-M, where a multiplication gives 32 bits only.
    if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) {
        high_of_halves(a, b)
    } else {
        ((u64::from(a) * u64::from(b)) >> 32) as u32
    }
}

#[inline]
fn high_of_halves(a: u32, b: u32) -> u32 {
    let (a1, a0, b1, b0) = (a >> 16, a & 0xffff, b >> 16, b & 0xffff);
    // Hidden from the compiler, which else puts the halves together again and calls a 64-bit multiplication.
    let low = core::hint::black_box(a0 * b0);
    let middle = a1 * b0 + (low >> 16);
    let carry = a0 * b1 + (middle & 0xffff);
    a1 * b1 + (middle >> 16) + (carry >> 16)
}

/// Bits of e^r 2^k, for r in Q64 and in [0, ln 2). `None` also for subnormal results.
#[inline]
pub(super) fn exp(k: i32, r: u64) -> Option<u32> {
    if k < -126 {
        return None;
    }
    let r = (r >> 32) as u32;
    // Up to 8 units too small, and by no more than a rounding of r too large.
    let above_one = r + high(r, series(r));
    // The last place kept is bit 9.
    let rest = above_one & 0x1ff;
    let undecided = (256 - 8..=256 + 1).contains(&rest);
    let bits = (((k + 127) as u32) << 23) + (above_one >> 9) + u32::from(rest > 256);
    (!undecided).then_some(bits)
}

/// Bits of tanh(y/2) = (e^y - 1) / (e^y + 1) for e^y = e^r 2^k, 0 <= k <= 28, r in Q64, in [2^-11, ln 2) if k is 0. There,
/// r has no more than 24 significant bits.
#[inline]
pub(super) fn tanh_of_half(k: i32, r: u64) -> Option<u32> {
    let r_q32 = (r >> 32) as u32;
    let t = series(r_q32);
    let above_one = r_q32 + high(r_q32, t);
    let (quotient, exponent, undecided) = if k == 0 {
        // As in 64 bits: r brought up, which is exact, and r (1 + t), at least 2^29 and up to 3.7 units too small;
        // 2 + r (1 + t) in Q29, at least 2^30 and up to 1.9 units too small. That makes the quotient, which is below 2^31
        // and cut, up to 16 units too small or 4 too large.
        let up = r.leading_zeros();
        let scaled = ((r << up) >> 32) as u32;
        let (quotient, exponent) = divide((scaled >> 2) + (high(scaled, t) >> 2), (1 << 30) + (above_one >> 3));
        (quotient, exponent - 1 - up as i32, 64 - 16..=64 + 4)
    } else {
        // Both divided by 2^k and at least 2^29; the numerator in Q30, up to 2.7 units too small, the denominator in Q29,
        // up to 1.9. That makes the quotient up to 12 units too small or 8 too large.
        let numerator = (1 << 30) + (above_one >> 2) - (1 << 30 >> k);
        let denominator = (1 << 29) + (above_one >> 3) + (1 << 29 >> k);
        let (quotient, exponent) = divide(numerator, denominator);
        (quotient, exponent - 1, 64 - 12..=64 + 8)
    };
    // The last place kept is bit 7.
    let rest = quotient & 0x7f;
    let bits = (((exponent + 127) as u32) << 23) + (quotient >> 7) - HIDDEN + u32::from(rest > 64);
    (!undecided.contains(&rest)).then_some(bits)
}

/// The quotient, in [1, 2) and in Q30, cut, and the power of two that it is to be multiplied by. The denominator is
/// below 2^31 and the numerator not 0.
#[inline]
fn divide(numerator: u32, denominator: u32) -> (u32, i32) {
    let mut exponent = 0;
    let mut remainder = numerator;
    while remainder < denominator {
        exponent -= 1;
        remainder <<= 1;
    }
    remainder -= denominator;
    let mut quotient = 1;
    for _ in 0..30 {
        remainder <<= 1;
        quotient <<= 1;
        if remainder >= denominator {
            remainder -= denominator;
            quotient |= 1;
        }
    }
    (quotient, exponent)
}

#[cfg(test)]
mod tests {
    use super::super::exp::reduce;
    use super::super::fixed::magnitude_q49;
    use super::super::portable;
    use super::*;
    use crate::random::Rng;

    /// The bits of every so many arguments.
    fn arguments(from: f32, to: f32) -> impl Iterator<Item = u32> {
        let step = if cfg!(miri) { 4_000_037 } else { 37 };
        (from.to_bits()..to.to_bits()).step_by(step)
    }

    #[test]
    fn halves_make_the_product() {
        let mut rng = Rng(1);
        for _ in 0..if cfg!(miri) { 100 } else { 1_000_000 } {
            let (a, b) = (rng.word(), rng.word());
            assert_eq!(high_of_halves(a, b), high(a, b), "{a} * {b}");
        }
        assert_eq!(high_of_halves(u32::MAX, u32::MAX), u32::MAX - 1);
    }

    #[test]
    fn exp_is_that_of_64_bits_or_none() {
        let (mut all, mut undecided) = (0, 0);
        for bits in arguments(2f32.powi(-26), 88.72283) {
            let fixed = magnitude_q49(bits) as i64;
            for (x, fixed) in [(f32::from_bits(bits), fixed), (-f32::from_bits(bits), -fixed)] {
                let (k, r) = reduce(fixed);
                all += 1;
                match exp(k, r) {
                    Some(quick) => assert_eq!(quick, portable::exp(x).to_bits(), "{x:e}"),
                    None => undecided += 1,
                }
            }
        }
        assert!(undecided < all / 20, "{undecided} of {all}");
        let smallest = f32::MIN_POSITIVE.to_bits();
        assert_eq!([exp(-126, 0), exp(-127, 0)], [Some(smallest), None], "the end of the normal numbers");
    }

    #[test]
    fn tanh_is_that_of_64_bits_or_none() {
        let (mut all, mut undecided) = (0, 0);
        for bits in arguments(2f32.powi(-12), 10.0) {
            let (k, r) = reduce((magnitude_q49(bits) << 1) as i64);
            let x = f32::from_bits(bits);
            all += 1;
            match tanh_of_half(k, r) {
                Some(quick) => assert_eq!(quick, portable::tanh(x).to_bits(), "{x:e}"),
                None => undecided += 1,
            }
        }
        assert!(undecided < all / 5, "{undecided} of {all}");
    }
}
