//! Matrices of 2-bit weights times vectors, by the instructions in use.

use super::inputs::Inputs;
use super::instructions::{Instructions, Work};
use super::lanes::MAX_LANES;
use super::own_way::OwnWay;
use crate::kernel::Projection;

/// The projections of one position, for work that [`suits`](super::project::suits); `false`, with nothing done, where the definition is in
/// use. `room` is for what is prepared of the input.
pub(super) fn project_one<I: Instructions>(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
    room: &mut [f32],
) -> bool {
    let is_done = I::run(OneItsOwnWay { x, position, projections: &mut *projections, room });
    is_done == Some(true) || I::project_one(x, position, projections).is_some()
}

/// The projections of the first positions, for work that [`suits`](super::project::suits) and [`suits_several`](super::project::suits_several); returns of how
/// many.
pub(super) fn project_several<I: Instructions>(
    inputs: &Inputs,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    I::project_several(inputs, projections, room)
}

struct OneItsOwnWay<'a, 'p, 'm> {
    x: &'a [f32],
    position: usize,
    projections: &'a mut [Projection<'p, 'm>],
    room: &'a mut [f32],
}

impl Work for OneItsOwnWay<'_, '_, '_> {
    type Output = bool;

    #[inline(always)]
    fn suits(&self, lanes: usize) -> bool {
        // So far only the widest vectors have one.
        lanes == MAX_LANES
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> bool {
        // SAFETY: the same contract.
        unsafe { L::project_one(self.x, self.position, self.projections, self.room) }
    }
}
