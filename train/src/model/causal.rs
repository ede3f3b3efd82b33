//! Full causal attention with several heads, for the baseline.

use super::buffers::resize;
use super::router::{softmax_row, softmax_row_backward};
use crate::float::Float;
use crate::matmul::{add_transposed_product, product, Panels, Store};
use crate::simd::multiversion;

/// Sizes of an attention layer.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Width of the residual stream.
    pub d: usize,
    /// Heads, which share `d` evenly.
    pub heads: usize,
    /// Rows of a sequence.
    pub len: usize,
}

impl Sizes {
    /// Width of a head.
    const fn width(&self) -> usize {
        self.d / self.heads
    }

    fn scale<T: Float>(&self) -> T {
        T::ONE / T::of(self.width() as f64).sqrt()
    }
}

/// The weights of all positions, `[sequences, heads, len, len]`, zero where a position lies in the future.
#[derive(Clone, Debug, Default)]
pub struct Attended<T> {
    weights: Vec<T>,
    head: Head<T>,
}

/// One head of one sequence, `[len, width]`, and work areas.
#[derive(Clone, Debug, Default)]
struct Head<T> {
    q: Vec<T>,
    k: Vec<T>,
    v: Vec<T>,
    y: Vec<T>,
    /// `[len, len]`
    scores: Vec<T>,
    panels: Panels<T>,
}

/// `y[t]` is, for each head, the softmax-weighted sum of the values up to t. `qkv` is `[rows, 3 d]`: query, key and value,
/// each with its heads side by side; `y` is `[rows, d]`.
pub fn forward<T: Float>(sizes: Sizes, qkv: &[T], attended: &mut Attended<T>, y: &mut [T]) {
    let Sizes { d, heads, len } = sizes;
    let width = sizes.width();
    resize(&mut attended.weights, y.len() / d * heads * len);
    let Attended { weights, head } = attended;
    let sequences = qkv.chunks_exact(3 * len * d).zip(y.chunks_exact_mut(len * d));
    for ((qkv, y), weights) in sequences.zip(weights.chunks_exact_mut(heads * len * len)) {
        for (index, weights) in weights.chunks_exact_mut(len * len).enumerate() {
            head.take(sizes, index, qkv);
            head.panels.fill_transposed(&head.k, width, len);
            product(&head.q, &head.panels, sizes.scale(), weights, Store::Set);
            causal_softmax(len, weights);
            head.panels.fill(&head.v, len, width);
            product(weights, &head.panels, T::ONE, &mut head.y, Store::Set);
            put(&head.y, width, &mut y[index * width..], d);
        }
    }
}

/// Writes the gradient of `qkv` from that of `y`.
pub fn backward<T: Float>(sizes: Sizes, qkv: &[T], attended: &mut Attended<T>, dy: &[T], dqkv: &mut [T]) {
    let Sizes { d, heads, len } = sizes;
    let width = sizes.width();
    let Attended { weights, head } = attended;
    let sequences = qkv.chunks_exact(3 * len * d).zip(dqkv.chunks_exact_mut(3 * len * d));
    let weights = weights.chunks_exact(heads * len * len);
    for (((qkv, dqkv), dy), weights) in sequences.zip(dy.chunks_exact(len * d)).zip(weights) {
        for (index, weights) in weights.chunks_exact(len * len).enumerate() {
            head.take(sizes, index, qkv);
            get(&dy[index * width..], d, width, &mut head.y);
            head.panels.fill_transposed(&head.v, width, len);
            resize(&mut head.scores, len * len);
            product(&head.y, &head.panels, T::ONE, &mut head.scores, Store::Set);
            causal_softmax_backward(len, sizes.scale(), weights, &mut head.scores);

            // Each input is used up before its gradient takes its place.
            head.v.fill(T::ZERO);
            head.panels.fill(&head.y, len, width);
            add_transposed_product(weights, &head.panels, &mut head.v);
            put(&head.v, width, &mut dqkv[2 * d + index * width..], 3 * d);
            head.panels.fill(&head.k, len, width);
            product(&head.scores, &head.panels, T::ONE, &mut head.y, Store::Set);
            put(&head.y, width, &mut dqkv[index * width..], 3 * d);
            head.panels.fill(&head.q, len, width);
            head.k.fill(T::ZERO);
            add_transposed_product(&head.scores, &head.panels, &mut head.k);
            put(&head.k, width, &mut dqkv[d + index * width..], 3 * d);
        }
    }
}

impl<T: Float> Head<T> {
    /// Gathers query, key and value of head `index`.
    fn take(&mut self, sizes: Sizes, index: usize, qkv: &[T]) {
        let (d, width, count) = (sizes.d, sizes.width(), sizes.len * sizes.width());
        let parts = [&mut self.q, &mut self.k, &mut self.v];
        for (part, values) in parts.into_iter().enumerate() {
            resize(values, count);
            get(&qkv[part * d + index * width..], 3 * d, width, values);
        }
        resize(&mut self.y, count);
    }
}

/// The first `width` values of every `stride`.
fn get<T: Float>(from: &[T], stride: usize, width: usize, to: &mut [T]) {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks(stride)) {
        to.copy_from_slice(&from[..width]);
    }
}

/// The other way round.
fn put<T: Float>(from: &[T], width: usize, to: &mut [T], stride: usize) {
    for (from, to) in from.chunks_exact(width).zip(to.chunks_mut(stride)) {
        to[..width].copy_from_slice(from);
    }
}

multiversion! {
    /// The softmax of each row up to the diagonal, and zeros behind it.
    fn causal_softmax<T>(len: usize, scores: &mut [T]) {
        for (t, row) in scores.chunks_exact_mut(len).enumerate() {
            let (past, future) = row.split_at_mut(t + 1);
            softmax_row(past, |score| score.exp());
            future.fill(T::ZERO);
        }
    }
}

multiversion! {
    /// From the gradients of the weights to those of the products, in place.
    fn causal_softmax_backward<T>(len: usize, scale: T, weights: &[T], gradients: &mut [T]) {
        for (weights, gradients) in weights.chunks_exact(len).zip(gradients.chunks_exact_mut(len)) {
            // A weight of zero, as those in the future have, makes a gradient of zero.
            softmax_row_backward(weights, gradients);
            for gradient in gradients {
                *gradient *= scale;
            }
        }
    }
}
