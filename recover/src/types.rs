//! What a search is told, and what it finds.

use core::ops::RangeInclusive;

use atome_engine::{Dims, Packing};

/// Millionths of a bit.
pub type Cost = u64;

pub(crate) const BIT: Cost = 1_000_000;

/// The lead that makes a shape the answer: odds of 1,000 to 1.
pub const CLEAR: Cost = 10 * BIT;

/// What is known of a file besides its bytes.
#[derive(Clone, Debug)]
pub struct Known {
    /// How its weights lie.
    pub packing: Packing,
    /// Rows of its classification head, if it has one.
    pub n_classes: Option<usize>,
    /// Where each size is searched.
    pub ranges: Ranges,
}

/// Where the sizes are searched that a file's length depends on; one that is known is a range of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// Number of tokens.
    pub vocab_size: RangeInclusive<usize>,
    /// Width of the residual stream.
    pub d_model: RangeInclusive<usize>,
    /// Number of blocks.
    pub n_layers: RangeInclusive<usize>,
    /// Width of an attention query and key.
    pub d_head: RangeInclusive<usize>,
    /// Taps of the convolution.
    pub kernel_size: RangeInclusive<usize>,
    /// Rows of the router.
    pub n_pathways: RangeInclusive<usize>,
}

impl Default for Ranges {
    /// All that anybody trains.
    fn default() -> Self {
        Self {
            vocab_size: 1..=65_535,
            d_model: 1..=1_024,
            n_layers: 1..=64,
            d_head: 1..=1_024,
            kernel_size: 1..=64,
            n_pathways: 3..=8,
        }
    }
}

/// A shape that the bytes fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The sizes; top_k, which no file shows, is [`Dims::DEFAULT`]'s.
    pub dims: Dims,
    /// What it takes to write the bytes down as a model of this shape: the less, the better it fits.
    pub cost: Cost,
}

/// The bytes say nothing: more shapes fit them, or the search takes longer, than is worth while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;
