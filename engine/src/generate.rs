//! Token after token.

use crate::error::RunError;
use crate::forward::unobserved;
use crate::predict::predict_prefix;
use crate::weights::Weights;
use crate::workspace::Workspace;

/// Appends tokens to `prompt`, at most `max_tokens`, until both together reach max_seq; returns how many.
///
/// `next` sees the logits and answers with the token to append, such as [`crate::argmax`] of them, or with `None` to stop;
/// an answer from vocab_size on counts as token 0. A prompt longer than max_seq counts as its first max_seq tokens, which
/// leaves no room.
///
/// # Errors
/// As [`crate::predict_next`]; nothing is generated then.
pub fn generate<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    prompt: impl IntoIterator<Item = i32>,
    max_tokens: usize,
    mut next: impl FnMut(&[f32]) -> Option<usize>,
) -> Result<usize, RunError> {
    let layout = workspace.layout;
    let vocab_size = layout.shape().vocab_size();
    let start = workspace.prefix.set(prompt, vocab_size);
    if start == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let end = layout.max_seq().min(start.saturating_add(max_tokens));
    for n in start..end {
        predict_prefix(weights, workspace, n, &mut unobserved)?;
        let Some(token) = next(workspace.logits) else {
            return Ok(n - start);
        };
        workspace.prefix.push(n, if token < vocab_size { token } else { 0 });
    }
    Ok(end - start)
}
