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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    max_seq: usize,
    plan: Plan,
}

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
        let layout = Self { shape, max_seq, plan };
        if layout.units() > (usize::MAX / 8) as u64 {
            return Err(ShapeError::TooLarge);
        }
        Ok(layout)
    }

    /// A layout that takes exactly `bytes`; `None` where `max_seq` is out of range or the sizes ask for more or less.
    pub const fn of_bytes(shape: Shape, max_seq: usize, plan: Plan, bytes: u32) -> Option<Self> {
        let layout = Self { shape, max_seq, plan };
        if is_size(max_seq) && 4 * layout.units() == bytes as u64 && bytes as usize <= usize::MAX / 2 {
            Some(layout)
        } else {
            None
        }
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
        let (s, d) = (self.max_seq as u32, self.shape.d_model() as u32);
        let (layers, rows) = match self.plan {
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
        self.max_seq
    }

    /// The memory plan.
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// binary32 values that a [`crate::Workspace`] of this layout takes.
    pub const fn floats(&self) -> usize {
        self.units() as usize - self.words()
    }

    /// 32-bit words that a [`crate::Workspace`] of this layout takes besides.
    pub const fn words(&self) -> usize {
        TAG_WORDS + self.max_seq + self.kept()
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
        self.max_seq * self.shape.n_pathways()
    }

    /// The last position's router weights of every layer.
    pub(crate) const fn last_shares(&self) -> usize {
        self.shape.n_layers() * self.shape.n_pathways()
    }

    /// Positions whose residual stream is held at once: lean finishes a layer for all of them before the next layer.
    pub(crate) const fn residual_rows(&self) -> usize {
        match self.plan {
            Plan::Lean => self.max_seq,
            Plan::Cached => 1,
        }
    }

    /// Positions that attention can keep: no more than there are.
    pub(crate) const fn kept(&self) -> usize {
        if self.shape.top_k() < self.max_seq {
            self.shape.top_k()
        } else {
            self.max_seq
        }
    }

    /// Earlier inputs a channel that the convolution can reach: no more than there can be.
    pub(crate) const fn history_len(&self) -> usize {
        let taps = self.shape.kernel_size();
        (if taps < self.max_seq { taps } else { self.max_seq }) - 1
    }

    /// One layer's keys, values, convolution history, state and gate.
    pub(crate) const fn layer(&self) -> usize {
        let d = self.shape.d_model();
        self.max_seq * (self.shape.d_head() + d) + self.history_len() * d + 2 * d
    }

    /// Where a layer's memory starts: lean has one place that every layer uses in turn.
    pub(crate) const fn layer_start(&self, layer: usize) -> usize {
        match self.plan {
            Plan::Lean => 0,
            Plan::Cached => layer * self.layer(),
        }
    }
}

/// Size in bytes of the C99 engine's `atome_state_t` for this shape and longest sequence. Source: the C API, "Types".
pub const fn c99_state_bytes(shape: &Shape, max_seq: usize) -> u64 {
    let (s, d, h) = (max_seq as u64, shape.d_model() as u64, shape.d_head() as u64);
    let per_position = 6 * d + h + shape.n_pathways() as u64 + 1;
    4 * (s * per_position + shape.n_layers() as u64 * d + shape.vocab_size() as u64 + h)
}
