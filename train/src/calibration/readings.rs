//! What a model shows at each byte of a text.

use std::ops::Range;

use crate::evaluate::{on_rooms, Numbers};
use anyhow::{ensure, Result};
use atome_engine::{entropy, integer, step_observed, Arithmetic, Layout, Plan, Weights as _, WholeModel, Workspace};
use rayon::prelude::*;

/// A text that the model reads from cold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The text.
    pub bytes: Vec<u8>,
    /// Which of its bytes count as predicted; none of them is the first.
    pub counted: Vec<Range<usize>>,
}

impl Sequence {
    /// A window of a text, in which every byte but the first counts.
    pub fn window(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), counted: std::iter::once(1..bytes.len()).collect() }
    }
}

/// At one byte: how the model came to predict it, and how well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Cross-entropy of the byte, in nats.
    pub loss: f64,
    /// Whether another byte was the most probable one.
    pub wrong: bool,
    /// Entropy of the predicted distribution, in nats.
    pub output_entropy: f64,
    /// Best logit less the second.
    pub margin: f64,
    /// Entropy of each layer's router at the byte before, whose logits predict this one, `[n_layers]`, in nats.
    pub router: Vec<f64>,
}

/// Reads every sequence from cold; one list of readings a sequence.
///
/// # Errors
/// A byte is no token of the model, a counted byte is out of range, the model does not fit in memory, or what the engine
/// says.
pub fn read(model: &WholeModel<'_>, numbers: Numbers, sequences: &[Sequence]) -> Result<Vec<Vec<Reading>>> {
    let longest = sequences.iter().map(|sequence| sequence.bytes.len()).max().unwrap_or(1).max(1);
    match numbers {
        Numbers::Exact => {
            let layout = Layout::new(*model.shape(), longest, Plan::Cached)?;
            on_rooms(sequences.par_iter(), [layout.floats(), layout.words()], |floats, words, sequence| {
                one(model, &mut Workspace::new(&layout, floats, words)?, sequence)
            })
        }
        Numbers::Integers => {
            integer::check(model)?;
            let layout = integer::Layout::new(*model.shape(), longest, Plan::Cached)?;
            on_rooms(sequences.par_iter(), [layout.floats(), layout.words()], |floats, words, sequence| {
                one(model, &mut integer::Workspace::new(&layout, floats, words)?, sequence)
            })
        }
    }
}

fn one<'w, M: Arithmetic<'w>>(model: &WholeModel<'_>, memory: &mut M, sequence: &Sequence) -> Result<Vec<Reading>> {
    memory.forget();
    let vocab_size = model.shape().vocab_size();
    let bytes = &sequence.bytes;
    for range in &sequence.counted {
        ensure!(range.start >= 1 && range.end <= bytes.len(), "bytes {range:?} of {} cannot count", bytes.len());
    }
    let mut router = vec![0.0; model.shape().n_layers()];
    let mut readings = Vec::new();
    for (at, &byte) in bytes.iter().enumerate() {
        ensure!(usize::from(byte) < vocab_size, "byte {at} is {byte}, expected 0 to {}", vocab_size - 1);
        if sequence.counted.iter().any(|range| range.contains(&at)) {
            readings.push(reading(memory.logits(), usize::from(byte), &router));
        }
        step_observed(model, memory, i32::from(byte), |seen| {
            router[seen.layer] = f64::from(entropy(seen.weights));
        })?;
    }
    Ok(readings)
}

fn reading(logits: &[f32], target: usize, router: &[f64]) -> Reading {
    let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let below = |logit: f32| f64::from(logit) - f64::from(best);
    let sum: f64 = logits.iter().map(|&logit| libm::exp(below(logit))).sum();
    let ln_sum = libm::log(sum);
    let mean: f64 = logits.iter().map(|&logit| libm::exp(below(logit)) / sum * below(logit)).sum();
    let first = logits.iter().position(|&logit| logit == best);
    let second = logits.iter().enumerate().filter(|&(at, _)| Some(at) != first).map(|(_, &logit)| below(logit));
    Reading {
        loss: ln_sum - below(logits[target]),
        wrong: first != Some(target),
        output_entropy: ln_sum - mean,
        margin: -second.fold(f64::NEG_INFINITY, f64::max),
        router: router.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_of_a_few_logits() {
        let even = reading(&[1.0, 1.0, 1.0, 1.0], 2, &[0.5]);
        assert!((even.loss - 4f64.ln()).abs() < 1e-12 && (even.output_entropy - 4f64.ln()).abs() < 1e-12);
        assert!(even.margin == 0.0 && even.wrong && even.router == [0.5]);
        let sure = reading(&[0.0, 3.0], 1, &[]);
        assert!((sure.loss - (-3f64).exp().ln_1p()).abs() < 1e-12 && !sure.wrong && sure.margin == 3.0);
    }
}
