//! Quantised matrices times vectors (docs/numerics.md#22-quantised-matrix-times-vector):
//!
//! ```text
//! y[j] = (sum over i of +x[i], -x[i] or nothing, in order) * scale        weights +1, -1, 0
//! y[j] = (sum over i of weight * x[i], in order) * scale                  weights ±1, ±3, ±9
//! ```
//!
//! A matrix is `[rows][cols]`, `x` is `[cols]`, `y` is `[rows]`.

use crate::weights::{Matrix, Projection, Trit, Trits};

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

/// `sum + weight * value`, with the weight at `index` of a matrix; the sum itself for weight 0.
#[inline]
pub(crate) fn add_weight(sum: f32, matrix: &Matrix, index: usize, value: f32) -> f32 {
    match matrix.codec() {
        None => accumulate(sum, matrix.trit(index), value),
        Some(codec) => (codec.add)(matrix.packed(), index, sum, value),
    }
}

/// `sum` plus ±`x[i]` in order. A call of its own: within the loops over rows, a compiler for size runs out of registers.
#[inline(never)]
pub(crate) fn add_all(sum: f32, x: &[f32], weights: &mut impl Iterator<Item = Trit>) -> f32 {
    x.iter().zip(weights).fold(sum, |sum, (&value, weight)| accumulate(sum, weight, value))
}

/// One output: the sum of the row's weights times `x[i]` in column order, then times the scale. `x` is `[cols]`.
#[inline]
pub fn matvec_row(matrix: &Matrix, row: usize, x: &[f32]) -> f32 {
    let start = if row < matrix.rows() { row * matrix.cols() } else { usize::MAX };
    let sum = match matrix.codec() {
        None => add_all(0.0, x, &mut Trits::starting_at(matrix.packed(), start).take(matrix.cols())),
        Some(codec) => (codec.sum)(matrix.packed(), start, x.get(..matrix.cols()).unwrap_or(x)),
    };
    sum * matrix.scale()
}

/// `y[row * stride] = scale * (matrix x)[row]`. A row that has no place in `y` is left out.
pub(crate) fn multiply(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize) {
    if let Some(codec) = matrix.codec() {
        return (codec.multiply)(matrix, x, y, stride);
    }
    // The rows lie one behind the other.
    let mut weights = Trits::starting_at(matrix.packed(), 0);
    let mut at = 0;
    for _ in 0..matrix.rows() {
        let Some(slot) = y.get_mut(at) else { break };
        *slot = add_all(0.0, x, &mut weights) * matrix.scale();
        at += stride;
    }
}

/// [`multiply`] of a matrix whose weights a codec reads; for the codecs' tables.
pub(crate) fn multiply_coded(matrix: &Matrix, x: &[f32], y: &mut [f32], stride: usize) {
    let Some(codec) = matrix.codec() else { return };
    let (mut first, mut at) = (0, 0);
    for _ in 0..matrix.rows() {
        let Some(slot) = y.get_mut(at) else { break };
        *slot = (codec.sum)(matrix.packed(), first, x) * matrix.scale();
        first += x.len();
        at += stride;
    }
}

/// Multiplies each input vector by every matrix. `inputs` is `[positions][cols]`, and all matrices have as many columns.
///
/// An output that has no place in its array is left out.
#[inline(always)]
pub(crate) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    for Projection { matrix, out, row_stride, position_stride } in projections {
        for position in 0..positions {
            let start = position * matrix.cols();
            let Some(x) = inputs.get(start..start + matrix.cols()) else { return };
            let out = out.get_mut(position * *position_stride..).unwrap_or_default();
            multiply(matrix, x, out, *row_stride);
        }
    }
}
