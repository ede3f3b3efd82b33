//! Matrices times vectors, whatever their packing.

use super::inputs::Inputs;
use super::instructions::Instructions;
use super::{coded, project, ternary};
use crate::kernel::{Normed, Projection};

/// Room for some columns of several positions' inputs, where nobody else has any: 2 KB of stack.
const ROOM: usize = 512;

/// All projections of all positions; `false` where there is no way for them, which leaves some outputs done.
pub(super) fn project<I: Instructions>(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    if positions == 1 {
        return project_one::<I>(inputs, projections, &mut []);
    }
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return false };
    let Some(all) = Inputs::plain(inputs, positions, cols) else { return false };
    if !project::suits(&all, projections) || !all.are_in_range() {
        return false;
    }
    (with_room::<I>(&all, projections)..positions).all(|position| {
        let x = inputs.get(position * cols..).unwrap_or_default();
        project_at::<I>(position, x, projections, &mut [])
    })
}

/// The projections of one position; `false`, with nothing done, where there is no way for them. `room` is for who has a use
/// for it.
pub(super) fn project_one<I: Instructions>(x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return false };
    match Inputs::plain(x, 1, cols) {
        Some(inputs) if project::suits(&inputs, projections) && inputs.are_in_range() => {
            project_at::<I>(0, x, projections, room)
        }
        _ => false,
    }
}

/// The projections of the first positions among rows to be normed; returns of how many.
pub(super) fn project_normed<I: Instructions>(
    inputs: &Normed,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    match Inputs::normed(inputs) {
        Some(inputs) if project::suits(&inputs, projections) => project_several::<I>(&inputs, projections, room),
        _ => 0,
    }
}

/// [`project_normed`] of rows as they are.
pub(super) fn project_rows<I: Instructions>(
    rows: &[f32],
    positions: usize,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return 0 };
    match Inputs::plain(rows, positions, cols) {
        Some(inputs) if project::suits(&inputs, projections) && inputs.are_in_range() => {
            project_several::<I>(&inputs, projections, room)
        }
        _ => 0,
    }
}

/// [`project_several`] with room of its own.
#[inline(never)]
fn with_room<I: Instructions>(inputs: &Inputs, projections: &mut [Projection]) -> usize {
    project_several::<I>(inputs, projections, &mut [0.0; ROOM])
}

/// The projections of one position, for work that [`project::suits`].
fn project_at<I: Instructions>(position: usize, x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
    if is_coded(projections) {
        // What nobody multiplies need not be translated.
        return I::are_in_use() && coded::project_one::<I>(x, position, projections, room);
    }
    ternary::project_one::<I>(x, position, projections, room)
}

/// The projections of the first positions, for work that [`project::suits`]; returns of how many.
fn project_several<I: Instructions>(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
    if !I::are_in_use() || !project::suits_several(inputs, projections) {
        return 0;
    }
    if is_coded(projections) {
        return coded::project_several::<I>(inputs, projections, room);
    }
    ternary::project_several::<I>(inputs, projections, room)
}

/// Whether some weights do not lie two bits each.
fn is_coded(projections: &[Projection]) -> bool {
    projections.iter().any(|projection| projection.matrix.codec().is_some())
}
