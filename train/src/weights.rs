//! Parameters made ready for a forward and a backward pass: quantised, and laid out for the matrix products.

use crate::config::{ModelConfig, Quantiser};
use crate::float::Float;
use crate::layout::{Layout, Role, Tensor};
use crate::matmul::Panels;
use crate::quantise::{quantise, Scale};

/// A matrix `[out, in]` that multiplies.
#[derive(Clone, Debug)]
pub struct Linear<T> {
    /// The codes as a matrix `[in, out]`, for y = (x codes) scale.
    pub forward: Panels<T>,
    /// codes * scale as a matrix `[out, in]`, for the gradient of x.
    pub backward: Panels<T>,
    /// What the codes are multiplied by.
    pub scale: T,
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub cols: usize,
}

/// One tensor, ready.
#[derive(Clone, Debug)]
enum Ready<T> {
    Linear(Linear<T>),
    /// codes * scale, `[rows, d]`.
    Table(Vec<T>),
    /// codes and scale, `[kernel_size, d]`, the newest position first.
    Taps {
        codes: Vec<T>,
        scale: T,
    },
    Vector(Vec<T>),
}

/// All parameters of a model, ready.
#[derive(Clone, Debug)]
pub struct Weights<T> {
    tensors: Vec<(Tensor, Ready<T>)>,
    quantiser: Quantiser,
}

impl<T: Scale> Weights<T> {
    /// Makes `params` ready, which lie as `layout` says.
    pub fn new(config: &ModelConfig, layout: &Layout, params: &[T]) -> Self {
        let quantiser = config.quantiser();
        let tensors = layout.tensors.iter().map(|tensor| (tensor.clone(), Ready::empty(tensor))).collect();
        let mut weights = Self { tensors, quantiser };
        weights.update(params);
        weights
    }

    /// Makes other values of the same parameters ready.
    pub fn update(&mut self, params: &[T]) {
        let mut scratch = Vec::new();
        for index in 0..self.tensors.len() {
            self.update_tensor(index, params, &mut scratch);
        }
    }

    fn update_tensor(&mut self, index: usize, params: &[T], codes: &mut Vec<T>) {
        let (tensor, ready) = &mut self.tensors[index];
        let values = &params[tensor.range.clone()];
        ready.take(tensor, values, self.quantiser, codes);
    }
}

impl<T: Float> Weights<T> {
    /// Number `index` of the layout, which is [`Role::Vector`].
    pub fn vector(&self, index: usize) -> &[T] {
        match &self.tensors[index].1 {
            Ready::Vector(values) | Ready::Table(values) => values,
            _ => &[],
        }
    }

    /// Number `index` of the layout, which is [`Role::Table`].
    pub fn table(&self, index: usize) -> &[T] {
        self.vector(index)
    }

    /// Number `index` of the layout, which is [`Role::Linear`].
    pub fn linear(&self, index: usize) -> &Linear<T> {
        match &self.tensors[index].1 {
            Ready::Linear(linear) => linear,
            other => unreachable!("tensor {index} is no matrix to multiply by: {other:?}"),
        }
    }

    /// Number `index` of the layout, which is [`Role::Taps`]: codes `[kernel_size, d]`, newest first, and their scale.
    pub fn taps(&self, index: usize) -> (&[T], T) {
        match &self.tensors[index].1 {
            Ready::Taps { codes, scale } => (codes, *scale),
            other => unreachable!("tensor {index} holds no taps: {other:?}"),
        }
    }

    /// Where tensor `index` lies among the parameters.
    pub fn range(&self, index: usize) -> std::ops::Range<usize> {
        self.tensors[index].0.range.clone()
    }
}

impl<T: Scale> Ready<T> {
    fn empty(tensor: &Tensor) -> Self {
        let (rows, cols) = (tensor.rows(), tensor.cols());
        match tensor.role {
            Role::Linear => Self::Linear(Linear {
                forward: Panels::zeros(cols, rows),
                backward: Panels::zeros(rows, cols),
                scale: T::ONE,
                rows,
                cols,
            }),
            Role::Table => Self::Table(vec![T::ZERO; rows * cols]),
            Role::Taps => Self::Taps { codes: vec![T::ZERO; rows * cols], scale: T::ONE },
            Role::Vector => Self::Vector(vec![T::ZERO; rows * cols]),
        }
    }

    fn take(&mut self, tensor: &Tensor, values: &[T], quantiser: Quantiser, codes: &mut Vec<T>) {
        let (rows, cols) = (tensor.rows(), tensor.cols());
        if let Self::Vector(kept) = self {
            kept.copy_from_slice(values);
            return;
        }
        codes.resize(values.len(), T::ZERO);
        let found = quantise(quantiser, values, codes);
        match self {
            Self::Vector(_) => {}
            Self::Linear(linear) => {
                linear.scale = found;
                linear.forward.fill_transposed(codes, cols, rows);
                codes.iter_mut().for_each(|code| *code *= found);
                linear.backward.fill(codes, rows, cols);
            }
            Self::Table(table) => {
                for (value, &code) in table.iter_mut().zip(codes.iter()) {
                    *value = code * found;
                }
            }
            Self::Taps { codes: taps, scale } => {
                *scale = found;
                for (channel, row) in codes.chunks_exact(cols).enumerate() {
                    for (lag, &code) in row.iter().rev().enumerate() {
                        taps[lag * rows + channel] = code;
                    }
                }
            }
        }
    }
}
