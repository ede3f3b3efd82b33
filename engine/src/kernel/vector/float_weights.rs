//! Weights that are more than trits: unpacked into floats, some columns of a vector of rows at a time, and multiplied.
//!
//! A lane is a row, so every row's sum stays in column order, and each product is rounded before it is added. Products with
//! 0 are ±0.0, which leave a sum that started from +0.0 as it is, because inf and NaN are ruled out before.

use super::groups::Group;
use super::inputs::{in_range, Inputs};
use super::lanes::{Lanes, MAX_LANES};
use super::outputs::put;
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Columns that are unpacked at a time: 3.5 KB of stack, and half as much for the inputs.
const COLUMNS: usize = 56;

/// Positions that share the unpacking.
const POSITIONS: usize = 8;

/// The projections of all positions, for work that [`super::project::suits`] accepts, whatever the weights; `false` where
/// values are too great, which leaves some outputs done.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(in crate::kernel) unsafe fn project<L: Lanes>(
    inputs: &Inputs,
    first: usize,
    projections: &mut [Projection],
) -> bool {
    // Made in its place, for a compiler might make it elsewhere and copy it.
    let mut room = core::mem::MaybeUninit::<Room>::zeroed();
    // SAFETY: floats, whose bytes may all be 0.
    let room = unsafe { room.assume_init_mut() };
    for projection in projections {
        for first_row in (0..projection.matrix.rows()).step_by(L::COUNT) {
            for start in (0..inputs.positions()).step_by(POSITIONS) {
                let batch = Batch { start, first, first_row };
                // SAFETY: the same contract.
                if !unsafe { batch.project::<L>(inputs, projection, room) } {
                    return false;
                }
            }
        }
    }
    true
}

/// The weights from index `start` on, as numbers.
#[inline]
fn unpack(matrix: &Matrix, start: usize, out: &mut [i8]) {
    if let Some(codec) = matrix.codec() {
        return (codec.unpack)(matrix.packed(), start, out);
    }
    for (index, out) in (start..).zip(out) {
        *out = matrix.weight(index);
    }
}

/// What is in work of some columns.
struct Room {
    /// The rows side by side.
    weights: [[f32; MAX_LANES]; COLUMNS],
    /// `[positions][columns]`.
    inputs: [f32; POSITIONS * COLUMNS],
}

/// One vector of rows and a few positions.
struct Batch {
    /// The first of the inputs.
    start: usize,
    /// The position of the very first input.
    first: usize,
    first_row: usize,
}

impl Batch {
    /// The rows times the inputs; `false` where values are too great.
    ///
    /// # Safety
    /// As [`project`].
    #[inline(always)]
    unsafe fn project<L: Lanes>(&self, inputs: &Inputs, projection: &mut Projection, room: &mut Room) -> bool {
        let matrix = projection.matrix;
        let rows = (matrix.rows() - self.first_row).min(L::COUNT);
        let positions = (inputs.positions() - self.start).min(POSITIONS);
        // SAFETY: as the caller promises; an element of `weights` has room for any vector, and `inputs` for the columns of
        // so many positions.
        unsafe {
            let mut sums = [L::splat(0.0); POSITIONS];
            for column in (0..matrix.cols()).step_by(COLUMNS) {
                let columns = (matrix.cols() - column).min(COLUMNS);
                for row in 0..rows {
                    let start = (self.first_row + row) * matrix.cols() + column;
                    room.unpack(matrix, row, start, columns);
                }
                inputs.write::<L>(self.start, positions, column..column + columns, room.inputs.as_mut_ptr());
                if !in_range(room.inputs.get(..positions * columns).unwrap_or_default()) {
                    return false;
                }
                for (x, sum) in room.inputs.chunks(columns.max(1)).zip(&mut sums).take(positions) {
                    for (&x, weights) in x.iter().zip(&room.weights) {
                        *sum = sum.add(L::load(weights.as_ptr()).mul(L::splat(x)));
                    }
                }
            }
            let scale = L::splat(matrix.scale());
            for (position, &sum) in sums.iter().enumerate().take(positions) {
                let group = Group::of_places(self.first_row, rows);
                put(projection, self.first + self.start + position, &group, sum.mul(scale));
            }
        }
        true
    }
}

impl Room {
    /// Weights of one row, into its lane.
    #[inline(always)]
    fn unpack(&mut self, matrix: &Matrix, row: usize, start: usize, columns: usize) {
        let mut unpacked = [0; COLUMNS];
        unpack(matrix, start, unpacked.get_mut(..columns).unwrap_or_default());
        for (&weight, weights) in unpacked.iter().zip(&mut self.weights) {
            if let Some(slot) = weights.get_mut(row) {
                *slot = f32::from(weight);
            }
        }
    }
}
