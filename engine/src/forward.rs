//! The forward pass (numeric contract, steps 1 and 2): one loop for both memory plans.
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; the cached plan takes chunks of one position and keeps every layer's
//! memory for the next call.

use core::ops::Range;

use crate::attention::AttentionMemory;
use crate::entropy::entropy;
use crate::error::RunError;
use crate::kernel;
use crate::layout::{Layout, Plan};
use crate::weights::{Block, Weights};
use crate::workspace::{LayerMemory, Scratch, Workspace};

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

/// The observer of a run that nobody watches. One function, so that all such runs share one copy of the forward pass.
pub(crate) fn unobserved(_: RouterReading) {}

/// Computes the residual stream of the first `n` tokens in the workspace's store, as far as it is not computed already,
/// and returns the last position.
pub(crate) fn forward<'m, 'w, 's>(
    weights: &impl Weights<'m>,
    workspace: &'s mut Workspace<'w>,
    n: usize,
    observe: &mut impl FnMut(RouterReading),
) -> Result<LastPosition<'s>, RunError> {
    let layout = workspace.layout;
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let identity = weights.identity();
    let start = workspace.prefix.reusable(identity, n);
    // Should this call be cut short, the half-written memory must not be taken for a prefix.
    workspace.prefix.forget();
    let mut ids = workspace.prefix.from(start).iter();
    let mut pass = Pass { weights, layout, n, router: workspace.router, scratch: &mut workspace.scratch, observe };
    let mut from = start;
    while from < n {
        let chunk = from..n.min(from + layout.residual_rows());
        from = chunk.end;
        pass.embed(&mut ids, chunk.len());
        for layer in 0..layout.shape().n_layers() {
            pass.layer(layer, chunk.clone()).ok_or(RunError::BrokenWeights)?;
        }
    }
    if layout.plan() == Plan::Cached {
        workspace.prefix.remember(identity, n);
    }
    let d = layout.shape().d_model();
    let row = (n - 1).min(layout.residual_rows() - 1);
    Ok(LastPosition {
        residual: workspace.scratch.residual.get(row * d..(row + 1) * d).unwrap_or(&[]),
        normed: workspace.scratch.normed,
        logits: workspace.logits,
    })
}

/// What is left to do with the last position: final norm, then a matrix.
pub(crate) struct LastPosition<'s> {
    residual: &'s [f32],
    normed: &'s mut [f32],
    logits: &'s mut [f32],
}

impl<'s> LastPosition<'s> {
    /// The final norm of the last position (numeric contract, step 3), and the logits to fill.
    pub(crate) fn final_norm<'m>(self, weights: &impl Weights<'m>) -> (&'s [f32], &'s mut [f32]) {
        kernel::layer_norm(&weights.final_norm(), self.residual, self.normed);
        (self.normed, self.logits)
    }
}

/// One call's way through the layers.
struct Pass<'p, 'w, W, F> {
    weights: &'p W,
    layout: Layout,
    /// Positions of the whole sequence.
    n: usize,
    router: &'p mut [f32],
    scratch: &'p mut Scratch<'w>,
    observe: &'p mut F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, '_, W, F> {
    /// Step 1, for the next `count` tokens.
    fn embed<'i>(&mut self, ids: &mut impl Iterator<Item = &'i u32>, count: usize) {
        let matrix = self.weights.embed();
        let mut rows = &mut *self.scratch.residual;
        for &id in ids.take(count) {
            let Some((row, later)) = rows.split_at_mut_checked(matrix.cols()) else {
                return;
            };
            kernel::embed(&matrix, id as usize, row);
            rows = later;
        }
    }

    /// Step 2 of one layer, for the positions of `chunk`.
    fn layer(&mut self, layer: usize, chunk: Range<usize>) -> Option<()> {
        let block = self.weights.block(layer)?;
        let d = self.layout.shape().d_model();
        let pathways = self.layout.shape().n_pathways();
        let scratch = &mut *self.scratch;
        let mut memory = LayerMemory::of(&self.layout, scratch.layers, layer)?;
        if chunk.start == 0 {
            start_sequence(&block, &mut memory);
        }
        let mut rows = &mut *scratch.residual;
        for t in chunk {
            let (x, later) = rows.split_at_mut_checked(d)?;
            rows = later;
            kernel::layer_norm(&block.norm, x, scratch.normed);

            let shares = self.router.get_mut(t * pathways..(t + 1) * pathways)?;
            kernel::matvec(&block.router, scratch.normed, shares);
            kernel::softmax(shares);
            (self.observe)(RouterReading { layer, position: t, weights: shares });
            if t + 1 == self.n {
                *scratch.entropy.get_mut(layer)? = entropy(shares);
            }

            let mut attention = AttentionMemory {
                keys: memory.keys,
                values: memory.values,
                query: scratch.query,
                kept_scores: scratch.kept_scores,
                kept_positions: scratch.kept_positions,
                attended: scratch.attended,
            };
            attention.store(&block.attention, t, scratch.normed)?;
            attention.attend(&block.attention, t, scratch.normed)?;
            mix(&block, &mut memory, shares, scratch.normed, scratch.attended, x)?;
        }
        Some(())
    }
}

/// A sequence is always a fresh start: no history, state 0.
fn start_sequence(block: &Block, memory: &mut LayerMemory) {
    memory.history.fill(0.0);
    memory.state.fill(0.0);
    for (gate, a_raw) in memory.gate.iter_mut().zip(block.ssm.a_raw.iter()) {
        *gate = kernel::gate(a_raw);
    }
}

/// Steps 2.4, 2.5 and 2.7, channel by channel: convolution, recurrence, and all three pathways into the residual stream.
fn mix(
    block: &Block,
    memory: &mut LayerMemory,
    shares: &[f32],
    u: &[f32],
    attended: &[f32],
    x: &mut [f32],
) -> Option<()> {
    let &[p0, p1, p2, ..] = shares else { return None };
    let history_len = memory.history.len().checked_div(u.len())?;
    let mut histories = &mut *memory.history;
    let ssm_params = block.ssm.b.iter().zip(block.ssm.c_out.iter()).zip(&*memory.gate);
    let channels = x.iter_mut().zip(u).zip(attended).zip(&mut *memory.state).zip(ssm_params);
    for (channel, ((((x, &u), &sparse), state), ((b, c_out), &gate))) in channels.enumerate() {
        let (history, later) = core::mem::take(&mut histories).split_at_mut_checked(history_len)?;
        histories = later;
        let local = kernel::conv_channel(block.conv.taps.row(channel), block.conv.taps.scale(), u, history);
        let recurrent = kernel::ssm_step(gate, b, c_out, u, state);
        *x += (p0 * local + p1 * recurrent) + p2 * sparse;
    }
    Some(())
}
