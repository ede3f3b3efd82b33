//! Forward and backward passes, written out for the few layers that these models have.
//!
//! Activations are `[rows, width]` with one row for each position; a batch is its sequences one after the other, all of
//! the same length. Each layer's file has its forward function and, below it, the one that takes the gradient of the
//! output and adds to the gradients of the input and the parameters.

pub mod atome;
mod attention;
mod causal;
mod conv;
mod embedding;
mod gelu;
pub mod gpt;
#[cfg(test)]
mod gradients;
pub mod linear;
pub mod loss;
mod norm;
mod router;
mod ssm;

use crate::config::ModelConfig;
use crate::float::Float;
use crate::weights::Weights;

/// One thread's way through a model, with the activations that the way back needs.
pub trait Pass<T: Float>: Send + Sync {
    /// Computes the logits at every position of the sequences in `tokens`, which are `len` tokens long each.
    fn forward(&mut self, weights: &Weights<T>, tokens: &[u8], len: usize);

    /// The logits `[rows, vocab_size]` of the last [`Pass::forward`]; a loss writes its gradient over them.
    fn logits(&mut self) -> &mut [T];

    /// Adds the parameters' gradients to `gradients`, which lie as the parameters do, from the loss's gradient in
    /// [`Pass::logits`]. Quantisers are passed straight through.
    fn backward(&mut self, weights: &Weights<T>, tokens: &[u8], gradients: &mut [T]);
}

/// A pass for a model of this configuration.
pub fn new_pass<T: Float>(config: &ModelConfig) -> Box<dyn Pass<T>> {
    match config {
        ModelConfig::Atome(config) => Box::new(atome::AtomePass::new(config)),
        ModelConfig::Gpt(config) => Box::new(gpt::GptPass::new(config)),
    }
}

/// Makes `buffer` `len` long. What it holds afterwards is of no meaning.
fn resize<T: Float>(buffer: &mut Vec<T>, len: usize) {
    buffer.resize(len, T::ZERO);
}

/// Makes `buffer` `len` zeros.
fn zeros<T: Float>(buffer: &mut Vec<T>, len: usize) {
    buffer.clear();
    buffer.resize(len, T::ZERO);
}
