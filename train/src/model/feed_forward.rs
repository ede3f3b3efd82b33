//! Feed-forward sublayers: `x += Wdown relu(Wup norm(x))`.

use super::buffers::{add, resize};
use super::linear;
use super::normed::Normed;
use crate::float::Float;
use crate::matmul::{Panels, Store};
use crate::weights::Weights;

/// Tensors of a sublayer, numbered from its first.
mod at {
    pub const NORM: usize = 0;
    pub const UP: usize = 2;
    pub const DOWN: usize = 3;
}

/// Tensors of a sublayer.
pub const TENSORS: usize = 4;

/// What the way back needs of one sublayer.
#[derive(Clone, Debug, Default)]
pub struct Saved<T> {
    norm: Normed<T>,
    /// The hidden units behind the ReLU, `[rows, d]`.
    hidden: Vec<T>,
}

/// Work areas of the way back.
#[derive(Clone, Debug, Default)]
pub struct Scratch<T> {
    panels: Panels<T>,
    /// Gradient of the hidden units, `[rows, d]`.
    d_hidden: Vec<T>,
    /// Gradient of the norm's output, `[rows, d]`.
    du: Vec<T>,
}

/// Adds the sublayer whose first tensor is number `first` to the residual stream `x`, `[rows, d]`. `branch` is a work area.
pub fn forward<T: Float>(weights: &Weights<T>, first: usize, x: &mut [T], saved: &mut Saved<T>, branch: &mut Vec<T>) {
    saved.norm.forward(weights, first + at::NORM, x);
    resize(&mut saved.hidden, x.len());
    linear::forward(weights.linear(first + at::UP), &saved.norm.u, &mut saved.hidden);
    for value in &mut saved.hidden {
        *value = if *value > T::ZERO { *value } else { T::ZERO };
    }
    resize(branch, x.len());
    linear::forward(weights.linear(first + at::DOWN), &saved.hidden, branch);
    add(x, branch);
}

/// Turns the gradient of the residual stream behind the sublayer, in `dx`, into that in front of it, and adds those of its
/// parameters.
pub fn backward<T: Float>(
    weights: &Weights<T>,
    first: usize,
    saved: &Saved<T>,
    dx: &mut [T],
    scratch: &mut Scratch<T>,
    gradients: &mut [T],
) {
    let Scratch { panels, d_hidden, du } = scratch;
    let rows = saved.norm.rows();
    let mut through = |tensor: usize, x: &[T], dy: &[T], out: &mut Vec<T>| {
        panels.fill(x, rows, x.len() / rows);
        resize(out, x.len());
        let d_weight = &mut gradients[weights.range(first + tensor)];
        linear::backward(weights.linear(first + tensor), panels, dy, out, Store::Set, d_weight);
    };
    through(at::DOWN, &saved.hidden, dx, d_hidden);
    for (gradient, &value) in d_hidden.iter_mut().zip(&saved.hidden) {
        // Where the ReLU has cut, nothing of the gradient passes.
        *gradient = if value > T::ZERO { *gradient } else { T::ZERO };
    }
    through(at::UP, &saved.norm.u, d_hidden, du);
    saved.norm.backward(weights, first + at::NORM, du, dx, gradients);
}
