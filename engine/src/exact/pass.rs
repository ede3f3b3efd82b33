//! One position at a time through the layers, step by step (docs/numerics.md#the-forward-pass).
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; in the cached plan, where every layer's memory stays for the next call, a
//! chunk is one position.

use super::layer_memory::{cut, LayerMemory};
use super::workspace::Workspace;
use crate::kernel::{self, Current, Keys, Mix, Projection, Properties, Window};
use crate::layout::{Layout, Plan};
use crate::schedule::{Positions, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// Computes the residual stream of positions: from their tokens, or from what the layer before the first one left of it.
/// `None` where the weights break their promise.
#[inline(always)]
pub(super) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    if Current::POSITIONS_TOGETHER > 1 && work.positions.count > 1 && super::together::suits(workspace.layout) {
        return super::together::run(weights, workspace, work, observe);
    }
    let Work { positions, layers, has_gates } = work;
    Pass { weights, workspace, has_gates, observe }.run(positions, layers)
}

/// [`compute`] as a call of its own.
#[inline(never)]
pub(super) fn compute_apart<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    compute(weights, workspace, work, observe)
}

/// One call's way through the layers, one position at a time.
struct Pass<'p, 'w, W, F> {
    weights: &'p W,
    workspace: &'p mut Workspace<'w>,
    /// Whether the gates, which follow from the weights alone, are those of this model.
    has_gates: bool,
    observe: F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, '_, W, F> {
    /// Takes all positions through the layers, chunk by chunk.
    #[inline(always)]
    fn run(&mut self, positions: Positions, [first_layer, end]: [usize; 2]) -> Option<()> {
        let mut done = 0;
        while done < positions.count {
            let count = match self.workspace.layout.plan() {
                Plan::Lean => positions.count,
                Plan::Partial | Plan::Cached => 1,
            };
            let chunk = positions.part(done, count);
            if first_layer == 0 {
                embed(self.weights, self.workspace, chunk.row, chunk.count);
            }
            for layer in first_layer..end {
                self.layer(layer, chunk)?;
            }
            done += chunk.count;
        }
        Some(())
    }

    /// Step 2 in one layer, for the positions of `chunk`, whose residual stream is at the front of its rows.
    #[inline(always)]
    fn layer(&mut self, layer: usize, chunk: Positions) -> Option<()> {
        let block = &self.weights.layer(layer)?;
        for index in 0..chunk.count {
            self.position(layer, block, chunk.part(index, 1), index)?;
        }
        Some(())
    }

    /// Step 2 in one layer, for one position, whose residual stream is in row `index`.
    #[inline(never)]
    fn position(&mut self, layer: usize, block: &W::Layer, position: Positions, index: usize) -> Option<()> {
        let Workspace { layout, router, last_shares, rows, search, layers, .. } = &mut *self.workspace;
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let mut memory = LayerMemory::of(layout, layers, layer);
        if position.before == 0 {
            start_sequence(&mut memory, block, self.has_gates);
        }
        let residual = cut(rows.residual, index * d, d);
        let shares = cut(router, position.row * pathways, pathways);

        kernel::layer_norm_row(&block.norm(), residual, rows.normed);
        let outputs = Outputs { query: search.query, router: shares, spare: search.attended };
        project(block, layout, position, rows.normed, &mut memory, outputs);
        kernel::softmax(shares);
        (self.observe)(RouterReading { layer, position: position.row, weights: shares });
        let window = window(layout, position, 0);
        search.attend(layout, &memory, layout.shape().d_head(), block.top_k(), window);
        for (kept, share) in cut(last_shares, layer * pathways, pathways).iter_mut().zip(&*shares) {
            *kept = *share;
        }
        mix(block, 1, &mut memory, shares, rows.normed, search.attended, residual)
    }
}

// The steps come one after the other, and each of these functions has what it works on to itself on the stack.

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

/// What is computed for one position alone.
struct Outputs<'o> {
    /// `[d_head]`.
    query: &'o mut [f32],
    /// `[n_pathways]`.
    router: &'o mut [f32],
    /// Of no meaning before and afterwards: room for a kernel.
    spare: &'o mut [f32],
}

/// Step 2.2 for all that normalised inputs are multiplied by: key and value of a position are stored, its query and the
/// router's scores left.
#[inline(never)]
fn project<'m>(
    block: &impl Layer<'m>,
    layout: &Layout,
    position: Positions,
    inputs: &[f32],
    memory: &mut LayerMemory,
    outputs: Outputs,
) {
    let Outputs { query, router, spare } = outputs;
    let (d, row) = (layout.shape().d_model(), position.row);
    let (first, row_stride) = Keys::place(layout.max_seq(), layout.shape().d_head(), row);
    let keys = memory.keys.get_mut(first..).unwrap_or_default();
    let values = memory.values.get_mut(row * d..);
    if Current::MATRICES_TOGETHER {
        let (values, room) = values_and_room(values.unwrap_or_default(), d, position);
        let room = if Current::SEARCHES_ROOM && room.is_empty() { spare } else { room };
        kernel::project_one(
            inputs,
            &mut [
                Projection { matrix: &block.wk(), out: keys, row_stride, position_stride: 1 },
                Projection::new(&block.wv(), values),
                Projection::new(&block.wq(), query),
                Projection::new(&block.router(), router),
            ],
            room,
        );
    } else {
        kernel::multiply(&block.wk(), inputs, keys, row_stride);
        kernel::multiply(&block.wq(), inputs, query, 1);
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

/// What the one at `index` of `positions` attends to.
#[inline(always)]
pub(super) fn window(layout: &Layout, positions: Positions, index: usize) -> Window {
    let len = layout.max_seq().min(positions.before + index + 1);
    Window { newest: positions.row + index, len }
}

/// Step 1 for `count` positions from row `row` on, to the front of the residual stream's rows.
#[inline(never)]
fn embed<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, row: usize, count: usize) {
    let matrix = weights.embed();
    let d = matrix.cols();
    for index in 0..count {
        let token = workspace.prefix.token(row + index);
        kernel::embed(&matrix, token, cut(workspace.rows.residual, index * d, d));
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
