//! How large a work area is and where its parts lie, for both memory plans.

use crate::shape::{is_size, Shape, ShapeError, MOST};

/// How the work area spends memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One layer at a time over all positions: the least memory; every call computes the whole sequence.
    Lean,
    /// Keys, values and states of every layer stay: a call computes only positions that are new.
    Cached,
}

/// Sizes of a work area for one shape, longest sequence and plan. Sizes count 4-byte words.
///
/// For the C API, a layout is nine 32-bit numbers, so that a constant of the program can be one: the plan (1 lean, 2
/// cached), max_seq, d_model, n_layers, n_pathways, vocab_size, d_head, kernel_size and top_k. Whether such a constant
/// keeps to the ranges tells [`Layout::takes_exactly`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Layout {
    plan: u32,
    max_seq: u32,
    shape: Shape,
}

const LEAN: u32 = 1;
const CACHED: u32 = 2;

/// Words of the tag that tells for which model and how many positions are computed.
pub const TAG_WORDS: usize = 3;

impl Layout {
    /// A layout for sequences of at most `max_seq` tokens, 1 to 65,535.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`] for `max_seq`, [`ShapeError::TooLarge`] where the work area would not fit `usize`.
    pub const fn new(shape: Shape, max_seq: usize, plan: Plan) -> Result<Self, ShapeError> {
        if !is_size(max_seq) {
            return Err(ShapeError::OutOfRange { name: "max_seq", value: max_seq, least: 1, most: MOST });
        }
        let plan = match plan {
            Plan::Lean => LEAN,
            Plan::Cached => CACHED,
        };
        let layout = Self { plan, max_seq: max_seq as u32, shape };
        if layout.units() > (usize::MAX / 8) as u64 {
            return Err(ShapeError::TooLarge);
        }
        Ok(layout)
    }

    /// Whether all numbers are in their ranges and such a work area takes `bytes`, no more and no less.
    pub fn takes_exactly(&self, bytes: u32) -> bool {
        (LEAN..=CACHED).contains(&self.plan)
            && is_size(self.max_seq())
            && self.shape.is_valid()
            && 4 * self.units() == u64::from(bytes)
            && bytes as usize <= usize::MAX / 2
    }

    /// A layout with the plan that a relinked program gets unasked: cached where that takes no more memory than the C99
    /// engine did, else lean.
    ///
    /// # Errors
    /// As [`Layout::new`], of the lean plan.
    pub const fn auto(shape: Shape, max_seq: usize) -> Result<Self, ShapeError> {
        if let Ok(cached) = Self::new(shape, max_seq, Plan::Cached) {
            if cached.bytes() as u64 <= c99_state_bytes(&shape, max_seq) {
                return Ok(cached);
            }
        }
        Self::new(shape, max_seq, Plan::Lean)
    }

    /// 4-byte words of all of it, in 64 bits: at most 2^16 layers of fewer than 2^34. The products of two sizes, and even one
    /// more of them, stay below 2^32.
    const fn units(&self) -> u64 {
        let (s, d) = (self.max_seq, self.shape.d_model() as u32);
        let (layers, rows) = match self.plan() {
            Plan::Lean => (1, s),
            Plan::Cached => (self.shape.n_layers() as u32, 1),
        };
        let layer = s as u64 * (self.shape.d_head() as u32 + d) as u64 + ((self.history_len() as u32 + 2) * d) as u64;
        let small =
            self.logits() + self.router() + self.last_shares() + self.shape.d_head() + self.kept() + self.words();
        layers as u64 * layer + ((rows + 2) * d) as u64 + small as u64
    }

    /// The shape it is for.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The longest sequence.
    pub const fn max_seq(&self) -> usize {
        self.max_seq as usize
    }

    /// The memory plan.
    pub const fn plan(&self) -> Plan {
        if self.plan == LEAN {
            Plan::Lean
        } else {
            Plan::Cached
        }
    }

    /// binary32 values that a [`crate::Workspace`] of this layout takes.
    pub const fn floats(&self) -> usize {
        self.units() as usize - self.words()
    }

    /// 32-bit words that a [`crate::Workspace`] of this layout takes besides.
    pub const fn words(&self) -> usize {
        TAG_WORDS + self.max_seq() + self.kept()
    }

    /// All of the work area in bytes.
    pub const fn bytes(&self) -> usize {
        4 * self.units() as usize
    }

    /// Floats behind the logits and router weights, which callers read.
    pub const fn scratch_floats(&self) -> usize {
        self.floats() - self.logits() - self.router()
    }

    pub(crate) const fn logits(&self) -> usize {
        self.shape.vocab_size()
    }

    pub(crate) const fn router(&self) -> usize {
        self.max_seq() * self.shape.n_pathways()
    }

    /// The last position's router weights of every layer.
    pub(crate) const fn last_shares(&self) -> usize {
        self.shape.n_layers() * self.shape.n_pathways()
    }

    /// Positions whose residual stream is held at once: lean finishes a layer for all of them before the next layer.
    pub(crate) const fn residual_rows(&self) -> usize {
        match self.plan() {
            Plan::Lean => self.max_seq(),
            Plan::Cached => 1,
        }
    }

    /// Positions that attention can keep: no more than there are.
    pub(crate) const fn kept(&self) -> usize {
        if self.shape.top_k() < self.max_seq() {
            self.shape.top_k()
        } else {
            self.max_seq()
        }
    }

    /// Earlier inputs a channel that the convolution can reach: no more than there can be.
    pub(crate) const fn history_len(&self) -> usize {
        let taps = self.shape.kernel_size();
        (if taps < self.max_seq() { taps } else { self.max_seq() }) - 1
    }

    /// One layer's keys, values, convolution history, state and gate.
    pub(crate) const fn layer(&self) -> usize {
        let d = self.shape.d_model();
        self.max_seq() * (self.shape.d_head() + d) + self.history_len() * d + 2 * d
    }

    /// Where a layer's memory starts: lean has one place that every layer uses in turn.
    pub(crate) const fn layer_start(&self, layer: usize) -> usize {
        match self.plan() {
            Plan::Lean => 0,
            Plan::Cached => layer * self.layer(),
        }
    }
}

/// Size in bytes of the C99 engine's `atome_state_t` for this shape and longest sequence. See
/// docs/c-api.md#what-the-c99-engine-has-too.
pub const fn c99_state_bytes(shape: &Shape, max_seq: usize) -> u64 {
    let (s, d, h) = (max_seq as u64, shape.d_model() as u64, shape.d_head() as u64);
    let per_position = 6 * d + h + shape.n_pathways() as u64 + 1;
    4 * (s * per_position + shape.n_layers() as u64 * d + shape.vocab_size() as u64 + h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Dims;

    #[test]
    fn numbers_out_of_range_take_nothing() {
        let dims = Dims { d_model: 8, n_layers: 2, d_head: 4, vocab_size: 16, ..Dims::DEFAULT };
        let good = Layout::new(Shape::new(dims).expect("in range"), 9, Plan::Lean).expect("in range");
        let bytes = |layout: &Layout| (4 * layout.units()) as u32;
        assert!(good.takes_exactly(bytes(&good)));
        for (plan, max_seq) in [(0, 9), (3, 9), (LEAN, 0), (LEAN, 65_536), (CACHED, u32::MAX)] {
            let bad = Layout { plan, max_seq, ..good };
            // In the lean plan, and with one position, nothing overflows on the way to the sum.
            let sum = bytes(&Layout { plan: LEAN, max_seq: max_seq.clamp(1, 65_535), ..good });
            assert!((0..=4096).chain([sum]).all(|bytes| !bad.takes_exactly(bytes)), "plan {plan}, max_seq {max_seq}");
        }
    }
    /// Counted by hand from the C API's description, with sizes that differ.
    #[test]
    fn the_c99_engine_took_what_its_description_says() {
        let dims = Dims { d_model: 3, n_layers: 2, d_head: 5, n_pathways: 7, vocab_size: 11, ..Dims::DEFAULT };
        let sizes = [(dims, 13, 1700), (Dims::DEFAULT, 32, 53_824)];
        for (dims, max_seq, bytes) in sizes {
            assert_eq!(c99_state_bytes(&Shape::new(dims).expect("in range"), max_seq), bytes);
        }
    }
}
