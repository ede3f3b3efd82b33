//! Quantised matrix times vector (numeric contract, step 2.2) and embedding (step 1).

use super::side_by_side::matvec_groups;
use crate::weights::{Matrix, Trit};

/// Adds `value`, subtracts it or leaves the sum alone.
///
/// Multiplying by 0 would not be the same: the value may be infinite or NaN.
#[inline]
pub(crate) fn accumulate(sum: f32, weight: Trit, value: f32) -> f32 {
    match weight {
        Trit::Plus => sum + value,
        Trit::Minus => sum - value,
        Trit::Zero => sum,
    }
}

/// One output: the sum of ±`x[i]` in column order, then times the scale. `x` is `[cols]`.
#[inline]
pub fn matvec_row(matrix: &Matrix, row: usize, x: &[f32]) -> f32 {
    matrix.row(row).zip(x).fold(0.0, |sum, (weight, &value)| accumulate(sum, weight, value)) * matrix.scale()
}

/// `y[row] = scale * (matrix x)[row]`. `x` is `[cols]`, `y` is `[rows]`.
pub fn matvec(matrix: &Matrix, x: &[f32], y: &mut [f32]) {
    // A microcontroller neither gains from groups nor has the flash for them.
    let in_groups = cfg!(all(target_pointer_width = "64", not(feature = "definition-only")));
    let done = if in_groups { matvec_groups(matrix, x, y) } else { 0 };
    for (row, out) in (0..matrix.rows()).zip(y).skip(done) {
        *out = matvec_row(matrix, row, x);
    }
}

/// Row `token` of the embedding matrix, each weight as a number times the scale. `x` is `[cols]`.
pub fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    for (out, weight) in x.iter_mut().zip(matrix.row(token)) {
        *out = f32::from(weight.value()) * matrix.scale();
    }
}
