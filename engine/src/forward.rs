//! The forward pass (numeric contract, steps 1 and 2): one loop for both memory plans.
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; the cached plan takes small chunks and keeps every layer's memory for the
//! next call. Within a layer, a few positions at a time share the work of reading the weights.

use crate::attention::AttentionMemory;
use crate::error::RunError;
use crate::kernel::{self, Mix, Projection, Window, MOST_FLOATS, MOST_POSITIONS, TILE};
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
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != workspace.layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let identity = weights.identity();
    let start = workspace.prefix.reusable(identity, n);
    let positions = Positions { row: start, before: start, count: n - start };
    compute(weights, workspace, positions, observe).ok_or(RunError::BrokenWeights)?;
    if workspace.layout.plan() == Plan::Cached {
        workspace.prefix.remember(identity, n);
    }
    Ok(LastPosition::of(workspace, n))
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
    /// Those from index `start` on, at most `most`.
    fn part(&self, start: usize, most: usize) -> Self {
        Self { row: self.row + start, before: self.before + start, count: most.min(self.count - start) }
    }
}

/// Computes the residual stream of `positions`. `None` where the weights break their promise.
pub(crate) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    positions: Positions,
    observe: &mut impl FnMut(RouterReading),
) -> Option<()> {
    let layout = workspace.layout;
    let has_gates = layout.plan() == Plan::Cached && workspace.prefix.is_of(weights.identity());
    // Should this call be cut short, the half-written memory must not be taken for a prefix.
    if has_gates {
        workspace.prefix.drop_positions();
    } else {
        workspace.prefix.forget();
    }
    let widest = layout.shape().d_model().max(layout.shape().d_head());
    let most = MOST_POSITIONS.min(MOST_FLOATS.checked_div(widest)?);
    let Scratch { last_shares, residual, normed, query, attended, kept_scores, kept_rows, layers } =
        &mut workspace.scratch;
    let rows = Rows { most: 1, residual, normed, query, attended };
    let router = &mut *workspace.router;
    let tokens = workspace.prefix.from(positions.row);
    let pass =
        Pass { weights, layout, positions, has_gates, router, last_shares, kept_scores, kept_rows, layers, observe };
    if most > 1 && positions.count > 1 {
        pass.run_together(tokens, most, rows)
    } else {
        pass.run(tokens, rows)
    }
}

/// What is left to do with the last position: final norm, then a matrix.
pub(crate) struct LastPosition<'s> {
    residual: &'s [f32],
    normed: &'s mut [f32],
    logits: &'s mut [f32],
}

impl<'s> LastPosition<'s> {
    /// The last of the `n` positions that were computed.
    pub(crate) fn of(workspace: &'s mut Workspace, n: usize) -> Self {
        let d = workspace.layout.shape().d_model();
        let row = (n - 1).min(workspace.layout.residual_rows() - 1);
        Self {
            residual: workspace.scratch.residual.get(row * d..(row + 1) * d).unwrap_or(&[]),
            normed: workspace.scratch.normed,
            logits: workspace.logits,
        }
    }

    /// The final norm of the last position (numeric contract, step 3), and the logits to fill.
    pub(crate) fn final_norm<'m>(self, weights: &impl Weights<'m>) -> (&'s [f32], &'s mut [f32]) {
        kernel::layer_norm(&weights.final_norm(), self.residual, self.normed);
        (self.normed, self.logits)
    }
}

/// Where the vectors of the positions in work lie.
struct Rows<'s> {
    /// Positions that a layer computes together: every array has room for as many.
    most: usize,
    /// `[positions][d_model]`; in the lean plan with room for the whole sequence.
    residual: &'s mut [f32],
    /// `[positions][d_model]`.
    normed: &'s mut [f32],
    /// `[positions][d_head]`.
    query: &'s mut [f32],
    /// `[positions][d_model]`.
    attended: &'s mut [f32],
}

/// One call's way through the layers.
struct Pass<'p, W, F> {
    weights: &'p W,
    layout: Layout,
    /// All that are to be computed.
    positions: Positions,
    /// Whether the gates, which follow from the weights alone, are those of this model.
    has_gates: bool,
    router: &'p mut [f32],
    last_shares: &'p mut [f32],
    kept_scores: &'p mut [f32],
    kept_rows: &'p mut [u32],
    layers: &'p mut [f32],
    observe: &'p mut F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, W, F> {
    /// [`Pass::run`] with up to `most` positions at a time, on the stack; the last one is left in `rows`.
    #[inline(never)]
    fn run_together(self, tokens: &[u32], most: usize, rows: Rows) -> Option<()> {
        let [mut residual, mut normed, mut query, mut attended] = [[0.0; MOST_FLOATS]; 4];
        let (normed, query, attended) = (&mut normed[..], &mut query[..], &mut attended[..]);
        let count = self.positions.count;
        if self.layout.plan() == Plan::Lean {
            return self.run(tokens, Rows { most, residual: rows.residual, normed, query, attended });
        }
        self.run(tokens, Rows { most, residual: &mut residual, normed, query, attended })?;
        let last = (count - 1) % most * rows.residual.len();
        for (to, from) in rows.residual.iter_mut().zip(residual.get(last..)?) {
            *to = *from;
        }
        Some(())
    }

    fn run(mut self, tokens: &[u32], mut rows: Rows) -> Option<()> {
        let chunk_len = match self.layout.plan() {
            Plan::Lean => self.positions.count,
            Plan::Cached => rows.most,
        };
        let mut done = 0;
        while done < self.positions.count {
            let chunk = self.positions.part(done, chunk_len);
            self.embed(tokens.get(done..done + chunk.count)?, rows.residual);
            for layer in 0..self.layout.shape().n_layers() {
                self.layer(layer, chunk, &mut rows)?;
            }
            done += chunk.count;
        }
        Some(())
    }

    /// Step 1.
    fn embed(&self, tokens: &[u32], mut residual: &mut [f32]) {
        let matrix = self.weights.embed();
        for &id in tokens {
            let Some((row, later)) = residual.split_at_mut_checked(matrix.cols()) else {
                return;
            };
            kernel::embed(&matrix, id as usize, row);
            residual = later;
        }
    }

    /// Step 2 of one layer, for the positions of `chunk`, whose residual stream is at the front of `rows`.
    fn layer(&mut self, layer: usize, chunk: Positions, rows: &mut Rows) -> Option<()> {
        let (d, pathways) = (self.layout.shape().d_model(), self.layout.shape().n_pathways());
        let block = self.weights.block(layer)?;
        let mut memory = LayerMemory::of(&self.layout, self.layers, layer)?;
        // A sequence is always a fresh start: no history, state 0.
        if chunk.before == 0 {
            memory.history.fill(0.0);
            memory.state.fill(0.0);
            if !self.has_gates {
                fill_gates(&block, &mut memory);
            }
        }
        let mut done = 0;
        while done < chunk.count {
            let part = chunk.part(done, rows.most.min(TILE - (chunk.row + done) % TILE));
            let residual = rows.residual.get_mut(done * d..(done + part.count) * d)?;
            done += part.count;
            kernel::layer_norm(&block.norm, residual, rows.normed);
            let mut attention = AttentionMemory {
                keys: memory.keys,
                values: memory.values,
                max_seq: self.layout.max_seq(),
                query: rows.query,
                kept_scores: self.kept_scores,
                kept_rows: self.kept_rows,
                attended: rows.attended,
            };
            let router = self.router.get_mut(part.row * pathways..(part.row + part.count) * pathways)?;
            let [keys, values, query] = attention.projections(&block.attention, part.row)?;
            let shares = Projection::new(&block.router, router);
            kernel::project(rows.normed, part.count, &mut [keys, values, query, shares]);
            for index in 0..part.count {
                let shares = router.get_mut(index * pathways..(index + 1) * pathways)?;
                let newest = part.row + index;
                kernel::softmax(shares);
                (self.observe)(RouterReading { layer, position: newest, weights: shares });
                if newest + 1 == self.positions.row + self.positions.count {
                    let last = self.last_shares.get_mut(layer * pathways..)?;
                    for (last, share) in last.iter_mut().zip(&*shares) {
                        *last = *share;
                    }
                }
                let len = self.layout.max_seq().min(part.before + index + 1);
                attention.attend_query(&block.attention, index, &Window { newest, len })?;
            }
            kernel::mix(Mix {
                positions: part.count,
                block: &block,
                history: memory.history,
                state: memory.state,
                gate: memory.gate,
                shares: router,
                inputs: rows.normed,
                attended: rows.attended,
                residual,
            })?;
        }
        Some(())
    }
}

fn fill_gates(block: &Block, memory: &mut LayerMemory) {
    for (gate, a_raw) in memory.gate.iter_mut().zip(block.ssm.a_raw.iter()) {
        *gate = kernel::gate(a_raw);
    }
}
