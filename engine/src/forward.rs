//! The forward pass (docs/numerics.md#the-forward-pass): one loop for both memory plans.
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; the cached plan takes them one by one and keeps every layer's memory for the
//! next call. On a host, a few positions at a time share the work of reading the weights: that is [`together`].

#[cfg(fast_ways = "host")]
mod together;

use crate::error::RunError;
use crate::kernel::{self, Keys, Mix, Projection, Window};
use crate::layer_memory::{cut, LayerMemory};
use crate::layout::{Layout, Plan};
use crate::start::Start;
use crate::weights::{Layer, Norm, Weights};
use crate::workspace::Workspace;

/// The router's decision at one position of one layer, as it is computed.
#[derive(Clone, Copy, Debug)]
pub struct RouterReading<'r> {
    /// Layer, from 0.
    pub layer: usize,
    /// Position, from 0.
    pub position: usize,
    /// Shares of the pathways, `[n_pathways]`.
    pub weights: &'r [f32],
}

/// The observer of a run that nobody watches. One function, so that such runs can share one copy of the forward pass.
pub(crate) fn unobserved(_: RouterReading) {}

/// Computes the residual stream of the first `n` tokens in the workspace's store, as far as it is not computed already. What
/// follows starts from the [`final_norm`] of the last of them.
///
/// Inlined, as are the loops below: a frame of its own would be stack in the programs that have the least of it, and they
/// only predict. Others share one copy, [`forward_unobserved`].
#[inline(always)]
pub(crate) fn forward<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
    observe: impl FnMut(RouterReading),
) -> Result<(), RunError> {
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if !weights.has_shape(workspace.layout.shape()) {
        return Err(RunError::ShapeMismatch);
    }
    let Start { identity, has_gates, before } = match workspace.layout.plan() {
        Plan::Lean => Start::default(),
        Plan::Cached => weights.start(&workspace.prefix, n),
    };
    let positions = Positions { row: before, before, count: n.saturating_sub(before) };
    compute(weights, workspace, positions, has_gates, observe).ok_or(RunError::BrokenWeights)?;
    workspace.prefix.remember(identity, n);
    Ok(())
}

/// [`forward`] as a call of its own.
#[inline(never)]
pub(crate) fn forward_unobserved<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
) -> Result<(), RunError> {
    forward(weights, workspace, n, unobserved)
}

/// Neighbouring positions of a sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    /// Row of the memory that the first of them takes; the others take the next ones.
    pub row: usize,
    /// Positions before them that the memory holds.
    pub before: usize,
    /// How many.
    pub count: usize,
}

impl Positions {
    /// `count` of them from index `start` on, which there are.
    fn part(&self, start: usize, count: usize) -> Self {
        Self { row: self.row + start, before: self.before + start, count }
    }
}

/// Computes the residual stream of `positions`. `has_gates` tells whether the gates, which follow from the weights alone,
/// are there from an earlier call. `None` where the weights break their promise.
#[inline(always)]
pub(crate) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    positions: Positions,
    has_gates: bool,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    // Should this call be cut short, the half-written memory must not be taken for a prefix.
    if has_gates {
        workspace.prefix.drop_positions();
    } else {
        workspace.prefix.forget();
    }
    #[cfg(fast_ways = "host")]
    if positions.count > 1 && together::suits(workspace.layout) {
        return together::run(weights, workspace, positions, has_gates, observe);
    }
    Pass { weights, workspace, positions, has_gates, observe }.run()
}

/// The final norm of the last of `n` positions that were computed (docs/numerics.md#3-logits), `[d_model]`; and the logits to
/// fill.
#[inline(always)]
pub(crate) fn final_norm<'s, 'm>(
    weights: &impl Weights<'m>,
    workspace: &'s mut Workspace,
    n: usize,
) -> (&'s [f32], &'s mut [f32]) {
    let d = workspace.layout.shape().d_model();
    let row = match workspace.layout.plan() {
        Plan::Lean => n - 1,
        Plan::Cached => 0,
    };
    let residual = cut(workspace.rows.residual, row * d, d);
    layer_norm(&weights.final_norm(), residual, workspace.rows.normed);
    (workspace.rows.normed, workspace.logits)
}

/// One call's way through the layers, one position at a time.
struct Pass<'p, 'w, W, F> {
    weights: &'p W,
    workspace: &'p mut Workspace<'w>,
    /// All that are to be computed.
    positions: Positions,
    /// Whether the gates, which follow from the weights alone, are those of this model.
    has_gates: bool,
    observe: F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, '_, W, F> {
    /// Takes all positions through all layers, chunk by chunk.
    #[inline(always)]
    fn run(&mut self) -> Option<()> {
        let mut done = 0;
        while done < self.positions.count {
            let count = match self.workspace.layout.plan() {
                Plan::Lean => self.positions.count,
                Plan::Cached => 1,
            };
            let chunk = self.positions.part(done, count);
            embed(self.weights, self.workspace, chunk.row, chunk.count);
            for layer in 0..self.workspace.layout.shape().n_layers() {
                self.layer(layer, chunk)?;
            }
            done += chunk.count;
        }
        Some(())
    }

    /// Step 2 of one layer, for the positions of `chunk`, whose residual stream is at the front of its rows.
    #[inline(always)]
    fn layer(&mut self, layer: usize, chunk: Positions) -> Option<()> {
        let block = &self.weights.layer(layer)?;
        for index in 0..chunk.count {
            self.position(layer, block, chunk.part(index, 1), index)?;
        }
        Some(())
    }

    /// The same for one position, whose residual stream is in row `index`.
    #[inline(never)]
    fn position(&mut self, layer: usize, block: &W::Layer, position: Positions, index: usize) -> Option<()> {
        let Workspace { layout, router, last_shares, rows, search, layers, .. } = &mut *self.workspace;
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let mut memory = LayerMemory::of(layout, layers, layer);
        if position.before == 0 {
            start_sequence(&mut memory, block, self.has_gates);
        }
        let residual = cut(rows.residual, index * d, d);
        layer_norm(&block.norm(), residual, rows.normed);
        let shares = cut(router, position.row * pathways, pathways);
        let outputs = Outputs { query: search.query, router: shares, spare: search.attended };
        project(block, layout, position, rows.normed, &mut memory, outputs);
        kernel::softmax(shares);
        (self.observe)(RouterReading { layer, position: position.row, weights: shares });
        let window = Window { newest: position.row, len: layout.max_seq().min(position.before + 1) };
        search.attend(layout, &memory, layout.shape().d_head(), block.top_k(), window);
        for (kept, share) in cut(last_shares, layer * pathways, pathways).iter_mut().zip(&*shares) {
            *kept = *share;
        }
        mix(block, 1, &mut memory, shares, rows.normed, search.attended, residual)
    }
}

// What a part does comes one after the other, and each of these functions has what it works on to itself on the stack.

/// The pathways of `positions` positions, as in [`Mix`].
#[inline(never)]
fn mix<'m>(
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
    /// Of no meaning before, and afterwards: room for a kernel.
    spare: &'o mut [f32],
}

/// All that normalised inputs are multiplied by: key and value of a position are stored, its query and the router's scores
/// left.
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
    if kernel::TOGETHER {
        let (values, room) = values_and_room(values.unwrap_or_default(), d, position);
        let room = if kernel::SEARCHES_ROOM && room.is_empty() { spare } else { room };
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
    if kernel::WORTHWHILE_ROOM == usize::MAX || position.before != position.row {
        return (values, &mut []);
    }
    let (value, room) = values.split_at_mut_checked(d).unwrap_or_default();
    (value, if room.len() < kernel::WORTHWHILE_ROOM { &mut [] } else { room })
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
fn start_sequence<'m>(memory: &mut LayerMemory, block: &impl Layer<'m>, has_gates: bool) {
    memory.history.fill(0.0);
    memory.state.fill(0.0);
    if !has_gates {
        for (gate, a_raw) in memory.gate.iter_mut().zip(block.ssm().a_raw.iter()) {
            *gate = kernel::gate(a_raw);
        }
    }
}

/// One row or, where these are computed together, some.
#[inline]
fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
    if !cfg!(small) {
        kernel::layer_norm(norm, x, out);
    } else {
        kernel::layer_norm_row(norm.gamma, norm.beta, x, out);
    }
}
