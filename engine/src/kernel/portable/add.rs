//! One weight's term, as a call of its own.

use crate::kernel::project::accumulate;
use crate::weights::Matrix;

/// As the definition's, which the compiler writes out wherever it is used.
#[inline(never)]
pub(super) fn add_weight(sum: f32, matrix: &Matrix, index: usize, value: f32) -> f32 {
    match matrix.codec() {
        None => accumulate(sum, matrix.trit(index), value),
        Some(_) => add_coded(sum, matrix, index, value),
    }
}

/// [`add_weight`] of weights that a codec reads. Apart, as five arguments take room on the stack.
#[inline(never)]
fn add_coded(sum: f32, matrix: &Matrix, index: usize, value: f32) -> f32 {
    match matrix.codec() {
        None => sum,
        Some(codec) => (codec.add)(matrix.packed(), index, sum, value),
    }
}
