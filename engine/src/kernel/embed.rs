//! Embedding (docs/numerics.md#1-embed).

use crate::weights::Matrix;

/// `x[i] = weight(matrix, token, i) * scale`. `x` is `[cols]`.
pub(crate) fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    for (index, x) in (token * matrix.cols()..).zip(x) {
        *x = f32::from(matrix.weight(index)) * matrix.scale();
    }
}
