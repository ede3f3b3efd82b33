//! `exp` in binary64, for processors that compute in it: faster than in integers, and never wrong, for it says so where it
//! cannot tell how to round.
//!
//! x = (32 k + j) ln 2 / 32 + r with |r| <= ln 2 / 64 + 2^-45, and e^x = 2^k * 2^(j/32) * e^r. The parts:
//!
//! - `HIGH` has 33 bits, and 32 k + j fewer than 13: their product is exact, and so is x less that product, whose bits all
//!   weigh between 2^-58 and 2^-6 where it is not x itself. `LOW` leaves r off by less than 2^-58.
//! - The series up to r^6/720 is off by less than r^7/5000, 2^-57, and its roundings add less than 2^-52.
//! - The table's entry and the last product add 2^-53 each, relative to the result.
//!
//! Together that is less than 2^-51 of the result. Where it is nearer than [`CLOSE`] units of 2^-52 to the middle between
//! two binary32 numbers, which happens once in four million times, the integers have to tell.

/// 32 / ln 2.
const INVERSE: f64 = f64::from_bits(0x4047_1547_652b_82fe);
/// ln 2 / 32 in two parts, the first with zeros at its end.
const HIGH: f64 = f64::from_bits(0x3f96_2e42_fef0_0000);
const LOW: f64 = f64::from_bits(0x3d84_73de_6af2_78ed);
/// 1.5 * 2^52: a smaller number that is added to it is rounded to a whole one.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Units in the last place of a binary64 number that are taken for "in the middle".
const CLOSE: u64 = 64;

/// Bits that a binary64 significand has more than a binary32 one.
const EXTRA: u32 = 29;

/// 2^(j/32), rounded to nearest.
static POWERS: [u64; 32] = [
    0x3ff0_0000_0000_0000,
    0x3ff0_59b0_d315_8574,
    0x3ff0_b558_6cf9_890f,
    0x3ff1_1301_d012_5b51,
    0x3ff1_72b8_3c7d_517b,
    0x3ff1_d487_3168_b9aa,
    0x3ff2_387a_6e75_6238,
    0x3ff2_9e9d_f51f_dee1,
    0x3ff3_06fe_0a31_b715,
    0x3ff3_71a7_373a_a9cb,
    0x3ff3_dea6_4c12_3422,
    0x3ff4_4e08_6061_892d,
    0x3ff4_bfda_d536_2a27,
    0x3ff5_342b_569d_4f82,
    0x3ff5_ab07_dd48_5429,
    0x3ff6_247e_b03a_5585,
    0x3ff6_a09e_667f_3bcd,
    0x3ff7_1f75_e8ec_5f74,
    0x3ff7_a114_73eb_0187,
    0x3ff8_2589_994c_ce13,
    0x3ff8_ace5_422a_a0db,
    0x3ff9_3737_b0cd_c5e5,
    0x3ff9_c491_82a3_f090,
    0x3ffa_5503_b23e_255d,
    0x3ffa_e89f_995a_d3ad,
    0x3ffb_7f76_f2fb_5e47,
    0x3ffc_199b_dd85_529c,
    0x3ffc_b720_dcef_9069,
    0x3ffd_5818_dcfb_a487,
    0x3ffd_fc97_337b_9b5f,
    0x3ffe_a4af_a2a4_90da,
    0x3fff_5076_5b6e_4540,
];

/// e^x for 2^-26 <= |x| <= 87, where results are normal numbers; `None` where it is not clear how to round.
#[inline]
pub(super) fn exp(x: f32) -> Option<f32> {
    let x = f64::from(x);
    let shifted = x * INVERSE + WHOLE;
    let steps = shifted - WHOLE;
    let r = (x - steps * HIGH) - steps * LOW;
    // Not one term after the other: a processor adds several at a time.
    let square = r * r;
    let low = r + square * 0.5;
    let middle = 1.0 / 6.0 + r * (1.0 / 24.0);
    let high = 1.0 / 120.0 + r * (1.0 / 720.0);
    let series = low + (square * r) * (middle + square * high);
    let steps = shifted.to_bits();
    let power = POWERS[(steps % 32) as usize];
    // The lowest bits of `shifted` are 32 k + j, negative ones as their complement: k goes to the exponent.
    let scaled = f64::from_bits(power.wrapping_add((steps >> 5) << 52));
    let result = scaled + scaled * series;
    let rest = result.to_bits() % (1 << EXTRA);
    let middle = 1 << (EXTRA - 1);
    (rest.abs_diff(middle) > CLOSE).then_some(result as f32)
}

#[cfg(test)]
mod tests {
    use super::super::exp::{reduce, series};
    use super::super::fixed::{magnitude_q49, mul_high, round, SIGN};
    use super::*;

    fn by_integers(bits: u32) -> u32 {
        let fixed = magnitude_q49(bits & !SIGN) as i64;
        let (k, r) = reduce(if bits & SIGN == 0 { fixed } else { -fixed });
        round(1 << 63 | (r + mul_high(r, series(r))) >> 1, k)
    }

    #[test]
    fn what_is_in_the_middle_is_left_to_the_integers() {
        for bits in [0xb2ff_ffff, 0xb300_0000, 0x337f_ffff, 0x3380_0000, 0x3653_ffea, 0xc169_12cd] {
            assert_eq!(exp(f32::from_bits(bits)), None, "{bits:#x}");
        }
    }

    #[test]
    fn nearly_all_results_are_those_of_the_integers_and_the_others_none() {
        let (mut all, mut undecided) = (0, 0);
        let step = if cfg!(miri) { 4_000_037 } else { 151 };
        for magnitude in (0x3280_0000..0x42ae_0000).step_by(step) {
            for bits in [magnitude, magnitude | SIGN] {
                all += 1;
                match exp(f32::from_bits(bits)) {
                    Some(result) => assert_eq!(result.to_bits(), by_integers(bits), "{bits:#x}"),
                    None => undecided += 1,
                }
            }
        }
        assert!(undecided <= all / 1_000_000, "{undecided} of {all}");
    }

    /// Near the middle: a series of less precision would give their neighbours.
    #[test]
    fn what_is_near_the_middle_is_right() {
        for bits in [0xbbd2_ec29, 0xbbd3_f761, 0xbbdd_ad46, 0xbbe0_c221, 0x3bf8_0a90, 0xbbfe_9cd4] {
            assert_eq!(exp(f32::from_bits(bits)).map(f32::to_bits), Some(by_integers(bits)), "{bits:#x}");
        }
    }
}
