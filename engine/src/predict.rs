//! The next token (docs/numerics.md#3-logits).

use crate::argmax::argmax;
use crate::error::RunError;
use crate::run::{forward, forward_unobserved, Run};
use crate::schedule::{unobserved, Arithmetic, RouterReading};

/// The most probable token after `tokens`; the logits are in [`Arithmetic::logits`].
///
/// Only the first max_seq tokens count. In the cached plan, positions that the last call computed for the same model and
/// tokens are not computed again; the result is the same bits either way.
///
/// # Errors
/// [`RunError`] where there is no token or the workspace is for another shape, and nothing is written then; or where the
/// weights are not of the shape that they say, which those of this crate do not.
pub fn predict_next<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    tokens: impl IntoIterator<Item = i32>,
) -> Result<usize, RunError> {
    predict_next_observed(weights, memory, tokens, unobserved)
}

/// [`predict_next`], showing the router's shares at every position and layer that this call computes.
///
/// # Errors
/// As [`predict_next`].
pub fn predict_next_observed<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    tokens: impl IntoIterator<Item = i32>,
    observe: impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    let vocab_size = memory.layout().shape().vocab_size();
    let n = memory.prefix().set(tokens, vocab_size);
    forward(weights, memory, n, observe)?;
    Ok(argmax(memory.unembed(weights, n).iter().copied()))
}

/// Computes the logits behind the first `n` tokens in the workspace's store.
#[inline]
pub(crate) fn predict_prefix<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    n: usize,
) -> Result<(), RunError> {
    forward_unobserved(weights, memory, n)?;
    memory.unembed(weights, n);
    Ok(())
}
