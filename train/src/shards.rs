//! Gradients of a batch, computed in parts on all threads.
//!
//! The parts and the order in which they are added are fixed by the recipe, so that the number of threads changes nothing.

use rayon::prelude::*;

use crate::batches::gather;
use crate::config::ModelConfig;
use crate::corpus::{Corpus, Token};
use crate::model::loss::{cross_entropy, distilled, smoothed, Mixture};
use crate::model::{new_pass, Dropout, Pass};
use crate::simd::multiversion;
use crate::teacher::TeacherLogits;
use crate::weights::Weights;

/// Parameters that one task adds up or moves.
pub const PARAMS_A_TASK: usize = 8192;

/// A part of every batch.
struct Shard {
    pass: Box<dyn Pass<f32>>,
    gradients: Vec<f32>,
    tokens: Vec<Token>,
    targets: Vec<Token>,
    taught: Vec<f32>,
    losses: Losses,
}

/// Sums over tokens, in nats.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    /// What is minimised.
    pub loss: f64,
    /// The cross-entropy alone.
    pub cross_entropy: f64,
}

impl Losses {
    const fn plain(loss: f64) -> Self {
        Self { loss, cross_entropy: loss }
    }

    fn plus(self, other: Self) -> Self {
        Self { loss: self.loss + other.loss, cross_entropy: self.cross_entropy + other.cross_entropy }
    }
}

/// The losses of some rows, with the gradient in `logits` as [`cross_entropy`] leaves it.
fn losses(logits: &mut [f32], vocab_size: usize, targets: &[Token], weight: f32, smoothing: Option<f64>) -> Losses {
    match smoothing {
        None => Losses::plain(cross_entropy(logits, vocab_size, targets, weight)),
        Some(share) => {
            let (loss, cross_entropy) = smoothed(logits, vocab_size, targets, weight, share);
            Losses { loss, cross_entropy }
        }
    }
}

/// The losses of a chunk whose first line counts `share`, with the gradient in `logits` as [`cross_entropy`] leaves it.
fn behind_prompt(logits: &mut [f32], vocab_size: usize, targets: &[Token], weight: f32, how: Counting) -> Losses {
    let Counting { share, smoothing } = how;
    let line = targets.iter().position(|&token| token == Token::from(b'\n')).map_or(targets.len(), |end| end + 1);
    let (prompt, rest) = targets.split_at(line);
    let (prompt_logits, rest_logits) = logits.split_at_mut(line * vocab_size);
    let given = losses(prompt_logits, vocab_size, prompt, weight * share as f32, smoothing);
    let learnt = losses(rest_logits, vocab_size, rest, weight, smoothing);
    Losses { loss: share * given.loss + learnt.loss, cross_entropy: given.cross_entropy + learnt.cross_entropy }
}

/// How the rows of a chunk count.
#[derive(Clone, Copy)]
struct Counting {
    /// How much the first line counts.
    share: f64,
    /// How the targets are smoothed.
    smoothing: Option<f64>,
}

/// All parts.
pub struct Shards {
    shards: Vec<Shard>,
    vocab_size: usize,
}

/// The chunks of a step.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// The text.
    pub corpus: &'a Corpus,
    /// Tokens of a chunk.
    pub chunk: usize,
    /// The chunks that were drawn: those of the first batch, then those of the next one that makes the same step.
    pub drawn: &'a [usize],
    /// Chunks whose activations are kept at the same time.
    pub at_once: usize,
    /// A teacher's opinion.
    pub teacher: Option<(&'a TeacherLogits, Mixture)>,
    /// How much the first line of a chunk counts.
    pub prompt_weight: Option<f64>,
    /// How much of a target's probability all tokens have together.
    pub label_smoothing: Option<f64>,
    /// What is left out of the passes.
    pub dropout: Option<Dropping>,
}

/// What is left out of the passes of a step.
#[derive(Clone, Copy)]
pub struct Dropping {
    /// The share of the activations.
    pub share: f64,
    /// Start of the draws.
    pub seed: u64,
    /// The step.
    pub step: u64,
}

impl Shards {
    /// `count` parts for a model of `params` parameters.
    pub fn new(config: &ModelConfig, params: usize, count: usize) -> Self {
        let shard = || Shard {
            pass: new_pass(config),
            gradients: vec![0.0; params],
            tokens: Vec::new(),
            targets: Vec::new(),
            taught: Vec::new(),
            losses: Losses::default(),
        };
        Self { shards: (0..count).map(|_| shard()).collect(), vocab_size: config.vocab_size() }
    }

    /// The gradient of the mean loss over the batch, in `gradients`, and the sums of the losses.
    ///
    /// # Errors
    /// The teacher's logits cannot be read.
    pub fn gradients(
        &mut self,
        weights: &Weights<f32>,
        batch: Batch<'_>,
        gradients: &mut [f32],
    ) -> anyhow::Result<Losses> {
        let (count, vocab_size) = (self.shards.len(), self.vocab_size);
        let weight = 1.0 / (batch.drawn.len() * (batch.chunk - 1)) as f32;
        self.shards.par_iter_mut().with_max_len(1).enumerate().try_for_each(|(index, shard)| {
            shard.gradients.fill(0.0);
            shard.losses = Losses::default();
            for (number, drawn) in batch.drawn.chunks(batch.at_once).enumerate() {
                // Each pass of a seed has a number of its own, whichever thread computes it.
                let passes = (batch.drawn.len().div_ceil(batch.at_once) * count) as u64;
                let dropout = |Dropping { share, seed, step }: Dropping| {
                    Dropout::new(share, seed, step * passes + (number * count + index) as u64)
                };
                shard.pass.set_dropout(batch.dropout.map(dropout));
                let part = drawn.len() * index / count..drawn.len() * (index + 1) / count;
                shard.add(weights, batch, &drawn[part], vocab_size, weight)?;
            }
            anyhow::Ok(())
        })?;
        let shards: Vec<&[f32]> = self.shards.iter().map(|shard| shard.gradients.as_slice()).collect();
        gradients.par_chunks_mut(PARAMS_A_TASK).enumerate().for_each(|(task, sums)| {
            let start = task * PARAMS_A_TASK;
            sums.fill(0.0);
            for shard in &shards {
                add::<f32>(sums, &shard[start..start + sums.len()]);
            }
        });
        Ok(self.shards.iter().fold(Losses::default(), |sum, shard| sum.plus(shard.losses)))
    }
}

impl Shard {
    fn add(
        &mut self,
        weights: &Weights<f32>,
        batch: Batch<'_>,
        drawn: &[usize],
        vocab_size: usize,
        weight: f32,
    ) -> anyhow::Result<()> {
        if drawn.is_empty() {
            return Ok(());
        }
        let starts = drawn.iter().map(|index| index * batch.chunk);
        gather(batch.corpus, starts, batch.chunk, &mut self.tokens, &mut self.targets);
        self.pass.forward(weights, &self.tokens, batch.chunk - 1);
        let logits = self.pass.logits();
        match batch.teacher {
            None => {
                let losses = match batch.prompt_weight {
                    None => losses(logits, vocab_size, &self.targets, weight, batch.label_smoothing),
                    Some(share) => {
                        let (len, how) = (batch.chunk - 1, Counting { share, smoothing: batch.label_smoothing });
                        let chunks = logits.chunks_exact_mut(len * vocab_size).zip(self.targets.chunks_exact(len));
                        chunks.fold(Losses::default(), |sum, (logits, targets)| {
                            sum.plus(behind_prompt(logits, vocab_size, targets, weight, how))
                        })
                    }
                };
                self.losses = self.losses.plus(losses);
            }
            Some((teacher, mixture)) => {
                teacher.read(drawn, &mut self.taught)?;
                let (loss, plain) = distilled(logits, &self.taught, vocab_size, &self.targets, weight, mixture);
                self.losses.loss += loss;
                self.losses.cross_entropy += plain;
            }
        }
        self.pass.backward(weights, &self.tokens, &mut self.gradients);
        Ok(())
    }
}

multiversion! {
    fn add<T>(to: &mut [T], from: &[T]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_as_told() {
        let logits: Vec<f32> = (0..4 * 16).map(|i| (i * 7 % 11) as f32 / 5.0).collect();
        let targets = [3, Token::from(b'\n'), 5, 6];
        let (mut all, mut whole, mut none) = (logits.clone(), logits.clone(), logits);
        let plain = cross_entropy(&mut all, 16, &targets, 0.5);
        let how = |share| Counting { share, smoothing: None };
        let losses = behind_prompt(&mut whole, 16, &targets, 0.5, how(1.0));
        assert!((losses.loss - plain).abs() < 1e-12 && losses.loss == losses.cross_entropy && whole == all);
        let losses = behind_prompt(&mut none, 16, &targets, 0.5, how(0.0));
        assert!(losses.loss < plain && (losses.cross_entropy - plain).abs() < 1e-12);
        assert!(none[..32].iter().all(|&value| value == 0.0) && none[32..] == all[32..]);
    }
}
