//! The steps of docs/numerics.md for one position of one layer, with that page's numbers; 2.6 comes before 2.4 and 2.5.
//!
//! They come one after the other, and each of those that are calls of their own has what it works on to itself on the stack.

use super::attend::Search;
use super::layer_memory::{cut, LayerMemory};
use super::workspace::Workspace;
use crate::kernel::{self, Current, Keys, Mix, Projection, Properties, Window};
use crate::layout::Layout;
use crate::schedule::Positions;
use crate::weights::{Layer, Weights};

/// Step 1 for `count` positions from row `row` on, to the front of the residual stream's rows.
#[inline(never)]
pub(super) fn embed<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, row: usize, count: usize) {
    let matrix = weights.embed();
    let d = matrix.cols();
    for index in 0..count {
        let token = workspace.prefix.token(row + index);
        kernel::embed(&matrix, token, cut(workspace.stream, index * d, d));
    }
}

/// A sequence is always a fresh start: no history, state 0.
#[inline(never)]
pub(super) fn start_sequence<'m>(memory: &mut LayerMemory, block: &impl Layer<'m>, has_gates: bool) {
    memory.history.fill(0.0);
    memory.state.fill(0.0);
    if !has_gates {
        fill_gates(memory.gate, block);
    }
}

/// What the recurrence's state is multiplied by (step 2.5): `gates` is `[d_model]`.
#[inline(always)]
pub(super) fn fill_gates<'m>(gates: &mut [f32], block: &impl Layer<'m>) {
    for (gate, a_raw) in gates.iter_mut().zip(block.ssm().a_raw.iter()) {
        *gate = kernel::gate(a_raw);
    }
}

/// Step 2.1: `x` and `out` are `[d_model]`.
#[inline(always)]
pub(super) fn norm<'m>(block: &impl Layer<'m>, x: &[f32], out: &mut [f32]) {
    kernel::layer_norm_row(&block.norm(), x, out);
}

/// Step 2.2 for all that normalised inputs are multiplied by: key and value of a position are stored, its query and the
/// router's scores left.
///
/// Where most of the stack is needed below it, a frame of its own would be more than what others have to themselves.
#[cfg_attr(backend = "fixed_point", inline(always))]
#[cfg_attr(not(backend = "fixed_point"), inline(never))]
pub(super) fn project<'m>(
    block: &impl Layer<'m>,
    layout: &Layout,
    position: Positions,
    inputs: &[f32],
    memory: &mut LayerMemory,
    search: &mut Search,
    router: &mut [f32],
) {
    let (d, row) = (layout.shape().d_model(), position.row);
    let (first, row_stride) = Keys::place(layout.max_seq(), layout.shape().d_head(), row);
    let keys = memory.keys.get_mut(first..).unwrap_or_default();
    let values = memory.values.get_mut(row * d..);
    if Current::MATRICES_IN_PAIRS {
        let (values, room) = values_and_room(values.unwrap_or_default(), d, position);
        // Outputs and scores of attention are of no meaning yet.
        let room = if room.is_empty() { &mut *search.outputs } else { room };
        // Two of them at a time: of all, the stack would have to hold more.
        let is_left = kernel::project_some(
            inputs,
            &mut [
                Projection { matrix: &block.wk(), out: keys, row_stride, position_stride: 1 },
                Projection::new(&block.wv(), values),
            ],
            room,
        );
        kernel::project_more(
            inputs,
            &mut [Projection::new(&block.wq(), search.query), Projection::new(&block.router(), router)],
            room,
            is_left,
        );
    } else if Current::MATRICES_TOGETHER {
        let (values, room) = values_and_room(values.unwrap_or_default(), d, position);
        let room = if Current::SEARCHES_ROOM && room.is_empty() { &mut *search.outputs } else { room };
        kernel::project_one(
            inputs,
            &mut [
                Projection { matrix: &block.wk(), out: keys, row_stride, position_stride: 1 },
                Projection::new(&block.wv(), values),
                Projection::new(&block.wq(), search.query),
                Projection::new(&block.router(), router),
            ],
            room,
        );
    } else {
        kernel::multiply(&block.wk(), inputs, keys, row_stride);
        kernel::multiply(&block.wq(), inputs, search.query, 1);
        // More than two calls in a straight line, and a compiler for size keeps the function's address at hand.
        let Some(values) = values else { return };
        kernel::multiply(&block.wv(), inputs, values, 1);
        kernel::multiply(&block.router(), inputs, router, 1);
    }
}

/// The place of a position's value among those from it on, and what is free behind it: nothing is written there yet, unless a
/// stream has gone round the memory.
#[inline(always)]
fn values_and_room(values: &mut [f32], d: usize, position: Positions) -> (&mut [f32], &mut [f32]) {
    if Current::WORTHWHILE_ROOM == usize::MAX || position.before != position.row {
        return (values, &mut []);
    }
    let (value, room) = values.split_at_mut_checked(d).unwrap_or_default();
    (value, if room.len() < Current::WORTHWHILE_ROOM { &mut [] } else { room })
}

/// Room behind a position's value among those of its layer; empty where it is not worth while.
#[inline(always)]
pub(super) fn room_behind(values: &mut [f32], d: usize, position: Positions) -> &mut [f32] {
    let values = values.get_mut(position.row * d..).unwrap_or_default();
    let (_, room) = values_and_room(values, d, position);
    room
}

/// Step 2.3: the router's scores become shares, `[n_pathways]`, of which the last position's are kept.
#[inline(always)]
pub(super) fn route(shares: &mut [f32], kept: &mut [f32]) {
    kernel::softmax(shares);
    for (kept, share) in kept.iter_mut().zip(&*shares) {
        *kept = *share;
    }
}

/// Step 2.6: what the one at `index` of `positions` attends to.
#[inline(always)]
pub(super) fn window(layout: &Layout, positions: Positions, index: usize) -> Window {
    let len = layout.max_seq().min(positions.before + index + 1);
    Window { newest: positions.row + index, len }
}

/// Steps 2.4, 2.5 and 2.7 for `positions` positions: convolution, recurrence, and the sum of the pathways by their shares, which
/// is added to the residual stream. All as in [`Mix`].
#[inline(never)]
pub(super) fn mix<'m>(
    block: &impl Layer<'m>,
    positions: usize,
    memory: &mut LayerMemory,
    shares: &[f32],
    inputs: &[f32],
    attended: &[f32],
    residual: &mut [f32],
) -> Option<()> {
    kernel::mix(Mix {
        positions,
        block: &block.pathways(),
        history: memory.history,
        state: memory.state,
        gate: memory.gate,
        shares,
        inputs,
        attended,
        residual,
    })
}
