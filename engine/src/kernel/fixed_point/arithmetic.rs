//! Addition and multiplication of binary32 in integers, rounded to nearest even, for cores whose C library is slow at
//! it.
//!
//! Bits in, bits out. Of a NaN only that it is one is right.

const SIGN: u32 = 1 << 31;
const INFINITY: u32 = 0x7f80_0000;
const HIDDEN: u32 = 1 << 23;
const NAN: u32 = 0x7fc0_0000;

/// `a * b`
#[inline]
pub fn multiply(a: u32, b: u32) -> u32 {
    let sign = (a ^ b) & SIGN;
    let (field_a, field_b) = (a >> 23 & 0xff, b >> 23 & 0xff);
    // Zeros and subnormals, infinities and NaN.
    if field_a.wrapping_sub(1) >= 254 || field_b.wrapping_sub(1) >= 254 {
        return multiply_any(a, b);
    }
    let (significand_a, significand_b) = (a & (HIDDEN - 1) | HIDDEN, b & (HIDDEN - 1) | HIDDEN);
    ordinary_product(sign, field_a + field_b, significand_a, significand_b).unwrap_or_else(|| multiply_any(a, b))
}

/// The product of two normal numbers, by the sum of their fields; `None` where it may be no normal number.
#[inline]
pub(super) fn ordinary_product(sign: u32, fields: u32, a: u32, b: u32) -> Option<u32> {
    let product = product(a, b);
    let low = product >> 31 ^ 1;
    let field = fields.wrapping_sub(126 + low);
    (field.wrapping_sub(1) < 253).then(|| sign | rounded(field, product << low))
}

/// The top 32 of the 48 bits of a product of two 24-bit significands; bit 0 is set, too, where anything lies below.
#[inline]
fn product(a: u32, b: u32) -> u32 {
    if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) {
        product_of_halves(a, b)
    } else {
        let wide = u64::from(a << 8) * u64::from(b << 8);
        (wide >> 32) as u32 | u32::from(wide as u32 != 0)
    }
}

/// The same where a multiplication gives 32 bits only.
#[inline]
fn product_of_halves(a: u32, b: u32) -> u32 {
    let (a1, a0, b1, b0) = (a >> 8, a & 0xff, b >> 8, b & 0xff);
    let low = a0 * b0;
    // The whole is 2^16 a1 b1 + 2^8 middle + the lowest 8 bits of low.
    let middle = a1 * b0 + a0 * b1 + (low >> 8);
    (a1 * b1 + (middle >> 8)) | u32::from((middle | low) & 0xff != 0)
}

/// Packs a significand with bit 31 set, rounded to 24 bits, into a field of 1 to 254; may carry into infinity.
#[inline]
fn rounded(field: u32, significand: u32) -> u32 {
    let kept = significand >> 8;
    let up = ((significand & 0xff) + 0x7f + (kept & 1)) >> 8;
    // The hidden bit adds the last 1 to the field.
    ((field - 1) << 23) + kept + up
}

/// Significand with bit 23 set and exponent of its bit 0, of a finite number other than 0.
fn taken_apart(magnitude: u32) -> (u32, i32) {
    if magnitude >= HIDDEN {
        return (magnitude & (HIDDEN - 1) | HIDDEN, (magnitude >> 23) as i32 - 150);
    }
    let up = magnitude.leading_zeros() - 8;
    (magnitude << up, -149 - up as i32)
}

#[cold]
#[inline(never)]
fn multiply_any(a: u32, b: u32) -> u32 {
    let sign = (a ^ b) & SIGN;
    let (a, b) = (a & !SIGN, b & !SIGN);
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    if more >= INFINITY {
        return if more > INFINITY || less == 0 { NAN } else { sign | INFINITY };
    }
    if less == 0 {
        return sign;
    }
    let ((a, exponent_a), (b, exponent_b)) = (taken_apart(a), taken_apart(b));
    let product = product(a, b);
    let low = product >> 31 ^ 1;
    let (significand, field) = (product << low, exponent_a + exponent_b + 150 + 24 - low as i32);
    if field >= 255 {
        return sign | INFINITY;
    }
    if field >= 1 {
        return sign | rounded(field as u32, significand);
    }
    // Subnormal: the last place is further up.
    let down = (1 - field).min(31) as u32;
    let shifted = significand >> down;
    sign | rounded(1, shifted | u32::from(shifted << down != significand))
}

/// `a + b`
#[inline]
pub fn add(a: u32, b: u32) -> u32 {
    let (a, b) = if a << 1 < b << 1 { (b, a) } else { (a, b) };
    let (field_a, field_b) = (a >> 23 & 0xff, b >> 23 & 0xff);
    // Zeros and subnormals, infinities and NaN.
    if field_b == 0 || field_a == 0xff {
        return add_any(a, b);
    }
    let sum = sum(a, b, field_a, field_b, (a | HIDDEN) << 8 >> 2, (b | HIDDEN) << 8 >> 2);
    let up = zeros(sum);
    let field = (field_a + 2).wrapping_sub(up);
    // Surely a normal number.
    if sum != 0 && field.wrapping_sub(1) < 253 {
        return (a & SIGN) | rounded(field, sum << up);
    }
    add_any(a, b)
}

/// The sum of two significands with their leading bits at bit 29, the second one's field at most the first's; bit 0 is set, too,
/// where anything lies below.
#[inline]
fn sum(a: u32, b: u32, field_a: u32, field_b: u32, significand_a: u32, significand_b: u32) -> u32 {
    let down = (field_a - field_b).min(31);
    let kept = significand_b >> down;
    let term = kept | u32::from(kept << down != significand_b);
    if (a ^ b) & SIGN == 0 {
        significand_a + term
    } else {
        significand_a - term
    }
}

/// [`add`] of any numbers.
#[inline(never)]
pub fn add_any(a: u32, b: u32) -> u32 {
    let (a, b) = if a << 1 < b << 1 { (b, a) } else { (a, b) };
    if b << 1 == 0 && a << 1 != 0 {
        return a;
    }
    let (field_a, field_b) = (a >> 23 & 0xff, b >> 23 & 0xff);
    if field_a == 0xff {
        let is_nan = a & !SIGN > INFINITY || (a ^ b) == SIGN;
        return if is_nan { NAN } else { a };
    }
    let (field_a, significand_a) = in_line(field_a, a);
    let (field_b, significand_b) = in_line(field_b, b);
    let sum = sum(a, b, field_a, field_b, significand_a, significand_b);
    if sum == 0 {
        return a & b & SIGN;
    }
    // Bit 29 is where the larger one's leading bit may be; a subnormal sum keeps its leading zeros.
    let up = sum.leading_zeros().min(field_a + 1);
    let field = field_a + 2 - up;
    (a & SIGN) | if field >= 255 { INFINITY } else { rounded(field, sum << up) }
}

/// The leading zeros, at once where they are as many as in most sums: not all cores count them.
#[inline]
fn zeros(sum: u32) -> u32 {
    match sum >> 28 {
        4.. => 1,
        2.. => 2,
        1 => 3,
        _ => sum.leading_zeros(),
    }
}

/// A number's significand with its leading bit at bit 29, and its field, which for a subnormal counts as 1.
#[inline]
fn in_line(field: u32, bits: u32) -> (u32, u32) {
    let fraction = bits & (HIDDEN - 1);
    if field == 0 {
        (1, fraction << 6)
    } else {
        (field, (fraction | HIDDEN) << 6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// Bits of all kinds: uniform, near each other, near the ends of the range, few significant ones.
    fn some(rng: &mut Rng) -> u32 {
        let (bits, kind) = (rng.word(), rng.word() >> 20);
        match kind % 8 {
            0 => bits,
            1 => bits & 0x807f_ffff | [0, 1, 2, 127, 253, 254, 255][(kind >> 4) as usize % 7] << 23,
            2 => bits & 0xff80_0000 | [0, 1, 0x7f_ffff, 0x40_0000, 0x7f_fffe][(kind >> 4) as usize % 5],
            3 => bits & 0x80ff_f000 | 0x3f00_0000,
            4 => bits & SIGN,
            _ => bits & 0x83ff_ffff | 0x3c00_0000,
        }
    }

    fn same(a: u32, b: f32) -> bool {
        f32::from_bits(a).is_nan() && b.is_nan() || a == b.to_bits()
    }

    #[test]
    fn equals_the_processor() {
        let mut rng = Rng(1);
        for _ in 0..if cfg!(miri) { 2_000 } else { 20_000_000 } {
            let (a, b) = (some(&mut rng), some(&mut rng));
            let (x, y) = (f32::from_bits(a), f32::from_bits(b));
            for add in [add, add_any] {
                assert!(same(add(a, b), x + y), "{a:x} + {b:x}: {:x}, not {:x}", add(a, b), (x + y).to_bits());
            }
            assert!(same(multiply(a, b), x * y), "{a:x} * {b:x}: {:x}, not {:x}", multiply(a, b), (x * y).to_bits());
            let (p, q) = (a & 0xff_ffff | HIDDEN, b & 0xff_ffff | HIDDEN);
            assert_eq!(product_of_halves(p, q), product(p, q), "{p:x} {q:x}");
        }
    }

    #[test]
    fn equals_the_processor_where_nothing_is_ordinary() {
        let values = [0, 1, 0x0040_0000, HIDDEN - 1, HIDDEN, 0x3f80_0000, 0x7f7f_ffff, INFINITY, INFINITY + 1, NAN];
        let both_signs = || values.into_iter().flat_map(|bits| [bits, bits | SIGN]);
        for a in both_signs() {
            for b in both_signs() {
                let (x, y) = (f32::from_bits(a), f32::from_bits(b));
                for add in [add, add_any] {
                    assert!(same(add(a, b), x + y), "{a:x} + {b:x}: {:x}", add(a, b));
                }
                assert!(same(multiply(a, b), x * y), "{a:x} * {b:x}: {:x}", multiply(a, b));
            }
        }
    }

    #[test]
    fn a_product_that_is_surely_normal_is_ordinary() {
        let power = |field: u32| ordinary_product(SIGN, field + 127, HIDDEN, HIDDEN);
        for field in [1, 2, 127, 253] {
            assert_eq!(power(field), Some(SIGN | field << 23));
        }
        assert_eq!([0, 254, 255].map(power), [None; 3]);
    }
}
