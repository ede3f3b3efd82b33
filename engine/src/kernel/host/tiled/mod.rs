//! Quantised matrices, a copy of which is arranged for AVX-512, times vectors.
//!
//! The ways for matrices that lie as in a file, [`super::one`] and [`super::sixteen`], read rows and have to transpose them.
//! Who has memory for a copy is spared that, and most shifts.

mod layout;
pub(super) mod one;
pub(super) mod sixteen;

use super::groups::Group;
use super::Kernel;
use crate::kernel::Projection;

pub(crate) use layout::{len, write};

/// The widest matrix that has a use for tiles.
const MOST_COLS: usize = 256;

/// Whether this processor has a use for tiles of matrices with so many columns: [`super::project::suits`] wants fours.
pub(crate) fn are_of_use(cols: usize) -> bool {
    cols.is_multiple_of(4) && cols <= MOST_COLS && Kernel::Avx512.is_available()
}

/// Whether all matrices have such a copy, and can be done together.
pub(super) fn suits(projections: &[Projection]) -> bool {
    projections.iter().all(|projection| !projection.matrix.tiles().is_empty() && projection.matrix.cols() <= MOST_COLS)
}

/// The tiles of a group.
#[inline]
fn tiles(projections: &[Projection], group: &Group) -> *const u8 {
    let Some(projection) = projections.get(group.projection) else { return core::ptr::null() };
    let offset = group.first_row / layout::ROWS * layout::group_len(projection.matrix.cols());
    projection.matrix.tiles().as_ptr().wrapping_add(offset)
}
