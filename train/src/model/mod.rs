//! Forward and backward passes, written out for the few layers that these models have.
//!
//! Activations are `[rows, width]` with one row for each position; a batch is its sequences one after the other, all of
//! the same length. Each layer's file has its forward function and, below it, the one that takes the gradient of the
//! output and adds to the gradients of the input and the parameters.

pub mod atome;
mod attention;
mod buffers;
mod causal;
mod conv;
mod dropout;
mod embedding;
mod feed_forward;
mod gelu;
pub mod gpt;
#[cfg(test)]
mod gradients;
pub mod linear;
pub mod loss;
mod norm;
mod normed;
mod pass;
mod router;
mod ssm;

pub use dropout::Dropout;
pub use pass::Pass;

use crate::config::ModelConfig;
use crate::float::Float;

/// A pass for a model of this configuration.
pub fn new_pass<T: Float>(config: &ModelConfig) -> Box<dyn Pass<T>> {
    match config {
        ModelConfig::Atome(config) => Box::new(atome::AtomePass::new(config)),
        ModelConfig::Gpt(config) => Box::new(gpt::GptPass::new(config)),
    }
}
