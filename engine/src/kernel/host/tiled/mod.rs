//! Quantised matrices, a copy of which is arranged for AVX-512, times vectors.
//!
//! The ways for matrices that lie as in a file, [`super::one`] and [`super::sixteen`], read rows and have to transpose them.
//! Who has memory for a copy is spared that, and most shifts.

mod layout;
mod one;
mod sixteen;

use core::ops::Range;

use super::project::Group;
use super::Kernel;
use crate::kernel::Projection;

pub(crate) use layout::{len, write};

/// The widest matrix: what is prepared of the inputs lies on the stack.
const MOST_COLS: usize = 256;

/// Whether this processor has a use for tiles of matrices with so many columns: [`super::project::suits`] wants fours.
pub(crate) fn are_of_use(cols: usize) -> bool {
    cols.is_multiple_of(4) && cols <= MOST_COLS && Kernel::Avx512.is_available()
}

/// Whether all matrices have such a copy, and can be done together.
pub(super) fn suits(projections: &[Projection]) -> bool {
    projections.iter().all(|projection| !projection.matrix.tiles().is_empty() && projection.matrix.cols() <= MOST_COLS)
}

/// [`crate::kernel::project`] for work that [`suits`] and [`super::project::suits`] accept.
///
/// # Safety
/// The processor has these features.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let mut first = 0;
    while first < positions {
        let x = inputs.get(first * cols..).unwrap_or_default();
        // SAFETY: as the caller promises; `super::project::suits` has checked that the inputs are there.
        first += unsafe { project_some(x, first..positions, projections) };
    }
}

/// The projections of the first positions of `positions`, of which there is one, whose inputs are at the front of `x`;
/// returns how many.
///
/// # Safety
/// As [`project`]; the inputs are there.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn project_some(x: &[f32], positions: Range<usize>, projections: &mut [Projection]) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        if positions.len() >= sixteen::POSITIONS {
            sixteen::project(x, positions.start, projections);
            sixteen::POSITIONS
        } else {
            one::project(x, positions.start, projections);
            1
        }
    }
}

/// The tiles of a group.
#[inline]
fn tiles(projections: &[Projection], group: &Group) -> *const u8 {
    let Some(projection) = projections.get(group.projection) else { return core::ptr::null() };
    let offset = group.first_row / layout::ROWS * layout::group_len(projection.matrix.cols());
    projection.matrix.tiles().as_ptr().wrapping_add(offset)
}
