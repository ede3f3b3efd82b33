//! Sums of weights times inputs, and what is kept of them (docs/integer.md#3-matrix-times-vector).
//!
//! This is the definition; [`super::kernel`] has the faster ways.

use super::words::{width, Rounding};
use super::IS_LEAST;
use crate::weights::Matrix;

/// The sums of a matrix's rows.
pub(super) fn project(matrix: &Matrix, inputs: &[i16], sums: &mut [i32]) {
    for (row, sum) in sums.iter_mut().enumerate() {
        *sum = row_sum(matrix, row, inputs);
    }
}

/// A row's weights times `inputs`, `[cols]`, weight by weight. The matrix's scale comes in later.
pub(super) fn row_sum(matrix: &Matrix, row: usize, inputs: &[i16]) -> i32 {
    let start = row * matrix.cols();
    let weights = (start..).map(|index| if IS_LEAST { weight(matrix, index) } else { matrix.weight(index).into() });
    inputs.iter().zip(weights).map(|(&input, weight)| weight * i32::from(input)).sum()
}

/// A weight, for where each is looked at once.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn weight(matrix: &Matrix, index: usize) -> i32 {
    matrix.weight(index).into()
}

/// A query times the key in a row of `keys`, `[max_seq][d_head]`.
#[inline(always)]
pub(super) fn dot(query: &[i8], keys: &[i8], row: usize) -> i32 {
    let keys = keys.get(row * query.len()..).unwrap_or_default();
    query.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum()
}

/// The sums in 8 bits each, and how far they were shifted to the right for that.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn to_eight_bits(sums: &[i32], out: &mut [i8]) -> i8 {
    let shift = (width(sums) - 7).max(0);
    let rounding = Rounding::new(shift);
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = rounding.of(sum).min(127) as i8;
    }
    shift as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_hold_every_sum() {
        for (sums, expected, shift) in [
            (&[0, 5, -3][..], &[0, 5, -3][..], 0),
            (&[127, -128], &[127, -128], 0),
            (&[255, -1], &[127, 0], 1),
            (&[-256, 253], &[-128, 127], 1),
            (&[1 << 25, -(1 << 25)], &[64, -64], 19),
        ] {
            let mut out = [0; 3];
            assert_eq!(to_eight_bits(sums, &mut out), shift, "{sums:?}");
            assert_eq!(&out[..sums.len()], expected, "{sums:?}");
        }
    }
}
