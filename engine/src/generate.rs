//! Token after token.

use crate::error::RunError;
use crate::predict::predict_prefix;
use crate::run::Run;
use crate::schedule::Arithmetic;

/// Appends tokens to `prompt`, at most `max_tokens`, until both together reach max_seq; returns how many.
///
/// `next` sees the logits and answers with the token to append, such as [`crate::argmax`] of them, or with `None` to stop;
/// an answer from vocab_size on counts as token 0. A prompt longer than max_seq counts as its first max_seq tokens, which
/// leaves no room.
///
/// # Errors
/// As [`crate::predict_next`]; nothing is generated then.
pub fn generate<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    prompt: impl IntoIterator<Item = i32>,
    max_tokens: usize,
    mut next: impl FnMut(&[f32]) -> Option<usize>,
) -> Result<usize, RunError> {
    let layout = memory.layout();
    let vocab_size = layout.shape().vocab_size();
    let start = memory.prefix().set(prompt, vocab_size);
    if start == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let end = layout.max_seq().min(start.saturating_add(max_tokens));
    for n in start..end {
        predict_prefix(weights, memory, n)?;
        let Some(token) = next(memory.logits()) else {
            return Ok(n - start);
        };
        memory.prefix().push(n, if token < vocab_size { token } else { 0 });
    }
    Ok(end - start)
}

/// [`generate`] that does not stop at max_seq: longer text continues on its last max_seq tokens, for each token as if
/// [`crate::predict_next`] were called with them. Each token beyond the window costs all its positions; [`crate::step`]
/// costs one.
///
/// Of a prompt longer than max_seq the last max_seq tokens count.
///
/// # Errors
/// As [`generate`]; nothing is generated then.
pub fn generate_sliding<'m, 'w, M: Arithmetic<'w>, I: ExactSizeIterator<Item = i32>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    prompt: impl IntoIterator<IntoIter = I>,
    max_tokens: usize,
    mut next: impl FnMut(&[f32]) -> Option<usize>,
) -> Result<usize, RunError> {
    let layout = memory.layout();
    let (max_seq, vocab_size) = (layout.max_seq(), layout.shape().vocab_size());
    let mut prompt = prompt.into_iter();
    let beyond = prompt.len().saturating_sub(max_seq);
    if let Some(last_beyond) = beyond.checked_sub(1) {
        prompt.nth(last_beyond);
    }
    let mut n = memory.prefix().set(prompt, vocab_size);
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    for written in 0..max_tokens {
        predict_prefix(weights, memory, n)?;
        let Some(token) = next(memory.logits()) else {
            return Ok(written);
        };
        if n == max_seq {
            memory.prefix().drop_first();
            n -= 1;
        }
        memory.prefix().push(n, if token < vocab_size { token } else { 0 });
        n += 1;
    }
    Ok(max_tokens)
}
