//! The next token (numeric contract, step 3).

use crate::error::RunError;
use crate::forward::{forward, unobserved, LastPosition, RouterReading};
use crate::kernel;
use crate::weights::Weights;
use crate::workspace::Workspace;

/// The first index that reaches the greatest value: a later one replaces it only when strictly greater. 0 for no values.
pub fn argmax(values: impl IntoIterator<Item = f32>) -> usize {
    let mut values = values.into_iter().enumerate();
    let Some((_, mut greatest)) = values.next() else {
        return 0;
    };
    let mut best = 0;
    while let Some((index, value)) = values.find(|&(_, value)| value > greatest) {
        (best, greatest) = (index, value);
    }
    best
}

/// The most probable token after `tokens`; the logits are in [`Workspace::logits`].
///
/// Only the first max_seq tokens count. In the cached plan, positions that the last call computed for the same model and
/// tokens are not computed again; the result is the same bits either way.
///
/// # Errors
/// [`RunError`] where there is no token or the workspace is for another shape, and nothing is written then; or where the
/// weights break their promise, which those of this crate do not.
pub fn predict_next<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
) -> Result<usize, RunError> {
    predict_next_observed(weights, workspace, tokens, unobserved)
}

/// [`predict_next`], showing the router's shares at every position and layer that this call computes.
///
/// # Errors
/// As [`predict_next`].
pub fn predict_next_observed<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
    mut observe: impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    let n = workspace.prefix.set(tokens, workspace.layout.shape().vocab_size());
    predict_prefix(weights, workspace, n, &mut observe)
}

/// Predicts from the first `n` tokens in the workspace's store.
pub(crate) fn predict_prefix<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
    observe: &mut impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    forward(weights, workspace, n, observe)?;
    let (normed, logits) = LastPosition::of(workspace, n).final_norm(weights);
    kernel::matvec(&weights.unembed(), normed, logits);
    Ok(argmax(logits.iter().copied()))
}
