//! Quantised matrices times vectors (numeric contract, step 2.2) and embedding (step 1).

use super::fast;
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
    project(x, 1, &mut [Projection::new(matrix, y)]);
}

/// A matrix that inputs are multiplied by, and where the outputs go.
#[derive(Debug)]
pub struct Projection<'p, 'm> {
    /// The matrix.
    pub matrix: &'p Matrix<'m>,
    /// Output `row` of position `p` lies at `p * position_stride + row * row_stride`.
    pub out: &'p mut [f32],
    /// From one output of a position to the next.
    pub row_stride: usize,
    /// From one position to the next.
    pub position_stride: usize,
}

impl<'p, 'm> Projection<'p, 'm> {
    /// Outputs side by side, one position after the other.
    pub fn new(matrix: &'p Matrix<'m>, out: &'p mut [f32]) -> Self {
        Self { matrix, out, row_stride: 1, position_stride: matrix.rows() }
    }
}

/// Multiplies each input vector by every matrix. `inputs` is `[positions][cols]`, and all matrices have as many columns.
///
/// An output that has no place in its array is left out.
pub fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    if fast::project(inputs, positions, projections) {
        return;
    }
    for Projection { matrix, out, row_stride, position_stride } in projections {
        for position in 0..positions {
            let Some(x) = inputs.get(position * matrix.cols()..) else { return };
            for row in 0..matrix.rows() {
                let Some(slot) = out.get_mut(position * *position_stride + row * *row_stride) else { break };
                *slot = matvec_row(matrix, row, x);
            }
        }
    }
}

/// Row `token` of the embedding matrix, each weight as a number times the scale. `x` is `[cols]`.
pub fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    for (out, weight) in x.iter_mut().zip(matrix.row(token)) {
        *out = f32::from(weight.value()) * matrix.scale();
    }
}
