//! Where the outputs of a group of rows lie. Sums of some of the columns wait there for those of the others.

use super::groups::Group;
use super::lanes::{Lanes, MAX_LANES};
use crate::kernel::Projection;

/// Writes the outputs of one group at one position to their places.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(in crate::kernel) unsafe fn put<L: Lanes>(projection: &mut Projection, position: usize, group: &Group, outputs: L) {
    let start = position * projection.position_stride + group.first_row * projection.row_stride;
    let Some(room) = projection.out.get_mut(start..) else { return };
    if projection.row_stride == 1 && group.rows == L::COUNT && room.len() >= L::COUNT {
        // SAFETY: there is room for a whole vector.
        return unsafe { outputs.store(room.as_mut_ptr()) };
    }
    let mut values = [0.0; MAX_LANES];
    // SAFETY: no vector has more lanes.
    unsafe { outputs.store(values.as_mut_ptr()) };
    for (row, value) in values.iter().take(group.rows).enumerate() {
        let Some(slot) = room.get_mut(row * projection.row_stride) else { return };
        *slot = *value;
    }
}

/// What [`put`] wrote; 0 for what has no place.
///
/// # Safety
/// As [`put`].
#[inline(always)]
pub(in crate::kernel) unsafe fn take<L: Lanes>(projection: &Projection, position: usize, group: &Group) -> L {
    let start = position * projection.position_stride + group.first_row * projection.row_stride;
    let room = projection.out.get(start..).unwrap_or_default();
    if projection.row_stride == 1 && group.rows == L::COUNT && room.len() >= L::COUNT {
        // SAFETY: a whole vector is there.
        return unsafe { L::load(room.as_ptr()) };
    }
    let mut values = [0.0; MAX_LANES];
    for (row, value) in values.iter_mut().take(group.rows).enumerate() {
        let Some(waiting) = room.get(row * projection.row_stride) else { break };
        *value = *waiting;
    }
    // SAFETY: no vector has more lanes.
    unsafe { L::load(values.as_ptr()) }
}

/// Whether all outputs of so many positions have places of their own, so that what waits in one is not overwritten.
pub(in crate::kernel) fn are_apart(projection: &Projection, positions: usize) -> bool {
    let rows = projection.matrix.rows();
    let Projection { row_stride, position_stride, .. } = *projection;
    (row_stride > 0 && position_stride >= rows.saturating_mul(row_stride))
        || (position_stride > 0 && row_stride >= positions.saturating_mul(position_stride))
}
