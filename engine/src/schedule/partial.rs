//! The partial plan: what a sequence needs stays as far as it has room ([`Held`](crate::Held)).
//!
//! A sequence that has room as a whole is computed as in the cached plan. Of a longer one, the first positions stay: their
//! keys and values in every layer, and every layer's history and state behind them. The others are computed in each call,
//! one layer at a time as in the lean plan: what stays of a layer changes places with what lies where the lean plan wants it,
//! and afterwards changes back. That takes a small part of the time that a position does.

use super::arithmetic::{Divided, Divisible};
use super::division::Division;
use super::observe::RouterReading;
use super::positions::{Positions, Work};
use super::start::Start;
use crate::layout::Plan;
use crate::weights::Weights;

/// Computes the residual stream of the last of `n` tokens, 1 or more, in the memory's store. Nothing is left to
/// compute then. `None` where the weights are not of the shape that they say.
pub(crate) fn run<'m, 'w>(
    weights: &impl Weights<'m>,
    memory: &mut impl Divisible<'w>,
    n: usize,
    observe: impl FnMut(RouterReading) + Copy,
) -> Option<Start> {
    let layout = memory.layout();
    let held = layout.held();
    let identity = weights.identity();
    // While they are of use, the first positions stay, in a shorter sequence too.
    let divided = Start::after(memory.prefix(), divided_identity(identity), n.checked_sub(1)?);
    if n > held.whole || divided.before > 0 {
        compute_divided(held.first, weights, memory, [divided.before, n], observe)?;
        memory.prefix().remember(divided.identity, held.first);
        return Some(Start { before: n, ..divided });
    }
    let start = Start::after(memory.prefix(), identity, n);
    compute_whole(held.whole, weights, memory, (start, n), observe)?;
    memory.prefix().remember(identity, n);
    Some(Start { before: n, ..start })
}

// Each of these has what it works on to itself on the stack.

/// Computes the residual stream of the first `n` positions, of which there is room for `whole`, in the cached plan's order.
#[inline(never)]
fn compute_whole<'m, 'w>(
    whole: usize,
    weights: &impl Weights<'m>,
    memory: &mut impl Divisible<'w>,
    (start, n): (Start, usize),
    observe: impl FnMut(RouterReading) + Copy,
) -> Option<()> {
    let inner = memory.layout().inner(Plan::Cached, whole);
    let positions = Positions { row: start.before, before: start.before, count: n - start.before };
    let work = Work::of(&inner, positions, start.has_gates);
    memory.prefix().drop_unless(work.has_gates);
    memory.pass_by(&inner, weights, work, observe)
}

/// The key of a divided sequence: another one, so that it is never taken for a whole sequence, which lies in other places.
fn divided_identity(identity: u64) -> u64 {
    if identity == 0 {
        0
    } else {
        !identity
    }
}

/// Computes the residual stream of positions `start` up to `end`, of which the first `first` stay; the last one's is left in the
/// memory.
#[inline(never)]
fn compute_divided<'m, 'w>(
    first: usize,
    weights: &impl Weights<'m>,
    memory: &mut impl Divisible<'w>,
    [start, end]: [usize; 2],
    observe: impl FnMut(RouterReading) + Copy,
) -> Option<()> {
    let layout = memory.layout();
    let division = Division::new(layout, first);
    memory.prefix().forget();
    let mut memory = memory.divide(division)?;
    let (mut done, mut count) = (start, 0);
    while done < end {
        let is_first = done < division.first;
        count = division.others.min(if is_first { division.first } else { end } - done);
        let positions = Positions { row: done, before: done, count };
        for layer in 0..layout.shape().n_layers() {
            if done > 0 {
                memory.fetch(layer, &weights.layer(layer)?, done);
            }
            memory.pass(weights, Work { positions, layers: [layer, layer + 1], has_gates: false }, observe)?;
            memory.put_back(layer, if is_first { done + count } else { division.first });
            if is_first {
                memory.keep(layer);
            }
        }
        done += count;
    }
    memory.leave(count.saturating_sub(1));
    Some(())
}
