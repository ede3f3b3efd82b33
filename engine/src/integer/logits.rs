//! The logits behind a position, from sums to binary32 in one rounding (docs/integer.md#10-head).

use super::kernel::project;
use super::norm::norm;
use super::project::row_sum;
use super::steps::model_constants;
use super::words::bits;
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
    for value in logits.iter_mut() {
        *value = logit(value.to_bits() as i32, matrix.scale(), input_bits);
    }
}

/// A row of a classifier's head times the final norm, `[d_model]` with `input_bits` fraction bits.
pub(super) fn output(matrix: &Matrix, row: usize, normed: &[i16], input_bits: i32) -> f32 {
    logit(row_sum(matrix, row, normed), matrix.scale(), input_bits)
}

/// `sum * scale * 2^-input_bits`, rounded to binary32: to the nearest, ties to even. `scale` is finite.
fn logit(sum: i32, scale: f32, input_bits: i32) -> f32 {
    let word = scale.to_bits();
    let exponent = (word >> 23 & 255) as i32;
    let mantissa = u64::from(word & 0x7f_ffff | if exponent > 0 { 1 << 23 } else { 0 });
    // Below 2^56: 32 bits by 24.
    let product = mantissa * u64::from(sum.unsigned_abs());
    let magnitude = nearest(product, exponent.max(1) - 150 - input_bits);
    let is_negative = (sum < 0) != (word >> 31 == 1);
    f32::from_bits(magnitude | if is_negative && product > 0 { 1 << 31 } else { 0 })
}

/// A share in units of 2^-15, which binary32 has exactly.
pub(super) fn share(number: u32) -> f32 {
    f32::from_bits(nearest(number.into(), -15))
}

/// The bits of `number * 2^exponent` as binary32; an infinity where that is too great.
fn nearest(number: u64, exponent: i32) -> u32 {
    if number == 0 {
        return 0;
    }
    // The unit of the result: 24 bits, or the least unit that there is.
    let unit = (exponent + bits(number) - 24).max(-149);
    let shift = unit - exponent;
    let rounded = match shift {
        ..=0 => number << -shift,
        1..=63 => {
            let (whole, rest, half) = (number >> shift, number & ((1 << shift) - 1), 1 << (shift - 1));
            whole + u64::from(rest > half || rest == half && whole & 1 == 1)
        }
        _ => 0,
    };
    // A mantissa that was rounded up to 2^24 has the next exponent: the sum below gives it.
    let biased = (unit + 149) as i64;
    let word = (biased << 23) + rounded as i64;
    word.min(i64::from(f32::INFINITY.to_bits())) as u32
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
