//! Token after token.

use crate::error::RunError;
use crate::grammar::{Allowed, TokenBytes};
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

/// Generates a text that `allowed` allows, whole: it ends with `stop`, which is no part of it, or where the grammar has nothing
/// more. `max_tokens` and max_seq are room for it, and the model's wish to go on ends where the shortest end has just room.
///
/// `choose` picks each token by the logits, such as [`crate::argmax`] of them; those of tokens that may not come are -infinity.
/// `say` gets the tokens as they come. Copies are pieces of the prompt. Returns how many tokens there are.
///
/// # Errors
/// As [`generate`], and [`RunError::NoText`] where no text can be made; nothing is generated then.
pub fn generate_constrained<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    prompt: impl Iterator<Item = i32> + Clone,
    room: Room,
    allowed: Allowed<'_, impl TokenBytes + Clone>,
    mut choose: impl FnMut(&[f32]) -> usize,
    mut say: impl FnMut(usize),
) -> Result<usize, RunError> {
    let layout = memory.layout();
    let vocab_size = layout.shape().vocab_size();
    let start = memory.prefix().set(prompt.clone(), vocab_size);
    if start == 0 {
        return Err(RunError::NoTokens);
    }
    if weights.shape() != layout.shape() {
        return Err(RunError::ShapeMismatch);
    }
    let room_left = room.max_tokens.min(layout.max_seq().saturating_sub(start));
    let source = source(prompt.take(start), allowed.tokens.clone());
    let mut guide = allowed.begin(source, vocab_size, room.stop, room_left).map_err(RunError::NoText)?;
    let mut count = 0;
    // Without a token that ends it, a text is at its end where nothing may follow.
    while count < room_left && !(guide.must_end() && guide.may_end()) {
        predict_prefix(weights, memory, start + count)?;
        let picked = guide.pick(memory.logits_mut(), room_left - count, &mut choose);
        let Some(token) = picked.filter(|&token| room.stop != Some(token)) else { break };
        say(token);
        memory.prefix().push(start + count, token);
        count += 1;
    }
    Ok(count)
}

/// How long a constrained text may be, and which token ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The most tokens.
    pub max_tokens: usize,
    /// The token that ends a text and is no part of it; `None` where texts go on as long as something may follow.
    pub stop: Option<usize>,
}

/// The bytes of tokens.
fn source<T: TokenBytes + Clone>(
    prompt: impl Iterator<Item = i32> + Clone,
    tokens: T,
) -> impl Iterator<Item = u8> + Clone {
    prompt.flat_map(move |token| {
        let (tokens, token) = (tokens.clone(), usize::try_from(token).unwrap_or(usize::MAX));
        let mut at = 0;
        core::iter::from_fn(move || {
            let byte = tokens.bytes(token).get(at).copied();
            at += 1;
            byte
        })
    })
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
