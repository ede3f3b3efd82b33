//! What a set of instructions may have besides [`Lanes`], where that is faster than what is written for all.

use core::mem::MaybeUninit;

use super::inputs::Inputs;
use super::lanes::Lanes;
use super::project;
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Ways of an instruction set's own; unless it says otherwise, none.
///
/// # Safety
/// As [`Lanes`].
pub(in crate::kernel) trait OwnWay: Lanes {
    /// Floats of room for what [`OwnWay::project_one`] prepares of the input; 0 where it needs none.
    const TABLES: usize = 0;

    /// Does the projections of one position; `false` where there is no way for this work, which `project::suits` has
    /// accepted.
    #[inline(always)]
    unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
        let _ = (x, position, projections, room);
        false
    }

    /// Does the projections of sixteen positions from `first` on: whether all values were in range. `None` where there is no
    /// way for this work, which `project::suits_several` has accepted.
    #[inline(always)]
    unsafe fn project_sixteen(
        inputs: &Inputs,
        first: usize,
        projections: &mut [Projection],
        room: &mut [f32],
    ) -> Option<bool> {
        let _ = (inputs, first, projections, room);
        None
    }

    /// [`OwnWay::project_one`] for matrices that have tiles, whatever their packing.
    #[inline(always)]
    unsafe fn project_one_tiled(x: &[f32], position: usize, projections: &mut [Projection]) -> bool {
        let _ = (x, position, projections);
        false
    }

    /// Does the projections of the first positions, where matrices have tiles, whatever their packing; returns of how many.
    /// `None` where they have none.
    #[inline(always)]
    unsafe fn project_several_tiled(
        inputs: &Inputs,
        projections: &mut [Projection],
        room: &mut [f32],
    ) -> Option<usize> {
        let _ = (inputs, projections, room);
        None
    }

    /// Writes the 2-bit codes of the weights from index `start` on to the front of `out`, as far as there is a quick way;
    /// returns how many bytes.
    #[inline(always)]
    unsafe fn quick_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
        let _ = (matrix, start, out);
        0
    }
}

/// The projections of the first positions, for work that [`project::suits`] and [`project::suits_several`] accept; returns
/// of how many. Those of the last three are left, and those of values that are not [`in_range`](super::inputs::in_range).
/// `room` is for inputs: where it has none for all columns of the positions that are done together, these are done some at a
/// time.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(in crate::kernel) unsafe fn several<L: OwnWay>(
    inputs: &Inputs,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    let mut done = 0;
    loop {
        let left = inputs.positions() - done;
        // SAFETY: as the caller promises; the positions are below the number of positions.
        let more = unsafe {
            let sixteen = if left >= 16 { L::project_sixteen(inputs, done, projections, room) } else { None };
            match (sixteen, left, L::COUNT) {
                (Some(is_done), ..) => 16 * usize::from(is_done),
                // Decoding takes so much of the time that others do with half as many.
                (None, 8.., 16) => project::in_panels::<L, 2, 8>(inputs, done, projections, room),
                (None, 4.., _) => project::in_panels::<L, 2, 4>(inputs, done, projections, room),
                _ => 0,
            }
        };
        if more == 0 {
            return done;
        }
        done += more;
    }
}
