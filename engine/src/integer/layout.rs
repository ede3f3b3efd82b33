//! How large a work area of the integer arithmetic is, for each memory plan.

use core::fmt;

use super::constants::{ModelConstants, LAYER_WORDS};
use super::softmax::MOST;
use super::{MOST_HEAD, MOST_MODEL, MOST_POSITIONS, MOST_TAPS};
use crate::layout::{Plan, TAG_WORDS};
use crate::shape::Shape;

/// Sizes of a work area for one shape, longest sequence and plan.
///
/// For the C API, ten 32-bit numbers, as [`crate::Layout`] is; the first of them, the bytes of all, is what this arithmetic takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
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
    /// The work area would take more bytes than this.
    Memory(usize),
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
            Self::Memory(most) => write!(f, "the work area takes more than {most} bytes"),
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
        for (name, value, most) in bounds(&shape) {
            if value > most {
                return Err(LayoutError::TooLarge { name, value, most });
            }
        }
        if plan == Plan::Partial {
            return Err(LayoutError::Partial);
        }
        if !(1..=MOST_POSITIONS).contains(&max_seq) {
            return Err(LayoutError::Length(max_seq));
        }
        let of_bytes = |bytes| Self { schedule: crate::Layout::stating(bytes, shape, max_seq, plan) };
        let bytes = 4 * of_bytes(0).units();
        if bytes > MOST_BYTES {
            return Err(LayoutError::Memory(MOST_BYTES as usize));
        }
        // Where there are more than 32 bits of them, the C API has no use for it.
        Ok(of_bytes(bytes as u32))
    }

    /// Whether all numbers are in their ranges and such a work area takes the bytes that it says, no more and no less.
    pub fn is_valid(&self) -> bool {
        let is_within = self.schedule.is_in_range()
            && self.plan() != Plan::Partial
            && self.max_seq() <= MOST_POSITIONS
            && bounds(self.shape()).iter().all(|&(_, value, most)| value <= most);
        let stated = u64::from(self.schedule.stated_bytes());
        is_within && 4 * self.units() == stated && stated <= MOST_BYTES
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
        self.units() as usize - self.floats()
    }

    /// All of the work area in bytes.
    pub fn bytes(&self) -> usize {
        4 * self.units() as usize
    }

    /// 4-byte words of all of it.
    fn units(&self) -> u64 {
        let (d, h) = (self.shape().d_model(), self.shape().d_head());
        let constants = ModelConstants::WORDS + self.shape().n_layers() * LAYER_WORDS;
        let vectors = self.schedule.residual_rows() * d + self.sums() + d.div_ceil(2) + h.div_ceil(4);
        let small = self.floats() + TAG_WORDS + self.max_seq() + constants + vectors;
        small as u64 + self.held_layers() as u64 * self.layer_units() as u64
    }

    /// 4-byte words that a layer remembers: state; gates, output weights and history; keys, values and their shifts.
    pub(super) fn layer_units(&self) -> usize {
        let (d, h) = (self.shape().d_model(), self.shape().d_head());
        d + self.layer_halves().div_ceil(2) + (self.max_seq() * (d + h + 2)).div_ceil(4)
    }

    /// Numbers of 16 bits among them.
    pub(super) fn layer_halves(&self) -> usize {
        (2 + self.schedule.history_len()) * self.shape().d_model()
    }

    /// Layers that are held at once: in the lean plan one after the other.
    pub(super) fn held_layers(&self) -> usize {
        match self.plan() {
            Plan::Cached => self.shape().n_layers(),
            Plan::Lean | Plan::Partial => 1,
        }
    }

    /// Which of them a layer is.
    pub(super) fn held_index(&self, layer: usize) -> usize {
        match self.plan() {
            Plan::Cached => layer,
            Plan::Lean | Plan::Partial => 0,
        }
    }

    /// Sums that are there at a time: of all matrices that a layer's input is multiplied by.
    pub(super) fn sums(&self) -> usize {
        self.shape().d_model() + 2 * self.shape().d_head() + self.shape().n_pathways()
    }
}

/// The sizes of a shape that are bounded, each with its name in docs/formats.md and what it may be.
fn bounds(shape: &Shape) -> [(&'static str, usize, usize); 4] {
    [
        ("d_model", shape.d_model(), MOST_MODEL),
        ("d_head", shape.d_head(), MOST_HEAD),
        ("kernel_size", shape.kernel_size(), MOST_TAPS),
        ("top_k", shape.top_k(), MOST),
    ]
}

/// The most bytes of a work area.
const MOST_BYTES: u64 = usize::MAX as u64 / 2;
