//! A layer norm with what its way back needs.

use super::buffers::resize;
use super::norm::{self, Norm};
use crate::float::Float;
use crate::weights::Weights;

/// A norm's output and what its way back needs.
#[derive(Clone, Debug, Default)]
pub struct Normed<T> {
    /// The output, `[rows, d]`.
    pub u: Vec<T>,
    /// Before gamma and beta, `[rows, d]`.
    normed: Vec<T>,
    /// `[rows]`
    deviation: Vec<T>,
}

impl<T: Float> Normed<T> {
    /// Norms `x`, `[rows, d]`, by the tensors `first`, gamma, and the one behind it, beta.
    pub fn forward(&mut self, weights: &Weights<T>, first: usize, x: &[T]) {
        let norm = Norm { gamma: weights.vector(first), beta: weights.vector(first + 1) };
        resize(&mut self.u, x.len());
        resize(&mut self.normed, x.len());
        resize(&mut self.deviation, x.len() / norm.gamma.len());
        norm::forward(norm, x, &mut self.u, &mut self.normed, &mut self.deviation);
    }

    /// Adds to `dx` and to the gradients of gamma and beta, from the gradient `du` of the output.
    pub fn backward(&self, weights: &Weights<T>, first: usize, du: &[T], dx: &mut [T], gradients: &mut [T]) {
        let d_params = &mut gradients[weights.range(first).start..weights.range(first + 1).end];
        norm::backward(weights.vector(first), &self.normed, &self.deviation, du, dx, d_params);
    }

    /// Rows of the last input.
    pub const fn rows(&self) -> usize {
        self.deviation.len()
    }
}
