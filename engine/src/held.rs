//! What stays of a sequence from one call to the next.

use crate::shape::Shape;

/// How many positions a work area holds in all layers, so that they need not be computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Sequences of up to so many positions stay whole: one more token is one position of work.
    pub whole: usize,
    /// Of longer ones the first so many positions stay: one more token is the work of all behind them.
    pub first: usize,
}

impl Held {
    /// Positions that one more token computes, the `n`-th of a sequence that was computed token by token.
    pub const fn work(&self, n: usize) -> usize {
        if n <= self.whole {
            1
        } else if n == self.whole + 1 {
            // Where the whole sequence had its room, the first positions now find theirs.
            n
        } else {
            n - self.first
        }
    }

    /// In the partial plan, where `room` floats are what layers may remember in: at least what the lean plan needs there for
    /// `max_seq` positions.
    ///
    /// Beyond `whole` positions, the first ones keep keys and values of every layer, and every layer's history and state
    /// behind them; the others take what the lean plan does: each its residual stream, and keys and values of one layer.
    /// No other division recomputes less in the same memory: a position of which only the lower layers stay takes more
    /// than its share, because its residual stream must stay with them.
    #[cfg_attr(small, inline(never))]
    pub(crate) const fn partial(shape: &Shape, max_seq: usize, room: usize) -> Self {
        let (d, h, layers) = (shape.d_model(), shape.d_head(), shape.n_layers());
        let taps = shape.kernel_size();
        // A layer's history and state.
        let recurrent = d * least(taps, max_seq);
        // Of a whole sequence the gates stay, too: then a token needs nothing but its own position.
        let whole = quotient(quotient(room, layers).saturating_sub(recurrent + d), d + h);
        let whole = least(whole, max_seq);

        let others = max_seq * (2 * d + h) + recurrent + d;
        let left = room.saturating_sub(others).checked_sub(layers.saturating_mul(recurrent));
        // What a position takes more when it stays. The histories of a sequence shorter than the convolution would be others.
        let more = layers.saturating_mul(d + h).checked_sub(2 * d + h);
        let first = match (left, more) {
            (Some(left), Some(more)) if taps <= max_seq => quotient(left, more),
            _ => 0,
        };
        // The others pass through the layers together, and so do, piece by piece, the first ones when they are computed: in
        // few pieces, if at least a quarter are others.
        Self { whole, first: least(first, least(whole, max_seq - max_seq.div_ceil(4))) }
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b {
        a
    } else {
        b
    }
}

/// Sizes are never 0, but a core must not count on it.
const fn quotient(dividend: usize, divisor: usize) -> usize {
    match dividend.checked_div(divisor) {
        Some(quotient) => quotient,
        None => 0,
    }
}
