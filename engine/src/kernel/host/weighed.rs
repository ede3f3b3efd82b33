//! Weights that are more than trits: unpacked into floats, some columns of a vector of rows at a time, and multiplied.
//!
//! A lane is a row, so every row's sum stays in column order, and each product is rounded before it is added. Products with
//! 0 are ±0.0, which leave a sum that started from +0.0 as it is, because [`super::project::suits`] has ruled out inf and
//! NaN.

use super::lanes::{Lanes, MOST};
use crate::codec::{unpack_powers, Packing};
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Columns that are unpacked at a time: 8 KB of stack.
const COLUMNS: usize = 128;

/// Positions that share the unpacking.
const POSITIONS: usize = 8;

/// [`crate::kernel::project`] for work that [`super::project::suits`] accepts, whatever the weights.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn project<L: Lanes>(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    let mut weights = [[0.0; MOST]; COLUMNS];
    for projection in projections {
        for first_row in (0..projection.matrix.rows()).step_by(L::COUNT) {
            for first in (0..positions).step_by(POSITIONS) {
                let positions = (positions - first).min(POSITIONS);
                // SAFETY: the same contract.
                unsafe { rows::<L>(inputs, first, positions, projection, first_row, &mut weights) };
            }
        }
    }
}

/// The weights from index `start` on.
#[inline]
fn unpack(matrix: &Matrix, start: usize, out: &mut [i8]) {
    if matrix.codec().is_some_and(|codec| codec.packing() == Packing::PowersOfThree) {
        return unpack_powers(matrix.packed(), start, out);
    }
    for (index, out) in (start..).zip(out) {
        *out = matrix.weight(index);
    }
}

/// One vector of rows times a few inputs.
///
/// # Safety
/// As [`project`].
#[inline(always)]
unsafe fn rows<L: Lanes>(
    inputs: &[f32],
    first: usize,
    positions: usize,
    projection: &mut Projection,
    first_row: usize,
    weights: &mut [[f32; MOST]; COLUMNS],
) {
    let matrix = projection.matrix;
    let rows = (matrix.rows() - first_row).min(L::COUNT);
    // SAFETY: as the caller promises; an element of `weights` has room for any vector.
    unsafe {
        let mut sums = [L::splat(0.0); POSITIONS];
        for column in (0..matrix.cols()).step_by(COLUMNS) {
            let columns = (matrix.cols() - column).min(COLUMNS);
            for row in 0..rows {
                let start = (first_row + row) * matrix.cols() + column;
                let mut unpacked = [0; COLUMNS];
                unpack(matrix, start, unpacked.get_mut(..columns).unwrap_or_default());
                for (&weight, weights) in unpacked.iter().zip(&mut *weights) {
                    if let Some(slot) = weights.get_mut(row) {
                        *slot = f32::from(weight);
                    }
                }
            }
            for (position, sum) in sums.iter_mut().enumerate().take(positions) {
                let start = (first + position) * matrix.cols() + column;
                let x = inputs.get(start..start + columns).unwrap_or_default();
                for (&x, weights) in x.iter().zip(&*weights) {
                    *sum = sum.add(L::load(weights.as_ptr()).mul(L::splat(x)));
                }
            }
        }
        let scale = L::splat(matrix.scale());
        for (position, &sum) in sums.iter().enumerate().take(positions) {
            let mut values = [0.0; MOST];
            sum.mul(scale).store(values.as_mut_ptr());
            let start = (first + position) * projection.position_stride + first_row * projection.row_stride;
            let Some(room) = projection.out.get_mut(start..) else { continue };
            for (row, value) in values.iter().enumerate().take(rows) {
                let Some(slot) = room.get_mut(row * projection.row_stride) else { break };
                *slot = *value;
            }
        }
    }
}
