//! Streaming: one token in, one position of work, for ever.
//!
//! A stream is a sequence without end. For its first max_seq tokens it gives the bits of [`crate::predict_next`] on all
//! tokens so far. From then on it is a semantics of its own: attention reaches back max_seq positions, the token's own
//! among them, and everything else is carried on: the recurrence remembers the whole stream, and keys, values and
//! convolution inputs stay as they were computed, from contexts that reached further back. A prediction from the last
//! max_seq tokens alone would forget all that, and compute max_seq positions.

use crate::argmax::argmax;
use crate::error::RunError;
use crate::layout::Plan;
use crate::schedule::{unobserved, Arithmetic, Positions, Prefix, RouterReading, Work};
use crate::weights::Weights;

/// Stands for the identity of a model that has none: a stream goes on in any model without one.
const UNKNOWN: u64 = u64::MAX;

/// The most probable token after the stream's tokens so far and `token`; the logits are in [`Arithmetic::logits`], and the
/// router's weights in row `position % max_seq`.
///
/// The stream is what the workspace holds for this model: the tokens of the last prediction, generation or
/// classification and of the steps since. It starts anew with another model and after [`crate::Workspace::forget`].
///
/// # Errors
/// [`RunError::NotCached`] unless the workspace has the cached plan, [`RunError::ShapeMismatch`] where it is for another
/// shape, and nothing is written then; [`RunError::BrokenWeights`] where the weights are not of the shape that they say.
pub fn step<'m, 'w>(
    weights: &impl Weights<'m>,
    memory: &mut impl Arithmetic<'w>,
    token: i32,
) -> Result<usize, RunError> {
    step_observed(weights, memory, token, unobserved)
}

/// [`step`], showing the router's shares at every layer; a reading's position is `position % max_seq`.
///
/// # Errors
/// As [`step`].
pub fn step_observed<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Weights<'m>,
    memory: &mut M,
    token: i32,
    observe: impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    let layout = memory.layout();
    if layout.plan() != Plan::Cached {
        return Err(RunError::NotCached);
    }
    if !weights.has_shape(layout.shape()) {
        return Err(RunError::ShapeMismatch);
    }
    let known = M::identity(weights);
    let identity = if known == 0 { UNKNOWN } else { known };
    let max_seq = layout.max_seq();
    // No more is ever remembered: a number beyond is foreign, and must not overflow.
    let before = memory.prefix().streamed(identity).min(2 * max_seq);
    let row = if before < max_seq { before } else { before - max_seq };
    let row = if row < max_seq { row } else { 0 };
    memory.prefix().push(row, Prefix::id(token, layout.shape().vocab_size()));
    let position = Positions { row, before, count: 1 };
    let work = Work::of(layout, position, memory.prefix().is_of(known));
    memory.compute(weights, work, observe).ok_or(RunError::BrokenWeights)?;
    let computed = if before < 2 * max_seq { before + 1 } else { max_seq + 1 };
    memory.prefix().remember(identity, computed);
    Ok(argmax(memory.unembed(weights, computed.min(max_seq)).iter().copied()))
}
