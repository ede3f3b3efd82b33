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
mod types;

use atome_engine::Dims;

pub use types::{Candidate, Cost, Known, Ranges, TooMany, CLEAR};

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
