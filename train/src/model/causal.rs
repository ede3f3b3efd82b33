//! Full causal attention with several heads, for the baseline.

use super::router::{softmax_row, softmax_row_backward};
use super::{resize, zeros};
use crate::float::Float;
use crate::simd::multiversion;
use crate::vector::{add_scaled, dot};

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

/// The weights of all positions before each one, `[sequences, heads, len, len]`; what lies behind the diagonal is not set.
#[derive(Clone, Debug, Default)]
pub struct Attended<T> {
    weights: Vec<T>,
    scratch: Vec<T>,
}

/// `y[t]` is, for each head, the softmax-weighted sum of the values up to t. `qkv` is `[rows, 3 d]`: query, key and value,
/// each with its heads side by side; `y` is `[rows, d]`.
pub fn forward<T: Float>(sizes: Sizes, qkv: &[T], attended: &mut Attended<T>, y: &mut [T]) {
    let Sizes { d, heads, len } = sizes;
    resize(&mut attended.weights, y.len() / d * heads * len);
    zeros(&mut attended.scratch, d / heads * len);
    forward_rows(d, heads, len, qkv, &mut attended.weights, &mut attended.scratch, y);
}

/// Writes the gradient of `qkv` from that of `y`.
pub fn backward<T: Float>(sizes: Sizes, qkv: &[T], attended: &mut Attended<T>, dy: &[T], dqkv: &mut [T]) {
    let Sizes { d, heads, len } = sizes;
    dqkv.fill(T::ZERO);
    resize(&mut attended.scratch, len);
    backward_rows(d, heads, len, qkv, &attended.weights, &mut attended.scratch, dy, dqkv);
}

multiversion! {
    fn forward_rows<T>(
        d: usize,
        heads: usize,
        len: usize,
        qkv: &[T],
        weights: &mut [T],
        keys: &mut [T],
        y: &mut [T],
    ) {
        let width = d / heads;
        let scale = T::ONE / T::of(width as f64).sqrt();
        let sequences = qkv.chunks_exact(3 * len * d).zip(weights.chunks_exact_mut(heads * len * len));
        for ((qkv, weights), y) in sequences.zip(y.chunks_exact_mut(len * d)) {
            for (head, weights) in weights.chunks_exact_mut(len * len).enumerate() {
                let (query, key, value) = (head * width, d + head * width, 2 * d + head * width);
                for (t, row) in qkv.chunks_exact(3 * d).enumerate() {
                    for (keys, &key) in keys.chunks_exact_mut(len).zip(&row[key..key + width]) {
                        keys[t] = key;
                    }
                }
                for (t, weights) in weights.chunks_exact_mut(len).enumerate() {
                    let weights = &mut weights[..=t];
                    weights.fill(T::ZERO);
                    for (&q, keys) in qkv[3 * d * t + query..][..width].iter().zip(keys.chunks_exact(len)) {
                        add_scaled(weights, q, &keys[..=t]);
                    }
                    for weight in weights.iter_mut() {
                        *weight *= scale;
                    }
                    softmax_row(weights);
                    let y = &mut y[t * d + head * width..][..width];
                    y.fill(T::ZERO);
                    for (&weight, row) in weights.iter().zip(qkv.chunks_exact(3 * d)) {
                        add_scaled(y, weight, &row[value..value + width]);
                    }
                }
            }
        }
    }
}

multiversion! {
    fn backward_rows<T>(
        d: usize,
        heads: usize,
        len: usize,
        qkv: &[T],
        weights: &[T],
        gradients: &mut [T],
        dy: &[T],
        dqkv: &mut [T],
    ) {
        let width = d / heads;
        let scale = T::ONE / T::of(width as f64).sqrt();
        let sequences = qkv.chunks_exact(3 * len * d).zip(weights.chunks_exact(heads * len * len));
        for (((qkv, weights), dy), dqkv) in
            sequences.zip(dy.chunks_exact(len * d)).zip(dqkv.chunks_exact_mut(3 * len * d))
        {
            for (head, weights) in weights.chunks_exact(len * len).enumerate() {
                let (query, key, value) = (head * width, d + head * width, 2 * d + head * width);
                for (t, weights) in weights.chunks_exact(len).enumerate() {
                    let weights = &weights[..=t];
                    let gradients = &mut gradients[..=t];
                    let dy = &dy[t * d + head * width..][..width];
                    let q = &qkv[3 * d * t + query..][..width];
                    for (j, (gradient, &weight)) in gradients.iter_mut().zip(weights).enumerate() {
                        *gradient = dot(dy, &qkv[3 * d * j + value..][..width]);
                        add_scaled(&mut dqkv[3 * d * j + value..][..width], weight, dy);
                    }
                    softmax_row_backward(weights, gradients);
                    for (j, &gradient) in gradients.iter().enumerate() {
                        let k = &qkv[3 * d * j + key..][..width];
                        add_scaled(&mut dqkv[3 * d * t + query..][..width], gradient * scale, k);
                        add_scaled(&mut dqkv[3 * d * j + key..][..width], gradient * scale, q);
                    }
                }
            }
        }
    }
}
