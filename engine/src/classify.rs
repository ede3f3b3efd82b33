//! The class of a token sequence.

use crate::error::RunError;
use crate::run::{forward_unobserved, Run};
use crate::schedule::Arithmetic;
use crate::weights::Matrix;

/// The index of the first greatest class: rows of `head` times the final norm of the last position.
///
/// `logit` is told each class and its logit in turn. The workspace's logits stay those of the last prediction.
///
/// # Errors
/// As [`crate::predict_next`]; [`RunError::ShapeMismatch`] also where `head` has not d_model columns.
pub fn classify<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    head: &Matrix,
    memory: &mut M,
    tokens: impl IntoIterator<Item = i32>,
    logit: impl FnMut(usize, f32),
) -> Result<usize, RunError> {
    if head.cols() != weights.shape().d_model() {
        return Err(RunError::ShapeMismatch);
    }
    let vocab_size = memory.layout().shape().vocab_size();
    let n = memory.prefix().set(tokens, vocab_size);
    memory.keep_logits(true);
    let result = forward_unobserved(weights, memory, n);
    memory.keep_logits(false);
    result?;
    Ok(memory.classify(weights, head, n, logit))
}
