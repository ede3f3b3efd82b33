//! The partial plan: what a sequence needs stays as far as it has room ([`Held`]).
//!
//! A sequence that has room as a whole is computed as in the cached plan. Of a longer one, the first positions stay: their
//! keys and values in every layer, and every layer's history and state behind them. The others are computed in each call,
//! one layer at a time as in the lean plan, and every layer uses the same rows for them:
//!
//! ```text
//! keys, values   | others | first, layer 0 | first, layer 1 | ...
//! ```
//!
//! So the rows that a query attends to are two runs, those of a window that wraps around behind its layer's ones.

use crate::forward::{compute, fill_gates, Places, Positions, RouterReading, Work};
use crate::held::Held;
use crate::layer_memory::cut;
use crate::layout::{Layout, Plan};
use crate::start::Start;
use crate::weights::Weights;
use crate::workspace::Workspace;

/// Computes the residual stream of the last of `n` tokens, 1 or more, in the workspace's store. What is told has nothing left
/// to compute. `None` where the weights break their promise.
pub(crate) fn run<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
    observe: &mut impl FnMut(RouterReading),
) -> Option<Start> {
    let layout = workspace.layout;
    let held = Held::partial(layout.shape(), layout.max_seq(), workspace.layers.len());
    let identity = weights.identity();
    // While they are of use, the first positions stay, in a shorter sequence too.
    let divided = Start::after(&workspace.prefix, divided_identity(identity), n - 1);
    if n > held.whole || divided.before > 0 {
        Divided::new(layout, held.first).run(weights, workspace, [divided.before, n], observe)?;
        return Some(Start { has_gates: true, before: n, held: held.first, ..divided });
    }
    let start = Start::after(&workspace.prefix, identity, n);
    let inner = layout.inner(Plan::Cached, held.whole);
    let positions = Positions { row: start.before, before: start.before, count: n - start.before };
    let work = Work::of(&inner, positions, start.has_gates);
    pass(weights, &mut workspace.reborrow(&inner), work, observe)?;
    Some(Start { has_gates: true, before: n, ..start })
}

/// What the memory of a divided sequence is filed under: it lies in other places than that of a whole one.
fn divided_identity(identity: u64) -> u64 {
    if identity == 0 {
        0
    } else {
        !identity
    }
}

/// A sequence of which only the first positions stay.
struct Divided {
    /// How many stay.
    first: usize,
    /// How many others there may be.
    others: usize,
    /// The lean plan with a row for each of the others, and for each that stays one in every layer.
    layout: Layout,
}

impl Divided {
    fn new(layout: &Layout, first: usize) -> Self {
        let others = layout.max_seq() - first;
        let rows = others + layout.shape().n_layers() * first;
        Self { first, others, layout: layout.inner(Plan::Lean, rows) }
    }

    /// Computes the residual stream of positions `start` up to `end`; the last one's is left in the workspace.
    #[inline(never)]
    fn run<'m>(
        &self,
        weights: &impl Weights<'m>,
        workspace: &mut Workspace,
        [start, end]: [usize; 2],
        observe: &mut impl FnMut(RouterReading),
    ) -> Option<()> {
        let d = self.layout.shape().d_model();
        let mut inner = workspace.reborrow(&self.layout);
        let layers = core::mem::take(&mut inner.layers);
        let (residual, layers) = layers.split_at_mut_checked(self.others * d)?;
        let (layers, states) = layers.split_at_mut_checked(self.layout.layer())?;
        let last = core::mem::replace(&mut inner.rows.residual, residual);
        inner.layers = layers;
        let (mut done, mut count) = (start, 0);
        while done < end {
            let is_first = done < self.first;
            count = self.others.min(if is_first { self.first } else { end } - done);
            let positions = Positions { row: done, before: done, count };
            for layer in 0..self.layout.shape().n_layers() {
                let state = cut(states, layer * self.states(), self.states());
                if done > 0 {
                    copy(self.state(inner.layers), state);
                    fill_gates(cut(inner.layers, self.layout.layer() - d, d), &weights.layer(layer)?);
                }
                let work = Work {
                    positions,
                    layers: [layer, layer + 1],
                    places: self.places(layer, is_first),
                    has_gates: false,
                };
                pass(weights, &mut inner, work, observe)?;
                if is_first {
                    copy(state, self.state(inner.layers));
                }
            }
            done += count;
        }
        copy(last, cut(inner.rows.residual, count.saturating_sub(1) * d, d));
        Some(())
    }

    /// Where positions have their rows in a layer: the first ones, or the others.
    fn places(&self, layer: usize, is_first: bool) -> Places {
        let start = self.others + layer * self.first;
        let shift = if is_first { start } else { self.first.wrapping_neg() };
        Places { shift, end: start + self.first }
    }

    /// Floats of a layer's history and state.
    fn states(&self) -> usize {
        (self.layout.history_len() + 1) * self.layout.shape().d_model()
    }

    /// Those of the layer in work.
    fn state<'l>(&self, layers: &'l mut [f32]) -> &'l mut [f32] {
        let behind = self.states() + self.layout.shape().d_model();
        cut(layers, self.layout.layer() - behind, self.states())
    }
}

/// [`compute`] as a call of its own, for both.
#[inline(never)]
fn pass<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    observe: &mut impl FnMut(RouterReading),
) -> Option<()> {
    compute(weights, workspace, work, observe)
}

/// Copies as much as both have.
fn copy(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
