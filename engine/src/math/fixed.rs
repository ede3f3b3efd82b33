//! Fixed-point pieces that the functions share: the high half of a product, ln 2, and the one rounding to binary32.
//!
//! A host inlines them. A 32-bit core keeps one copy of each, because arithmetic of 64 bits takes it many instructions.

/// Sign bit of a binary32.
pub(super) const SIGN: u32 = 0x8000_0000;
/// Bits of +infinity; a magnitude above it is a NaN.
pub(super) const INFINITY: u32 = 0x7f80_0000;
/// The implicit leading bit of a normal significand; also the first bit above the fraction field.
pub(super) const HIDDEN: u32 = 0x0080_0000;

/// ln 2 in Q64, rounded down.
pub(super) const LN2: u64 = 0xb172_17f7_d1cf_79ab;
/// The 32 bits of ln 2 that follow [`LN2`]; what follows them is below 0.02 units.
pub(super) const LN2_LOW: u32 = 0xc9e3_b398;

/// Upper 64 bits of the 128-bit product `a * b`, rounded down.
///
/// On 32-bit targets built from four 32 x 32 -> 64 multiplications: `u128` would call `__multi3`, which their runtime
/// libraries lack.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(crate) fn mul_high(a: u64, b: u64) -> u64 {
    if cfg!(target_pointer_width = "64") {
        return ((u128::from(a) * u128::from(b)) >> 64) as u64;
    }
    by_halves(a, b)
}

fn by_halves(a: u64, b: u64) -> u64 {
    let (a1, a0) = (a >> 32, a & 0xffff_ffff);
    let (b1, b0) = (b >> 32, b & 0xffff_ffff);
    // Neither sum overflows: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
    let middle = a1 * b0 + ((a0 * b0) >> 32);
    let carry = a0 * b1 + (middle & 0xffff_ffff);
    a1 * b1 + (middle >> 32) + (carry >> 32)
}

/// Magnitude of a finite float in Q49. Exact for 2^-26 <= |x| < 2^7, the range in which it may be called.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(super) fn magnitude_q49(bits: u32) -> u64 {
    let significand = (bits & (HIDDEN - 1)) | HIDDEN;
    // The value is significand * 2^(field - 150), and field - 150 + 49 = field - 101.
    let shift = ((bits & INFINITY) >> 23).wrapping_sub(101);
    u64::from(significand).wrapping_shl(shift)
}

/// `significand * 2^(exponent - 63)` rounded to the nearest binary32, ties to even, as a positive float.
///
/// Bit 63 of `significand` is set, so the value lies in [2^exponent, 2^(exponent + 1)); `exponent` is in -150..=127.
/// Subnormal results are cut at their last bit directly, never rounded twice. Too large a value becomes infinity.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(super) fn round(significand: u64, exponent: i32) -> u32 {
    let field = exponent + 127;
    // Bits to drop: all but 24, and one more for each binade below the smallest normal one. At most 64.
    let dropped = if field >= 1 { 40 } else { 41 - field } as u32;
    // `dropped` may be 64, so the round bit stays for the moment: the shift itself never exceeds 63.
    let with_round_bit = significand >> (dropped - 1);
    let sticky = with_round_bit << (dropped - 1) != significand;
    let kept = with_round_bit >> 1;
    let up = with_round_bit & (kept | u64::from(sticky)) & 1;
    // The hidden bit of `kept` adds the last 1 to the exponent field, and so does a carry out of the rounding.
    ((field.max(1) as u32 - 1) << 23) + (kept + up) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn mul_high_is_the_upper_half_of_the_product() {
        let mut rng = Rng(1);
        let edges = [0, 1, 2, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_0000_0000, u64::MAX - 1, u64::MAX];
        let check = |a: u64, b: u64| {
            assert_eq!(by_halves(a, b), ((a as u128 * b as u128) >> 64) as u64, "{a} * {b}");
            assert_eq!(mul_high(a, b), by_halves(a, b), "{a} * {b}");
        };
        for a in edges {
            for b in edges {
                check(a, b);
            }
            check(a, rng.next());
        }
        for _ in 0..if cfg!(miri) { 100 } else { 1_000_000 } {
            check(rng.next(), rng.next());
        }
    }

    #[test]
    fn ln2_holds_96_bits() {
        // ln 2 = sum over n >= 1 of 1 / (n 2^n), here with 120 bits after the point.
        let sum: u128 = (1..=120).map(|n| (1u128 << (120 - n)) / n as u128).sum();
        let held = (u128::from(LN2) << 32 | u128::from(LN2_LOW)) << 24;
        assert!(held.abs_diff(sum) < 1 << 24, "{held:x} {sum:x}");
    }

    #[test]
    fn rounding_is_to_even_and_once() {
        let one = 1u64 << 63;
        let half_ulp = 1u64 << 39;
        assert_eq!(round(one, 0), 1f32.to_bits());
        assert_eq!(round(one | half_ulp, 0), 1f32.to_bits());
        assert_eq!(round(one | half_ulp | 1, 0), 1f32.to_bits() + 1);
        assert_eq!(round(one | (3 * half_ulp), 0), 1f32.to_bits() + 2);
        assert_eq!(round(u64::MAX, 0), 2f32.to_bits());
        assert_eq!(round(u64::MAX, 127), INFINITY);
        assert_eq!(round(u64::MAX, -127), f32::MIN_POSITIVE.to_bits());
        assert_eq!(round(one, -149), 1);
        assert_eq!(round(one, -150), 0);
        assert_eq!(round(one | 1, -150), 1);
        // Rounded to 24 bits first, the sticky bit would be lost and the tie would go down to 2.
        assert_eq!(round(0b101 << 61 | 1, -148), 3);
    }
}
