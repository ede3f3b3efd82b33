//! A model's shape from its bytes. Allocates nothing and never panics: the C library has it, too.
//!
//! Three facts do it. The length of a file is an exact function of the shape. Some codes never occur in packed weights (of
//! two bits `10`, in base 3 a byte above 242, of powers of 3 `111`), and floats are full of them. And every matrix starts
//! with a positive scale. The search walks through the shapes that meet the first fact and drops those that break another,
//! or under which most floats would be of absurd size. Of what is left, the best is the shape under which the bytes are
//! least surprising: the number of bits needed to write them down as what the shape takes them for (minimum description
//! length; Rissanen, "Modeling by shortest data description", 1978). It is the answer when all others need [`CLEAR`] more.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod evidence;
mod search;

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

/// Hands every shape that `body`, a file's bytes behind its header, fits to `found`, in no order.
///
/// # Errors
/// [`TooMany`]; what was found until then means little.
pub fn recover(body: &[u8], known: &Known, found: &mut dyn FnMut(Candidate)) -> Result<(), TooMany> {
    search::run(body, known, found)
}

/// The shape that stands out, of those that `body` fits; `None` where none does.
pub fn clear_shape(body: &[u8], known: &Known) -> Option<Dims> {
    let (mut best, mut second) = (None::<Candidate>, Cost::MAX);
    let mut take = |candidate: Candidate| match best {
        Some(Candidate { cost, .. }) if cost <= candidate.cost => second = second.min(candidate.cost),
        _ => {
            second = best.map_or(Cost::MAX, |best| best.cost);
            best = Some(candidate);
        }
    };
    recover(body, known, &mut take).ok()?;
    best.filter(|best| second.saturating_sub(best.cost) >= CLEAR).map(|best| best.dims)
}
