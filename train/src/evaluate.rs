//! Cross-entropy over windows of a text.

use rayon::prelude::*;

use crate::batches::gather;
use crate::config::ModelConfig;
use crate::model::loss::cross_entropy_alone;
use crate::model::new_pass;
use crate::weights::Weights;

/// Windows computed side by side.
const WINDOWS: usize = 8;

/// What a judgement found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Bytes that were predicted.
    pub bytes: u64,
    /// Their cross-entropies together, in nats.
    pub nats: f64,
}

impl Judgement {
    /// Mean cross-entropy of a byte, in nats.
    pub fn loss(&self) -> f64 {
        self.nats / self.bytes as f64
    }

    /// The same in bits.
    pub fn bits_per_byte(&self) -> f64 {
        self.loss() / std::f64::consts::LN_2
    }

    /// e to the power of the loss.
    pub fn perplexity(&self) -> f64 {
        libm::exp(self.loss())
    }
}

/// Predicts every byte but the first of windows of `window` bytes, each from those before it in its window.
///
/// Runs on the current rayon pool; the result does not depend on its size.
pub fn judge(config: &ModelConfig, weights: &Weights<f32>, text: &[u8], starts: &[usize], window: usize) -> Judgement {
    let losses: Vec<f64> = starts
        .par_chunks(WINDOWS)
        .map_init(
            || (new_pass::<f32>(config), Vec::new(), Vec::new()),
            |(pass, tokens, targets), starts| {
                gather(text, starts.iter().copied(), window, tokens, targets);
                pass.forward(weights, tokens, window - 1);
                cross_entropy_alone(pass.logits(), config.vocab_size(), targets)
            },
        )
        .collect();
    Judgement { bytes: (starts.len() * (window - 1)) as u64, nats: losses.iter().sum() }
}
