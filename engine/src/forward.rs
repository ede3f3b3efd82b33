//! The forward pass (numeric contract, steps 1 and 2): one loop for both memory plans.
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; the cached plan takes small chunks and keeps every layer's memory for the
//! next call. Within a layer, a few positions at a time share the work of reading the weights.

use crate::error::RunError;
use crate::kernel::{self, Keys, Mix, Projection, Window, MOST_FLOATS, MOST_POSITIONS};
use crate::layout::Plan;
use crate::weights::{Block, Ssm, Weights};
use crate::workspace::{cut, LayerMemory, Rows, Workspace};

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

/// Computes the residual stream of the first `n` tokens in the workspace's store, as far as it is not computed already. What
/// follows starts from [`LastPosition::of`] them.
///
/// Inlined: few programs both predict and classify, and a frame of its own would be stack in all of them.
#[inline]
pub(crate) fn forward<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
    observe: &mut impl FnMut(RouterReading),
) -> Result<(), RunError> {
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != workspace.layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let identity = weights.identity();
    let start = workspace.prefix.reusable(identity, n);
    let positions = Positions { row: start, before: start, count: n - start };
    compute(weights, workspace, positions, identity, observe).ok_or(RunError::BrokenWeights)?;
    if workspace.layout.plan() == Plan::Cached {
        workspace.prefix.remember(identity, n);
    }
    Ok(())
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

/// Computes the residual stream of `positions`. `identity` is that of the weights. `None` where these break their promise.
pub(crate) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    positions: Positions,
    identity: u64,
    observe: &mut impl FnMut(RouterReading),
) -> Option<()> {
    let layout = &workspace.layout;
    let has_gates = layout.plan() == Plan::Cached && workspace.prefix.is_of(identity);
    // Should this call be cut short, the half-written memory must not be taken for a prefix.
    if has_gates {
        workspace.prefix.drop_positions();
    } else {
        workspace.prefix.forget();
    }
    let most = MOST_POSITIONS.min(MOST_FLOATS.checked_div(3 * layout.shape().d_model() + layout.shape().d_head())?);
    if most > 1 && positions.count > 1 {
        run_together(weights, workspace, positions, most, has_gates, observe)
    } else {
        Pass { weights, workspace, positions, most: 1, has_gates, observe }.run().map(|_| ())
    }
}

/// [`Pass::run`] with up to `most` positions at a time, whose vectors lie on the stack; the last one's residual stream is
/// left in the workspace.
#[inline(never)]
fn run_together<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    positions: Positions,
    most: usize,
    has_gates: bool,
    observe: &mut impl FnMut(RouterReading),
) -> Option<()> {
    let (d, d_head) = (workspace.layout.shape().d_model(), workspace.layout.shape().d_head());
    let mut floats = [0.0; MOST_FLOATS];
    let (residual, rest) = floats.split_at_mut_checked(most * d)?;
    let (normed, rest) = rest.split_at_mut_checked(most * d)?;
    let (attended, rest) = rest.split_at_mut_checked(most * d)?;
    let query = rest.get_mut(..most * d_head)?;
    let Workspace { layout, logits, router, prefix, last_shares, rows, memory } = workspace;
    let is_lean = layout.plan() == Plan::Lean;
    let mut together = Workspace {
        layout: *layout,
        logits,
        router,
        prefix: prefix.reborrow(),
        last_shares,
        rows: Rows { residual: if is_lean { &mut *rows.residual } else { &mut *residual }, normed, query, attended },
        memory: memory.reborrow(),
    };
    let last_chunk = Pass { weights, workspace: &mut together, positions, most, has_gates, observe }.run()?;
    if !is_lean {
        let last = last_chunk.saturating_sub(1) * d;
        for (to, from) in rows.residual.iter_mut().zip(residual.get(last..)?) {
            *to = *from;
        }
    }
    Some(())
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
            residual: cut(workspace.rows.residual, row * d, d),
            normed: workspace.rows.normed,
            logits: workspace.logits,
        }
    }

    /// The final norm of the last position (numeric contract, step 3), and the logits to fill.
    pub(crate) fn final_norm<'m>(self, weights: &impl Weights<'m>) -> (&'s [f32], &'s mut [f32]) {
        kernel::layer_norm(&weights.final_norm(), self.residual, self.normed);
        (self.normed, self.logits)
    }
}

/// One call's way through the layers.
struct Pass<'p, 'w, W, F> {
    weights: &'p W,
    workspace: &'p mut Workspace<'w>,
    /// All that are to be computed.
    positions: Positions,
    /// Positions that a layer computes together: the workspace has room for the vectors of as many.
    most: usize,
    /// Whether the gates, which follow from the weights alone, are those of this model.
    has_gates: bool,
    observe: &'p mut F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, '_, W, F> {
    /// Takes all positions through all layers, chunk by chunk; returns the positions of the last chunk.
    fn run(&mut self) -> Option<usize> {
        let (mut done, mut last_chunk) = (0, 0);
        while done < self.positions.count {
            let most = match self.workspace.layout.plan() {
                Plan::Lean => self.positions.count,
                // What is computed together lies in one tile.
                Plan::Cached => self.most.min(Keys::left_in_tile(self.positions.row + done)),
            };
            let chunk = self.positions.part(done, most);
            self.embed(chunk);
            for layer in 0..self.workspace.layout.shape().n_layers() {
                self.layer(layer, chunk)?;
            }
            done += chunk.count;
            last_chunk = chunk.count;
        }
        Some(last_chunk)
    }

    /// Step 1.
    fn embed(&mut self, chunk: Positions) {
        let matrix = self.weights.embed();
        let d = matrix.cols();
        let Workspace { prefix, rows, .. } = &mut *self.workspace;
        for index in 0..chunk.count {
            let token = prefix.token(chunk.row + index);
            kernel::embed(&matrix, token, cut(rows.residual, index * d, d));
        }
    }

    /// Step 2 of one layer, for the positions of `chunk`, whose residual stream is at the front of its rows.
    fn layer(&mut self, layer: usize, chunk: Positions) -> Option<()> {
        // By reference: a block is too large to be moved for nothing.
        let Some(block) = &self.weights.block(layer) else { return None };
        let mut done = 0;
        while done < chunk.count {
            let part = chunk.part(done, self.most.min(Keys::left_in_tile(chunk.row + done)));
            self.part(layer, block, part, done)?;
            done += part.count;
        }
        Some(())
    }

    /// The same for some positions together, whose residual stream starts at row `first`.
    #[inline(never)]
    fn part(&mut self, layer: usize, block: &Block, part: Positions, first: usize) -> Option<()> {
        let Workspace { layout, router, last_shares, rows, memory, .. } = &mut *self.workspace;
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let mut memory = memory.layer(layout, rows.query, rows.attended, layer);
        if part.before == 0 {
            start_sequence(&mut memory, &block.ssm, self.has_gates);
        }
        let residual = cut(rows.residual, first * d, part.count * d);
        kernel::layer_norm(&block.norm, residual, rows.normed);
        let router = cut(router, part.row * pathways, part.count * pathways);
        let attention = &mut memory.attention;
        let [keys, values, query] = attention.projections(&block.attention, part.row, part.count);
        let shares = Projection::new(&block.router, router);
        kernel::project(rows.normed, part.count, &mut [keys, values, query, shares]);
        for index in 0..part.count {
            let shares = cut(router, index * pathways, pathways);
            let newest = part.row + index;
            kernel::softmax(shares);
            (self.observe)(RouterReading { layer, position: newest, weights: shares });
            let len = layout.max_seq().min(part.before + index + 1);
            attention.attend_query(&block.attention, index, &Window { newest, len });
        }
        let last = cut(router, (part.count - 1) * pathways, pathways);
        for (kept, share) in cut(last_shares, layer * pathways, pathways).iter_mut().zip(&*last) {
            *kept = *share;
        }
        kernel::mix(Mix {
            positions: part.count,
            block,
            history: memory.history,
            state: memory.state,
            gate: memory.gate,
            shares: router,
            inputs: rows.normed,
            attended: memory.attention.attended,
            residual,
        })
    }
}

/// A sequence is always a fresh start: no history, state 0.
#[inline(never)]
fn start_sequence(memory: &mut LayerMemory, ssm: &Ssm, has_gates: bool) {
    memory.history.fill(0.0);
    memory.state.fill(0.0);
    if !has_gates {
        for (gate, a_raw) in memory.gate.iter_mut().zip(ssm.a_raw.iter()) {
            *gate = kernel::gate(a_raw);
        }
    }
}
