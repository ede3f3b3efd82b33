//! What every model can do.

use super::dropout::Dropout;
use crate::corpus::Token;
use crate::float::Float;
use crate::weights::Weights;

/// One thread's way through a model, with the activations that the way back needs.
pub trait Pass<T: Float>: Send + Sync {
    /// What is left out of the forward passes from now on, where the model knows how.
    fn set_dropout(&mut self, _dropout: Option<Dropout>) {}

    /// Computes the logits at every position of the sequences in `tokens`, which are `len` tokens long each.
    fn forward(&mut self, weights: &Weights<T>, tokens: &[Token], len: usize);

    /// The logits `[rows, vocab_size]` of the last [`Pass::forward`]; a loss writes its gradient over them.
    fn logits(&mut self) -> &mut [T];

    /// Adds the parameters' gradients to `gradients`, which lie as the parameters do, from the loss's gradient in
    /// [`Pass::logits`]. Quantisers are passed straight through.
    fn backward(&mut self, weights: &Weights<T>, tokens: &[Token], gradients: &mut [T]);
}
