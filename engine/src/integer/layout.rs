//! How large a work area of the integer arithmetic is, for each memory plan.

use core::fmt;

use super::constants::{LayerConstants, ModelConstants};
use super::softmax::MOST;
use super::{MOST_HEAD, MOST_MODEL, MOST_POSITIONS, MOST_TAPS};
use crate::layout::{Plan, TAG_WORDS};
use crate::shape::Shape;

/// Sizes of a work area for one shape, longest sequence and plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    schedule: crate::Layout,
}

/// Why there is no such work area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// A size is above what sums of integers have room for.
    TooLarge {
        /// As docs/formats.md names it.
        name: &'static str,
        /// What it is.
        value: usize,
        /// What it may be.
        most: usize,
    },
    /// `max_seq` is not 1 to 4,096.
    Length(usize),
    /// There is no partial plan here: the cached plan takes little memory.
    Partial,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { name, value, most } => {
                write!(f, "{name} is {value}, expected at most {most} for the integer arithmetic")
            }
            Self::Length(value) => {
                write!(f, "max_seq is {value}, expected 1 to {MOST_POSITIONS} for the integer arithmetic")
            }
            Self::Partial => f.write_str("the integer arithmetic has the lean and the cached plan only"),
        }
    }
}

impl core::error::Error for LayoutError {}

impl Layout {
    /// A layout for sequences of at most `max_seq` tokens, 1 to 4,096.
    ///
    /// # Errors
    /// [`LayoutError`] for a plan or size that this arithmetic does not have.
    pub fn new(shape: Shape, max_seq: usize, plan: Plan) -> Result<Self, LayoutError> {
        let bounds = [
            ("d_model", shape.d_model(), MOST_MODEL),
            ("d_head", shape.d_head(), MOST_HEAD),
            ("kernel_size", shape.kernel_size(), MOST_TAPS),
            ("top_k", shape.top_k(), MOST),
        ];
        for (name, value, most) in bounds {
            if value > most {
                return Err(LayoutError::TooLarge { name, value, most });
            }
        }
        if plan == Plan::Partial {
            return Err(LayoutError::Partial);
        }
        if max_seq > MOST_POSITIONS {
            return Err(LayoutError::Length(max_seq));
        }
        let schedule = crate::Layout::new(shape, max_seq, plan).map_err(|_| LayoutError::Length(max_seq))?;
        Ok(Self { schedule })
    }

    /// What a schedule needs to know of it.
    pub(super) fn schedule(&self) -> &crate::Layout {
        &self.schedule
    }

    /// The shape it is for.
    pub fn shape(&self) -> &Shape {
        self.schedule.shape()
    }

    /// The longest sequence.
    pub fn max_seq(&self) -> usize {
        self.schedule.max_seq()
    }

    /// The memory plan.
    pub fn plan(&self) -> Plan {
        self.schedule.plan()
    }

    /// binary32 values that a [`super::Workspace`] of this layout takes: what callers read.
    pub fn floats(&self) -> usize {
        self.schedule.logits() + self.schedule.router() + self.schedule.last_shares()
    }

    /// 32-bit words that it takes besides.
    pub fn words(&self) -> usize {
        let numbers = self.numbers();
        TAG_WORDS + self.max_seq() + numbers.words + numbers.halves.div_ceil(2) + numbers.bytes.div_ceil(4)
    }

    /// All of the work area in bytes.
    pub fn bytes(&self) -> usize {
        4 * (self.floats() + self.words())
    }

    /// Layers that are held at once: in the lean plan one after the other.
    pub(super) fn held_layers(&self) -> usize {
        match self.plan() {
            Plan::Cached => self.shape().n_layers(),
            Plan::Lean | Plan::Partial => 1,
        }
    }

    /// Sums that are there at a time.
    pub(super) fn sums(&self) -> usize {
        self.shape().d_model().max(self.shape().d_head())
    }

    /// Numbers by their size.
    pub(super) fn numbers(&self) -> Numbers {
        let (d, h) = (self.shape().d_model(), self.shape().d_head());
        let constants = ModelConstants::WORDS + self.shape().n_layers() * LayerConstants::WORDS;
        let layers = self.held_layers();
        Numbers {
            words: constants + self.schedule.residual_rows() * d + self.sums() + layers * d,
            halves: d + layers * (2 + self.schedule.history_len()) * d,
            bytes: h + layers * self.max_seq() * (d + h + 2),
        }
    }
}

/// How many numbers of 32, 16 and 8 bits.
pub(super) struct Numbers {
    pub words: usize,
    pub halves: usize,
    pub bytes: usize,
}
