//! The logits behind a position, from sums to binary32 in one rounding (docs/integer.md#10-head).

use super::kernel::project;
use super::norm::norm;
use super::project::row_sum;
use super::steps::model_constants;
use super::workspace::{cut, Workspace};
use crate::bytes::bits_of;
use crate::layout::Plan;
use crate::weights::{Matrix, Weights};

/// The final norm of the last of `n` positions that were computed, left in the workspace; its fraction bits.
pub(super) fn final_norm<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, n: usize) -> i32 {
    let constants = model_constants(workspace);
    let d = workspace.layout.shape().d_model();
    let row = if workspace.layout.plan() == Plan::Cached { 0 } else { n.saturating_sub(1) };
    let residual = cut(workspace.residual, row * d, d);
    norm(&weights.final_norm(), &constants.final_norm, residual, constants.residual_bits, workspace.normed);
    constants.final_norm.output_bits
}

/// The logits behind the last of `n` positions, left in the workspace.
pub(super) fn unembed<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, n: usize) {
    let input_bits = final_norm(weights, workspace, n);
    let matrix = weights.unembed();
    let Workspace { logits, normed, sums, .. } = workspace;
    // Sums become logits in their place.
    project(&[matrix], normed, bits_of(logits), sums);
    let factor = Factor::new(matrix.scale(), input_bits);
    for value in logits.iter_mut() {
        *value = factor.times(value.to_bits() as i32);
    }
}

/// A row of a classifier's head times the final norm, `[d_model]` with `input_bits` fraction bits.
pub(super) fn output(matrix: &Matrix, row: usize, normed: &[i16], input_bits: i32) -> f32 {
    logit(row_sum(matrix, row, normed), matrix.scale(), input_bits)
}

/// `sum * scale * 2^-input_bits`, rounded to binary32: to the nearest, ties to even. `scale` is finite.
fn logit(sum: i32, scale: f32, input_bits: i32) -> f32 {
    Factor::new(scale, input_bits).times(sum)
}

/// A share in units of 2^-15, which binary32 has exactly.
pub(super) fn share(number: u32) -> f32 {
    // 2^31 * 2^-46.
    Factor { mantissa: 1 << 31, exponent: -46, sign: 0 }.times(number as i32)
}

/// What sums are multiplied by to become binary32, each product rounded once: `mantissa * 2^exponent` with the first of the
/// mantissa's 32 bits set, or 0.
struct Factor {
    mantissa: u32,
    exponent: i32,
    /// That of the sign alone.
    sign: u32,
}

impl Factor {
    fn new(scale: f32, input_bits: i32) -> Self {
        let word = scale.to_bits();
        let field = (word >> 23 & 255) as i32;
        let mantissa = word & 0x7f_ffff | u32::from(field > 0) << 23;
        let left = mantissa.leading_zeros();
        let mantissa = mantissa.checked_shl(left).unwrap_or(0);
        Self { mantissa, exponent: field.max(1) - 150 - left as i32 - input_bits, sign: word & 1 << 31 }
    }

    /// In 32 bits, but for the product: on most cores one instruction, and on the others the one call.
    #[cfg_attr(not(vectors), inline(never))]
    fn times(&self, sum: i32) -> f32 {
        let number = sum.unsigned_abs();
        if number == 0 || self.mantissa == 0 {
            return 0.0;
        }
        let (number, left) = with_first_bit(number);
        let product = u64::from(number) * u64::from(self.mantissa);
        // The first 32 bits of the product, and what is behind them.
        let (mut high, mut low, mut exponent) = ((product >> 32) as u32, product as u32, self.exponent - left + 32);
        if high >> 31 == 0 {
            (high, low, exponent) = (high << 1 | low >> 31, low << 1, exponent - 1);
        }
        let sticky = u32::from(low > 0);
        let magnitude = match (exponent + 8 - LEAST_UNIT) as u32 {
            // 24 bits of these.
            units @ 0..UNITS => (units << 23) + rounded(high >> 8, high << 24 | sticky),
            _ if exponent > 0 => INFINITY,
            // Fewer: so many that the last one has the least unit that there is.
            _ => match LEAST_UNIT - exponent {
                right @ ..=31 => rounded(high >> right, high << (32 - right) | sticky),
                32 => rounded(0, high | sticky),
                _ => 0,
            },
        };
        f32::from_bits(magnitude | (self.sign ^ (sum as u32 & 1 << 31)))
    }
}

/// To the nearest, ties to even: `rest` is what is behind a whole number, with 1 in its last place for all behind itself.
#[inline(always)]
fn rounded(whole: u32, rest: u32) -> u32 {
    // A mantissa that is rounded up to 2^24 has the next exponent, and behind the last one comes infinity: the sum gives both.
    whole + u32::from(rest + (whole & 1) > 1 << 31)
}

/// The exponent of the least unit of a binary32 value, and how many there are.
const LEAST_UNIT: i32 = -149;
const UNITS: u32 = 254;

const INFINITY: u32 = f32::INFINITY.to_bits();

/// A number, not 0, with its first bit set: how far it was shifted to the left for that.
#[inline(always)]
fn with_first_bit(number: u32) -> (u32, i32) {
    // ARMv6-M and RV32 do not count zeros; the one has no atomic operations, either.
    if cfg!(all(target_has_atomic = "32", not(target_arch = "riscv32"))) {
        let left = number.leading_zeros();
        return (number << left, left as i32);
    }
    let (mut number, mut left) = (number, 0);
    let mut shift_by = |bits: u32| {
        if number >> (32 - bits) == 0 {
            (number, left) = (number << bits, left + bits as i32);
        }
    };
    shift_by(16);
    shift_by(8);
    shift_by(4);
    shift_by(2);
    shift_by(1);
    (number, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its bits: a library's powers need not be exact.
    fn power_of_two(exponent: i32) -> f64 {
        f64::from_bits(((1023 + exponent) as u64) << 52)
    }

    #[test]
    fn shares_are_exact() {
        for number in 0..=1 << 16 {
            assert_eq!(share(number).to_bits(), (number as f32 / 32_768.0).to_bits());
        }
    }

    #[test]
    fn logits_are_the_nearest() {
        let scales = [1.0, -0.3, 1e-38, f32::from_bits(1), f32::from_bits(0x7f_ffff), 3.3e38, 0.0, -0.0, 0.1];
        for scale in scales {
            for sum in [0, 1, -1, 3, 16_777_217, -33_554_431, i32::MAX, i32::MIN, 12_345] {
                for input_bits in [0, 10, -10, 31, -100, 100, 180, -180] {
                    // A product of 56 bits has no place in binary64, but one of 53 does.
                    if sum.unsigned_abs() >= 1 << 29 {
                        continue;
                    }
                    let exact = f64::from(sum) * f64::from(scale) * power_of_two(-input_bits);
                    let expected = if exact == 0.0 { 0.0 } else { exact as f32 };
                    let found = logit(sum, scale, input_bits);
                    let is_same = found.to_bits() == expected.to_bits() || found == 0.0 && expected == 0.0;
                    assert!(is_same, "{sum} * {scale} * 2^-{input_bits}: {found}, expected {expected}");
                }
            }
        }
    }
}
