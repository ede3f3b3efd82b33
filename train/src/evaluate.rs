//! Cross-entropy over windows of a text.

use anyhow::{anyhow, Result};
use atome_engine::{
    argmax, integer, predict_next, Arithmetic, Layout as Memory, Plan, Run, Tiled, Weights as _, WholeModel, Workspace,
};
use rayon::prelude::*;

use crate::batches::gather;
use crate::config::ModelConfig;
use crate::corpus::{Corpus, Token};
use crate::model::loss::cross_entropy_alone;
use crate::model::new_pass;
use crate::weights::Weights;
use crate::work_area::zeros;

/// Windows computed side by side.
const WINDOWS: usize = 8;

/// What a judgement found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Tokens that were predicted.
    pub tokens: u64,
    /// The bytes that they stand for.
    pub bytes: u64,
    /// Their cross-entropies together, in nats.
    pub nats: f64,
}

impl Judgement {
    /// Of windows of `window` tokens of a text that begin at `starts`.
    fn of(corpus: &Corpus, starts: &[usize], window: usize, nats: f64) -> Self {
        let tokens = (starts.len() * (window - 1)) as u64;
        Self { tokens, bytes: corpus.predicted(starts.iter().copied(), window), nats }
    }

    /// Mean cross-entropy of a byte, in nats.
    pub fn loss(&self) -> f64 {
        self.nats / self.bytes as f64
    }

    /// Mean cross-entropy of a byte, in bits.
    pub fn bits_per_byte(&self) -> f64 {
        self.loss() / std::f64::consts::LN_2
    }

    /// e to the power of the loss.
    pub fn perplexity(&self) -> f64 {
        libm::exp(self.loss())
    }
}

/// Predicts every token but the first of windows of `window` tokens, each from those before it in its window.
///
/// Runs on the current rayon pool; the result does not depend on its size.
pub fn judge(
    config: &ModelConfig,
    weights: &Weights<f32>,
    corpus: &Corpus,
    starts: &[usize],
    window: usize,
) -> Judgement {
    let losses: Vec<f64> = starts
        .par_chunks(WINDOWS)
        .map_init(
            || (new_pass::<f32>(config), Vec::new(), Vec::new()),
            |(pass, tokens, targets), starts| {
                gather(corpus, starts.iter().copied(), window, tokens, targets);
                pass.forward(weights, tokens, window - 1);
                cross_entropy_alone(pass.logits(), config.vocab_size(), targets)
            },
        )
        .collect();
    Judgement::of(corpus, starts, window, losses.iter().sum())
}

/// Judges as [`judge`] does, through the inference engine: window by window, each from an empty state.
///
/// # Errors
/// The model does not fit in memory with windows this long, or the engine refuses it.
pub fn judge_with_engine(
    model: &WholeModel<'_>,
    corpus: &Corpus,
    starts: &[usize],
    window: usize,
) -> Result<Judgement> {
    let memory = Memory::new(*model.shape(), window - 1, Plan::Cached)?;
    let mut tiles = vec![0; Tiled::room(model)];
    let model = &Tiled::new(*model, &mut tiles);
    let losses = on_rooms(starts.par_iter(), [memory.floats(), memory.words()], |floats, words, &start| {
        let mut workspace = Workspace::new(&memory, floats, words)?;
        Ok(predict(model, &mut workspace, &read(corpus, start, window))?.0)
    })?;
    Ok(Judgement::of(corpus, starts, window, losses.iter().sum()))
}

/// Judges as [`judge_with_engine`] does, by the integer arithmetic. Beside it, how many of the most probable tokens are the exact
/// arithmetic's, each after the same text.
///
/// # Errors
/// As [`judge_with_engine`]; the integer arithmetic has no meaning for the model.
pub fn judge_by_integers(
    model: &WholeModel<'_>,
    corpus: &Corpus,
    starts: &[usize],
    window: usize,
) -> Result<(Judgement, u64)> {
    integer::check(model)?;
    let exact = Memory::new(*model.shape(), window - 1, Plan::Cached)?;
    let memory = integer::Layout::new(*model.shape(), window - 1, Plan::Cached)?;
    let found: Vec<(f64, u64)> = starts
        .par_iter()
        .map_init(
            || (zeros(exact.floats(), exact.words()), zeros(memory.floats(), memory.words())),
            |(exact_room, room), &start| {
                let ((exact_floats, exact_words), (floats, words)) = (usable(exact_room)?, usable(room)?);
                let text = &read(corpus, start, window);
                let (_, expected) = predict(model, &mut Workspace::new(&exact, exact_floats, exact_words)?, text)?;
                let (nats, tokens) = predict(model, &mut integer::Workspace::new(&memory, floats, words)?, text)?;
                let same = tokens.iter().zip(expected).filter(|(token, expected)| *token == expected).count();
                Ok((nats, same as u64))
            },
        )
        .collect::<Result<_>>()?;
    let nats = found.iter().map(|(nats, _)| nats).sum();
    let same = found.iter().map(|(_, same)| same).sum();
    Ok((Judgement::of(corpus, starts, window, nats), same))
}

/// Which arithmetic computes what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// That of docs/numerics.md.
    Exact,
    /// That of docs/integer.md.
    Integers,
}

/// Computes `items` side by side; a thread has one room of so many floats and words for them.
pub(crate) fn on_rooms<I: IndexedParallelIterator, T: Send>(
    items: I,
    [floats, words]: [usize; 2],
    compute: impl Fn(&mut [f32], &mut [u32], I::Item) -> Result<T> + Sync + Send,
) -> Result<Vec<T>> {
    let room = || zeros(floats, words);
    let one = |room: &mut Result<(Vec<f32>, Vec<u32>)>, item: I::Item| {
        let (floats, words) = usable(room)?;
        compute(floats, words, item)
    };
    items.map_init(room, one).collect()
}

/// The work area that a thread has, if there was memory for it.
fn usable(room: &mut Result<(Vec<f32>, Vec<u32>)>) -> Result<(&mut [f32], &mut [u32])> {
    match room {
        Ok((floats, words)) => Ok((floats, words)),
        Err(error) => Err(anyhow!("{error}")),
    }
}

fn read(corpus: &Corpus, start: usize, window: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(window);
    corpus.read(start..start + window, &mut tokens);
    tokens
}

/// The cross-entropies of every token of `text` but the first together, in nats, each predicted from those before it; and the most
/// probable tokens in their places.
fn predict<'m, 'w, M: Arithmetic<'w>>(
    model: &impl Run<'m, M>,
    memory: &mut M,
    text: &[Token],
) -> Result<(f64, Vec<usize>)> {
    let mut nats = 0.0;
    let mut logits = vec![0.0; memory.layout().shape().vocab_size()];
    let mut tokens = Vec::with_capacity(text.len());
    for position in 1..text.len() {
        let before = text[..position].iter().map(|&token| i32::from(token));
        predict_next(model, memory, before)?;
        logits.copy_from_slice(memory.logits());
        tokens.push(argmax(logits.iter().copied()));
        let vocab_size = logits.len();
        nats += cross_entropy_alone(&mut logits, vocab_size, &text[position..=position]);
    }
    Ok((nats, tokens))
}

/// Where windows of `window` tokens begin that lie side by side from token `from` on, at most `most` of them.
pub fn windows(len: usize, from: usize, window: usize, most: usize) -> Vec<usize> {
    let count = len.saturating_sub(from) / window;
    (0..count.min(most)).map(|index| from + index * window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_side_by_side_and_within_the_text() {
        assert_eq!(windows(262_144, 235_930, 128, usize::MAX).len(), 204);
        assert_eq!(windows(20, 3, 8, usize::MAX), [3, 11]);
        assert_eq!(windows(20, 3, 8, 1), [3]);
        assert!(windows(20, 30, 8, usize::MAX).is_empty() && windows(7, 0, 8, usize::MAX).is_empty());
    }
}
