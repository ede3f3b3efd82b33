//! How large a work area is and where its parts lie, for each memory plan.

use crate::held::Held;
use crate::shape::{is_size, Shape, ShapeError, MOST};

/// How the work area spends memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One layer at a time over all positions: the least memory; every call computes the whole sequence.
    Lean,
    /// As much of every layer as the memory holds stays, within the C99 engine's RAM: a call computes only positions that
    /// are new, and those that found no room.
    Partial,
    /// Keys, values and states of every layer stay: a call computes only positions that are new.
    Cached,
}

/// Sizes of a work area for one shape, longest sequence and plan. Sizes count 4-byte words.
///
/// For the C API, a layout is ten 32-bit numbers, so that a constant of the program can be one: the bytes of all, the plan
/// (1 lean, 2 cached, 3 partial), max_seq, d_model, n_layers, n_pathways, vocab_size, d_head, kernel_size and top_k. Whether
/// such a constant keeps to the ranges tells [`Layout::is_valid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Layout {
    /// What the partial plan may take. Of the others it follows from the other numbers.
    bytes: u32,
    plan: u32,
    max_seq: u32,
    shape: Shape,
}

const LEAN: u32 = 1;
const CACHED: u32 = 2;
const PARTIAL: u32 = 3;

/// Words of the tag that tells for which model and how many positions are computed.
pub const TAG_WORDS: usize = 3;

/// Rows of d_model that the partial plan has besides what layers remember: one for the residual stream that a call leaves
/// behind, and three for a kernel's tables when it multiplies that.
const PARTIAL_ROWS: usize = 4;
/// Positions that the partial plan has to hold whole to be taken unasked.
const WORTH_HOLDING: usize = 2;

impl Layout {
    /// A layout for sequences of at most `max_seq` tokens, 1 to 65,535. The partial plan takes what the C99 engine did, or
    /// the least that it can do with where that is more.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`] for `max_seq`, [`ShapeError::TooLarge`] where the work area would not fit `usize`, or in
    /// the partial plan 32 bits.
    pub const fn new(shape: Shape, max_seq: usize, plan: Plan) -> Result<Self, ShapeError> {
        if !is_size(max_seq) {
            return Err(ShapeError::OutOfRange { name: "max_seq", value: max_seq, least: 1, most: MOST });
        }
        let layout = Self::stating(0, shape, max_seq, plan);
        let (least, before) = (4 * layout.least_units(), c99_state_bytes(&shape, max_seq));
        layout.taking(if layout.plan == PARTIAL && least < before { before } else { least })
    }

    /// A layout of the partial plan in `bytes` of memory, or up to three fewer: the more, the longer the sequences that stay.
    ///
    /// # Errors
    /// As [`Layout::new`]; [`ShapeError::OutOfRange`] for fewer bytes than that plan can do with.
    pub const fn partial(shape: Shape, max_seq: usize, bytes: usize) -> Result<Self, ShapeError> {
        let layout = match Self::new(shape, max_seq, Plan::Partial) {
            Ok(layout) => layout,
            Err(error) => return Err(error),
        };
        let least = 4 * layout.least_units();
        if (bytes as u64) < least {
            let most = u32::MAX as usize;
            return Err(ShapeError::OutOfRange { name: "bytes", value: bytes, least: least as usize, most });
        }
        layout.taking(bytes as u64 / 4 * 4)
    }

    /// The layout with `bytes` in all.
    const fn taking(self, bytes: u64) -> Result<Self, ShapeError> {
        if bytes > (usize::MAX / 2) as u64 || self.plan == PARTIAL && bytes > u32::MAX as u64 {
            return Err(ShapeError::TooLarge);
        }
        Ok(Self { bytes: bytes as u32, ..self })
    }

    /// Whether all numbers are in their ranges and such a work area takes the bytes that it says, no more and no less.
    pub fn is_valid(&self) -> bool {
        (LEAN..=PARTIAL).contains(&self.plan)
            && is_size(self.max_seq())
            && self.shape.is_valid()
            && self.takes(u64::from(self.bytes))
            && self.bytes as usize <= usize::MAX / 2
    }

    /// Whether plan, longest sequence and shape are in their ranges.
    pub(crate) fn is_in_range(&self) -> bool {
        (LEAN..=PARTIAL).contains(&self.plan) && is_size(self.max_seq()) && self.shape.is_valid()
    }

    /// The first of its numbers, unchecked.
    pub(crate) const fn stated_bytes(&self) -> u32 {
        self.bytes
    }

    /// A layout that says `bytes`, which nothing has checked.
    pub(crate) const fn stating(bytes: u32, shape: Shape, max_seq: usize, plan: Plan) -> Self {
        let plan = match plan {
            Plan::Lean => LEAN,
            Plan::Partial => PARTIAL,
            Plan::Cached => CACHED,
        };
        Self { bytes, plan, max_seq: max_seq as u32, shape }
    }

    fn takes(&self, bytes: u64) -> bool {
        let least = 4 * self.least_units();
        least == bytes || self.plan == PARTIAL && least < bytes && bytes.is_multiple_of(4)
    }

    /// A layout with the plan that a relinked program gets unasked, in no more memory than the C99 engine took: cached
    /// where that suffices, partial where that holds any sequence of [`WORTH_HOLDING`] positions, else lean.
    ///
    /// # Errors
    /// As [`Layout::new`], of the lean plan.
    pub const fn auto(shape: Shape, max_seq: usize) -> Result<Self, ShapeError> {
        if let Ok(cached) = Self::new(shape, max_seq, Plan::Cached) {
            if cached.bytes() as u64 <= c99_state_bytes(&shape, max_seq) {
                return Ok(cached);
            }
        }
        if let Ok(partial) = Self::new(shape, max_seq, Plan::Partial) {
            let is_within = partial.bytes() as u64 <= c99_state_bytes(&shape, max_seq);
            if is_within && partial.held().whole >= WORTH_HOLDING {
                return Ok(partial);
            }
        }
        Self::new(shape, max_seq, Plan::Lean)
    }

    /// 4-byte words of all of it.
    const fn units(&self) -> usize {
        // Only hosts can have more than 32 bits of bytes; there the sum is computed again.
        if self.plan == PARTIAL || usize::BITS <= u32::BITS {
            self.bytes as usize / 4
        } else {
            self.least_units() as usize
        }
    }

    /// The fewest that the plan can do with, in 64 bits: at most 2^16 layers of fewer than 2^34. The products of two sizes,
    /// and even one more of them, stay below 2^32.
    const fn least_units(&self) -> u64 {
        let (s, d) = (self.max_seq, self.shape.d_model() as u32);
        let (layers, rows) = match self.plan() {
            Plan::Lean | Plan::Partial => (1, s),
            Plan::Cached => (self.shape.n_layers() as u32, 1),
        };
        // The partial plan does with what the lean one takes, and rows for what a call leaves behind.
        let left = if self.plan == PARTIAL { PARTIAL_ROWS as u32 * d } else { 0 };
        let layer = s as u64 * (self.shape.d_head() as u32 + d) as u64 + ((self.history_len() as u32 + 2) * d) as u64;
        let small = left as usize
            + self.logits()
            + self.router()
            + self.last_shares()
            + self.shape.d_head()
            + self.kept()
            + self.words();
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
        match self.plan {
            LEAN => Plan::Lean,
            CACHED => Plan::Cached,
            _ => Plan::Partial,
        }
    }

    /// binary32 values that a [`crate::Workspace`] of this layout takes.
    pub const fn floats(&self) -> usize {
        self.units() - self.words()
    }

    /// 32-bit words that a [`crate::Workspace`] of this layout takes besides.
    pub const fn words(&self) -> usize {
        TAG_WORDS + self.max_seq() + self.kept()
    }

    /// All of the work area in bytes.
    pub const fn bytes(&self) -> usize {
        4 * self.units()
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
            // One, and room for a kernel's tables.
            Plan::Partial => PARTIAL_ROWS,
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
            Plan::Lean | Plan::Partial => 0,
            Plan::Cached => layer * self.layer(),
        }
    }

    /// Floats for what layers remember.
    const fn layers(&self) -> usize {
        let d = self.shape.d_model();
        let others = self.last_shares() + (self.residual_rows() + 2) * d + self.shape.d_head() + self.kept();
        self.scratch_floats() - others
    }

    /// What stays from one call to the next.
    pub const fn held(&self) -> Held {
        match self.plan() {
            Plan::Lean => Held { whole: 0, first: 0 },
            Plan::Partial => Held::partial(&self.shape, self.max_seq(), self.layers()),
            Plan::Cached => Held { whole: self.max_seq(), first: self.max_seq() },
        }
    }

    /// A layout of another plan and length for the same shape, to cut part of a work area by. Never to be measured.
    pub(crate) const fn inner(&self, plan: Plan, max_seq: usize) -> Self {
        Self::stating(0, self.shape, max_seq, plan)
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

    use std::vec::Vec;

    #[test]
    fn numbers_out_of_range_take_nothing() {
        let dims = Dims { d_model: 8, n_layers: 2, d_head: 4, vocab_size: 16, ..Dims::DEFAULT };
        let good = Layout::new(Shape::new(dims).expect("in range"), 9, Plan::Lean).expect("in range");
        for (plan, max_seq) in [(0, 9), (4, 9), (LEAN, 0), (LEAN, 65_536), (CACHED, u32::MAX), (PARTIAL, 0)] {
            let bad = Layout { plan, max_seq, ..good };
            // In the lean plan, and with one position, nothing overflows on the way to the sum.
            let sum = 4 * Layout { plan: LEAN, max_seq: max_seq.clamp(1, 65_535), ..good }.units() as u32;
            let is_valid = |bytes| Layout { bytes, ..bad }.is_valid();
            assert!(!(0..=4096).chain([sum]).any(is_valid), "plan {plan}, max_seq {max_seq}");
        }
    }

    #[test]
    fn a_layout_takes_the_bytes_that_it_says() {
        let dims = Dims { d_model: 8, n_layers: 9, d_head: 4, vocab_size: 16, ..Dims::DEFAULT };
        for plan in [Plan::Lean, Plan::Cached] {
            let good = Layout::new(Shape::new(dims).expect("in range"), 9, plan).expect("in range");
            let is_valid = |bytes: usize| Layout { bytes: bytes as u32, ..good }.is_valid();
            assert_eq!((0..2 * good.bytes()).filter(|&bytes| is_valid(bytes)).collect::<Vec<_>>(), [good.bytes()]);
        }
    }

    #[test]
    fn the_partial_plan_takes_any_words_from_its_least_on() {
        let dims = Dims { d_model: 8, n_layers: 9, d_head: 4, vocab_size: 16, ..Dims::DEFAULT };
        let good = Layout::new(Shape::new(dims).expect("in range"), 9, Plan::Partial).expect("in range");
        let least = Layout::new(good.shape, 9, Plan::Lean).expect("in range").bytes() + 4 * PARTIAL_ROWS * 8;
        for bytes in 0..2 * good.bytes() {
            let layout = Layout { bytes: bytes as u32, ..good };
            assert_eq!(layout.is_valid(), bytes >= least && bytes % 4 == 0, "{bytes} bytes");
            assert!(!layout.is_valid() || layout.bytes() == bytes);
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
