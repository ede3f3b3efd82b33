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

use super::arithmetic::{Arithmetic, Divided};
use super::observe::RouterReading;
use super::positions::{Places, Positions, Work};
use super::start::Start;
use crate::layout::{Layout, Plan};
use crate::weights::Weights;

/// Computes the residual stream of the last of `n` tokens, 1 or more, in the memory's store. What is told has nothing left to
/// compute. `None` where the weights break their promise.
pub(crate) fn run<'m, 'w>(
    weights: &impl Weights<'m>,
    memory: &mut impl Arithmetic<'w>,
    n: usize,
    observe: &mut impl FnMut(RouterReading),
) -> Option<Start> {
    let layout = memory.layout();
    let held = layout.held();
    let identity = weights.identity();
    // While they are of use, the first positions stay, in a shorter sequence too.
    let divided = Start::after(memory.prefix(), divided_identity(identity), n - 1);
    if n > held.whole || divided.before > 0 {
        Division::new(layout, held.first).run(weights, memory, [divided.before, n], observe)?;
        return Some(Start { has_gates: true, before: n, held: held.first, ..divided });
    }
    let start = Start::after(memory.prefix(), identity, n);
    let inner = layout.inner(Plan::Cached, held.whole);
    let positions = Positions { row: start.before, before: start.before, count: n - start.before };
    let work = Work::of(&inner, positions, start.has_gates);
    memory.laid_out(&inner).compute(weights, work, observe)?;
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

/// How a sequence is divided into first positions, which stay, and others.
pub(crate) struct Division {
    /// How many stay.
    pub first: usize,
    /// How many others there may be.
    pub others: usize,
    /// The lean plan with a row for each of the others, and for each that stays one in every layer.
    pub layout: Layout,
}

impl Division {
    fn new(layout: &Layout, first: usize) -> Self {
        let others = layout.max_seq() - first;
        let rows = others + layout.shape().n_layers() * first;
        Self { first, others, layout: layout.inner(Plan::Lean, rows) }
    }

    /// Computes the residual stream of positions `start` up to `end`; the last one's is left in the memory.
    #[inline(never)]
    fn run<'m, 'w>(
        &self,
        weights: &impl Weights<'m>,
        memory: &mut impl Arithmetic<'w>,
        [start, end]: [usize; 2],
        observe: &mut impl FnMut(RouterReading),
    ) -> Option<()> {
        memory.prefix().forget();
        let mut memory = memory.divide(self)?;
        let (mut done, mut count) = (start, 0);
        while done < end {
            let is_first = done < self.first;
            count = self.others.min(if is_first { self.first } else { end } - done);
            let positions = Positions { row: done, before: done, count };
            for layer in 0..self.layout.shape().n_layers() {
                if done > 0 {
                    memory.resume(layer, &weights.layer(layer)?);
                }
                let work = Work {
                    positions,
                    layers: [layer, layer + 1],
                    places: self.places(layer, is_first),
                    has_gates: false,
                };
                memory.pass(weights, work, observe)?;
                if is_first {
                    memory.keep(layer);
                }
            }
            done += count;
        }
        memory.leave(count.saturating_sub(1));
        Some(())
    }

    /// Where positions have their rows in a layer: the first ones, or the others.
    fn places(&self, layer: usize, is_first: bool) -> Places {
        let start = self.others + layer * self.first;
        let shift = if is_first { start } else { self.first.wrapping_neg() };
        Places { shift, end: start + self.first }
    }
}
