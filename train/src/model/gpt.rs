//! The baseline: a plain GPT with learned positions, in floating point.

use super::buffers::{add, resize, zeros};
use super::causal::{self, Attended};
use super::normed::Normed;
use super::pass::Pass;
use super::{embedding, gelu, linear};
use crate::config::GptConfig;
use crate::corpus::Token;
use crate::float::Float;
use crate::matmul::{Panels, Store};
use crate::weights::Weights;

/// Tensors of a block, numbered from its first.
mod at {
    pub const NORM1: usize = 0;
    pub const QKV: usize = 2;
    pub const OUT: usize = 3;
    pub const NORM2: usize = 4;
    pub const UP: usize = 6;
    pub const DOWN: usize = 7;
    pub const COUNT: usize = 8;
}

const TOKENS: usize = 0;
const POSITIONS: usize = 1;
const FIRST_BLOCK: usize = 2;

/// What the way back needs of one block.
#[derive(Clone, Debug, Default)]
struct Saved<T> {
    norm1: Normed<T>,
    /// `[rows, 3 d]`
    qkv: Vec<T>,
    attended: Attended<T>,
    /// `[rows, d]`
    mixed: Vec<T>,
    norm2: Normed<T>,
    /// `[rows, d_ff]`, before and behind GELU
    up: Vec<T>,
    active: Vec<T>,
}

/// One thread's way through the model.
#[derive(Clone, Debug)]
pub struct GptPass<T> {
    config: GptConfig,
    len: usize,
    x: Vec<T>,
    blocks: Vec<Saved<T>>,
    last: Normed<T>,
    logits: Vec<T>,
    panels: Panels<T>,
    dx: Vec<T>,
    du: Vec<T>,
    wide: Vec<T>,
    branch: Vec<T>,
}

impl<T: Float> GptPass<T> {
    /// A pass for a model of this configuration.
    pub fn new(config: &GptConfig) -> Self {
        Self {
            config: *config,
            len: 0,
            x: Vec::new(),
            blocks: vec![Saved::default(); config.n_layers],
            last: Normed::default(),
            logits: Vec::new(),
            panels: Panels::default(),
            dx: Vec::new(),
            du: Vec::new(),
            wide: Vec::new(),
            branch: Vec::new(),
        }
    }

    fn sizes(&self) -> causal::Sizes {
        causal::Sizes { d: self.config.d_model, heads: self.config.n_heads, len: self.len }
    }

    const fn final_norm(&self) -> usize {
        FIRST_BLOCK + self.config.n_layers * at::COUNT
    }

    fn block_forward(&mut self, weights: &Weights<T>, index: usize) {
        let (d, d_ff, sizes) = (self.config.d_model, self.config.d_ff, self.sizes());
        let first = FIRST_BLOCK + index * at::COUNT;
        let rows = self.x.len() / d;
        let saved = &mut self.blocks[index];
        resize(&mut self.branch, rows * d);

        saved.norm1.forward(weights, first + at::NORM1, &self.x);
        resize(&mut saved.qkv, rows * 3 * d);
        linear::forward(weights.linear(first + at::QKV), &saved.norm1.u, &mut saved.qkv);
        resize(&mut saved.mixed, rows * d);
        causal::forward(sizes, &saved.qkv, &mut saved.attended, &mut saved.mixed);
        linear::forward(weights.linear(first + at::OUT), &saved.mixed, &mut self.branch);
        add(&mut self.x, &self.branch);

        saved.norm2.forward(weights, first + at::NORM2, &self.x);
        resize(&mut saved.up, rows * d_ff);
        resize(&mut saved.active, rows * d_ff);
        linear::forward(weights.linear(first + at::UP), &saved.norm2.u, &mut saved.up);
        gelu::forward(&saved.up, &mut saved.active);
        linear::forward(weights.linear(first + at::DOWN), &saved.active, &mut self.branch);
        add(&mut self.x, &self.branch);
    }

    fn block_backward(&mut self, weights: &Weights<T>, index: usize, gradients: &mut [T]) {
        let (d, d_ff, sizes) = (self.config.d_model, self.config.d_ff, self.sizes());
        let first = FIRST_BLOCK + index * at::COUNT;
        let rows = self.dx.len() / d;
        let saved = &mut self.blocks[index];
        let Self { panels, dx, du, wide, branch, .. } = self;
        let mut through = |tensor: usize, x: &[T], width: usize, dy: &[T], du: &mut Vec<T>, gradients: &mut [T]| {
            panels.fill(x, rows, width);
            resize(du, rows * width);
            let d_weight = &mut gradients[weights.range(first + tensor)];
            linear::backward(weights.linear(first + tensor), panels, dy, du, Store::Set, d_weight);
        };
        through(at::DOWN, &saved.active, d_ff, dx, wide, gradients);
        gelu::backward(&saved.up, wide);
        through(at::UP, &saved.norm2.u, d, wide, du, gradients);
        saved.norm2.backward(weights, first + at::NORM2, du, dx, gradients);

        through(at::OUT, &saved.mixed, d, dx, branch, gradients);
        resize(wide, rows * 3 * d);
        causal::backward(sizes, &saved.qkv, &mut saved.attended, branch, wide);
        through(at::QKV, &saved.norm1.u, d, wide, du, gradients);
        saved.norm1.backward(weights, first + at::NORM1, du, dx, gradients);
    }
}

impl<T: Float> Pass<T> for GptPass<T> {
    fn forward(&mut self, weights: &Weights<T>, tokens: &[Token], len: usize) {
        let d = self.config.d_model;
        self.len = len;
        resize(&mut self.x, tokens.len() * d);
        embedding::forward(weights.table(TOKENS), d, tokens, &mut self.x);
        let positions = &weights.vector(POSITIONS)[..len * d];
        for sequence in self.x.chunks_exact_mut(len * d) {
            add(sequence, positions);
        }
        for index in 0..self.blocks.len() {
            self.block_forward(weights, index);
        }
        let final_norm = self.final_norm();
        self.last.forward(weights, final_norm, &self.x);
        resize(&mut self.logits, tokens.len() * self.config.vocab_size);
        linear::forward(weights.linear(final_norm + 2), &self.last.u, &mut self.logits);
    }

    fn logits(&mut self) -> &mut [T] {
        &mut self.logits
    }

    fn backward(&mut self, weights: &Weights<T>, tokens: &[Token], gradients: &mut [T]) {
        let (d, rows, final_norm) = (self.config.d_model, tokens.len(), self.final_norm());
        self.panels.fill(&self.last.u, rows, d);
        resize(&mut self.du, rows * d);
        let unembed = weights.linear(final_norm + 2);
        let d_unembed = &mut gradients[weights.range(final_norm + 2)];
        linear::backward(unembed, &self.panels, &self.logits, &mut self.du, Store::Set, d_unembed);
        zeros(&mut self.dx, rows * d);
        self.last.backward(weights, final_norm, &self.du, &mut self.dx, gradients);
        for index in (0..self.blocks.len()).rev() {
            self.block_backward(weights, index, gradients);
        }
        let d_positions = &mut gradients[weights.range(POSITIONS)];
        for sequence in self.dx.chunks_exact(self.len * d) {
            add(d_positions, sequence);
        }
        embedding::backward(d, tokens, &self.dx, &mut gradients[weights.range(TOKENS)]);
    }
}
