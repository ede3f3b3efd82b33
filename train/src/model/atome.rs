//! The three-pathway model.

use atome_engine::format::{Part, FRONT, LAYER};

use super::attention::{self, Kept, Projected};
use super::buffers::{resize, zeros};
use super::conv::{self, Conv};
use super::dropout::{self, Dropout};
use super::normed::Normed;
use super::pass::Pass;
use super::router::{self, Pathway};
use super::ssm::{self, Ssm};
use super::{embedding, feed_forward, linear};
use crate::config::AtomeConfig;
use crate::corpus::Token;
use crate::float::Float;
use crate::matmul::{Panels, Store};
use crate::weights::Weights;

/// Numbers of a block's tensors in the layout. Those of a pathway that is left out are of no meaning.
#[derive(Clone, Copy, Debug)]
struct BlockTensors {
    norm: usize,
    taps: usize,
    ssm: usize,
    wq: usize,
    wk: usize,
    wv: usize,
    router: usize,
    /// The first one of the feed-forward sublayers'.
    sublayers: usize,
}

impl BlockTensors {
    /// The tensors of a block whose first one has number `first`, and the number behind its last.
    fn new(first: usize, config: &AtomeConfig) -> (Self, usize) {
        let parts = || LAYER.iter().map(|entry| entry.part).filter(|&part| config.pathways.have(part));
        let sublayers = first + parts().count();
        let number = |part| first + parts().position(|each| each == part).unwrap_or(0);
        let tensors = Self {
            norm: number(Part::NormGamma),
            taps: number(Part::ConvTaps),
            ssm: number(Part::SsmA),
            wq: number(Part::Wq),
            wk: number(Part::Wk),
            wv: number(Part::Wv),
            router: number(Part::Router),
            sublayers,
        };
        (tensors, sublayers + config.feed_forward * feed_forward::TENSORS)
    }
}

/// What the way back needs of one block, `[rows, d]` where nothing else is said.
#[derive(Clone, Debug, Default)]
struct Saved<T> {
    norm: Normed<T>,
    local: Vec<T>,
    /// `[d]`
    gate: Vec<T>,
    states: Vec<T>,
    recurrent: Vec<T>,
    /// `[rows, d_head]`
    q: Vec<T>,
    /// `[rows, d_head]`
    k: Vec<T>,
    v: Vec<T>,
    kept: Kept<T>,
    sparse: Vec<T>,
    /// `[rows, pathways]`
    shares: Vec<T>,
    sublayers: Vec<feed_forward::Saved<T>>,
    /// Factors of what the pathways add; empty without dropout.
    mask: Vec<T>,
}

/// Work areas.
#[derive(Clone, Debug, Default)]
struct Scratch<T> {
    /// The block's or the final norm's output as panels.
    panels: Panels<T>,
    /// Gradient of the residual stream.
    dx: Vec<T>,
    /// Gradient of a norm's output.
    du: Vec<T>,
    /// Gradient of a pathway's output; on the way there, a sublayer's output.
    dy: Vec<T>,
    /// Of a block with dropout: its output, or the gradient of that.
    block: Vec<T>,
    dq: Vec<T>,
    dk: Vec<T>,
    dv: Vec<T>,
    d_shares: Vec<T>,
    small: Vec<T>,
    sublayer: feed_forward::Scratch<T>,
}

/// One thread's way through the model.
#[derive(Clone, Debug)]
pub struct AtomePass<T> {
    config: AtomeConfig,
    tensors: Vec<BlockTensors>,
    final_norm: usize,
    len: usize,
    x: Vec<T>,
    blocks: Vec<Saved<T>>,
    last: Normed<T>,
    logits: Vec<T>,
    dropout: Option<Dropout>,
    /// Factors of the embedding; empty without dropout.
    front_mask: Vec<T>,
    scratch: Scratch<T>,
}

impl<T: Float> AtomePass<T> {
    /// A pass for a model of this configuration.
    pub fn new(config: &AtomeConfig) -> Self {
        let mut next = FRONT.len();
        let mut tensors = Vec::new();
        for _ in 0..config.n_layers {
            let (block, behind) = BlockTensors::new(next, config);
            tensors.push(block);
            next = behind;
        }
        let sublayers = vec![feed_forward::Saved::default(); config.feed_forward];
        let block = Saved { sublayers, ..Saved::default() };
        Self {
            config: *config,
            tensors,
            final_norm: next,
            len: 0,
            x: Vec::new(),
            blocks: vec![block; config.n_layers],
            last: Normed::default(),
            logits: Vec::new(),
            dropout: None,
            front_mask: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    fn attention_sizes(&self) -> attention::Sizes {
        let &AtomeConfig { d_model, d_head, top_k, .. } = &self.config;
        attention::Sizes { d: d_model, head: d_head, top_k, len: self.len }
    }

    fn block_forward(&mut self, weights: &Weights<T>, index: usize) {
        let (d, len, sizes) = (self.config.d_model, self.len, self.attention_sizes());
        let pathways = self.config.pathways;
        let tensors = self.tensors[index];
        let saved = &mut self.blocks[index];
        saved.norm.forward(weights, tensors.norm, &self.x);
        let u = &saved.norm.u;
        let rows = self.x.len() / d;

        resize(&mut saved.shares, rows * pathways.count());
        linear::forward(weights.linear(tensors.router), u, &mut saved.shares);
        router::softmax(&mut saved.shares, pathways.count());

        let mut paths: [&[T]; 3] = [&[]; 3];
        let mut count = 0;
        let mut add = |path| {
            paths[count] = path;
            count += 1;
        };
        if pathways.local {
            resize(&mut saved.local, rows * d);
            conv::forward(conv(weights, tensors.taps, d, len), u, &mut saved.local);
            add(&saved.local);
        }
        if pathways.state {
            resize(&mut saved.states, rows * d);
            resize(&mut saved.recurrent, rows * d);
            resize(&mut saved.gate, d);
            ssm::gates(weights.vector(tensors.ssm), &mut saved.gate);
            let ssm = ssm(weights, tensors.ssm, &saved.gate, len);
            ssm::forward(ssm, u, &mut saved.states, &mut saved.recurrent);
            add(&saved.recurrent);
        }
        if pathways.sparse {
            let matrices = [(tensors.wq, &mut saved.q), (tensors.wk, &mut saved.k), (tensors.wv, &mut saved.v)];
            for (tensor, out) in matrices {
                let weight = weights.linear(tensor);
                resize(out, rows * weight.rows);
                linear::forward(weight, u, out);
            }
            resize(&mut saved.sparse, rows * d);
            attention::forward(
                sizes,
                Projected { q: &saved.q, k: &saved.k, v: &saved.v },
                &mut saved.kept,
                &mut saved.sparse,
            );
            add(&saved.sparse);
        }
        match &mut self.dropout {
            None => {
                saved.mask.clear();
                router::mix(d, &saved.shares, &paths[..count], &mut self.x);
            }
            Some(dropout) => {
                dropout.mask(&mut saved.mask, rows * d);
                let block = &mut self.scratch.block;
                zeros(block, rows * d);
                router::mix(d, &saved.shares, &paths[..count], block);
                dropout::scale(block, &saved.mask);
                self.x.iter_mut().zip(block).for_each(|(x, &mut value)| *x += value);
            }
        }
        for (index, sublayer) in saved.sublayers.iter_mut().enumerate() {
            let first = tensors.sublayers + index * feed_forward::TENSORS;
            feed_forward::forward(weights, first, &mut self.x, sublayer, &mut self.scratch.dy);
        }
    }

    fn block_backward(&mut self, weights: &Weights<T>, index: usize, gradients: &mut [T]) {
        let (d, len, sizes) = (self.config.d_model, self.len, self.attention_sizes());
        let pathways = self.config.pathways;
        let width = pathways.count();
        let tensors = self.tensors[index];
        let saved = &mut self.blocks[index];
        let rows = saved.norm.rows();
        let Scratch { panels, dx, du, dy, block, dq, dk, dv, d_shares, small, sublayer: areas } = &mut self.scratch;
        for (index, sublayer) in saved.sublayers.iter().enumerate().rev() {
            let first = tensors.sublayers + index * feed_forward::TENSORS;
            feed_forward::backward(weights, first, sublayer, dx, areas, gradients);
        }
        let u = &saved.norm.u;
        panels.fill(u, rows, d);
        zeros(du, rows * d);
        resize(dy, rows * d);
        resize(d_shares, rows * width);

        let d_block: &[T] = if saved.mask.is_empty() {
            dx
        } else {
            block.clone_from(dx);
            dropout::scale(block, &saved.mask);
            block
        };

        let mut row = 0..;
        let mut next = || Pathway { d, index: row.next().unwrap_or(0), width };
        if pathways.local {
            router::mix_backward(next(), &saved.shares, &saved.local, d_block, dy, d_shares);
            let d_taps = &mut gradients[weights.range(tensors.taps)];
            conv::backward(conv(weights, tensors.taps, d, len), u, dy, du, d_taps, small);
        }
        if pathways.state {
            router::mix_backward(next(), &saved.shares, &saved.recurrent, d_block, dy, d_shares);
            let ssm = ssm(weights, tensors.ssm, &saved.gate, len);
            let d_params = &mut gradients[both(weights, tensors.ssm, tensors.ssm + 2)];
            ssm::backward(ssm, u, &saved.states, dy, du, d_params, small);
        }
        if pathways.sparse {
            router::mix_backward(next(), &saved.shares, &saved.sparse, d_block, dy, d_shares);
            resize(dq, saved.q.len());
            resize(dk, saved.k.len());
            resize(dv, rows * d);
            let projected = Projected { q: &saved.q, k: &saved.k, v: &saved.v };
            let outputs = attention::Gradients { dq: &mut *dq, dk: &mut *dk, dv: &mut *dv };
            attention::backward(sizes, projected, &mut saved.kept, dy, outputs);
            for (tensor, dy) in [(tensors.wq, dq), (tensors.wk, dk), (tensors.wv, dv)] {
                let d_weight = &mut gradients[weights.range(tensor)];
                linear::backward(weights.linear(tensor), panels, dy, du, Store::Add, d_weight);
            }
        }
        for (shares, gradient) in saved.shares.chunks_exact(width).zip(d_shares.chunks_exact_mut(width)) {
            router::softmax_row_backward(shares, gradient);
        }
        let d_router = &mut gradients[weights.range(tensors.router)];
        linear::backward(weights.linear(tensors.router), panels, d_shares, du, Store::Add, d_router);
        saved.norm.backward(weights, tensors.norm, du, dx, gradients);
    }
}

impl<T: Float> Pass<T> for AtomePass<T> {
    fn set_dropout(&mut self, dropout: Option<Dropout>) {
        self.dropout = dropout;
    }

    fn forward(&mut self, weights: &Weights<T>, tokens: &[Token], len: usize) {
        let d = self.config.d_model;
        self.len = len;
        resize(&mut self.x, tokens.len() * d);
        embedding::forward(weights.table(0), d, tokens, &mut self.x);
        self.front_mask.clear();
        if let Some(dropout) = &mut self.dropout {
            dropout.mask(&mut self.front_mask, self.x.len());
            dropout::scale(&mut self.x, &self.front_mask);
        }
        for index in 0..self.blocks.len() {
            self.block_forward(weights, index);
        }
        self.last.forward(weights, self.final_norm, &self.x);
        resize(&mut self.logits, tokens.len() * self.config.vocab_size);
        linear::forward(weights.linear(self.final_norm + 2), &self.last.u, &mut self.logits);
    }

    fn logits(&mut self) -> &mut [T] {
        &mut self.logits
    }

    fn backward(&mut self, weights: &Weights<T>, tokens: &[Token], gradients: &mut [T]) {
        let d = self.config.d_model;
        let rows = tokens.len();
        let Scratch { panels, dx, du, .. } = &mut self.scratch;
        panels.fill(&self.last.u, rows, d);
        resize(du, rows * d);
        let unembed = self.final_norm + 2;
        let d_unembed = &mut gradients[weights.range(unembed)];
        linear::backward(weights.linear(unembed), panels, &self.logits, du, Store::Set, d_unembed);
        zeros(dx, rows * d);
        self.last.backward(weights, self.final_norm, du, dx, gradients);
        for index in (0..self.blocks.len()).rev() {
            self.block_backward(weights, index, gradients);
        }
        if !self.front_mask.is_empty() {
            dropout::scale(&mut self.scratch.dx, &self.front_mask);
        }
        embedding::backward(d, tokens, &self.scratch.dx, &mut gradients[weights.range(0)]);
    }
}

fn conv<T: Float>(weights: &Weights<T>, tensor: usize, d: usize, len: usize) -> Conv<'_, T> {
    let (taps, scale) = weights.taps(tensor);
    Conv { taps, scale, d, len }
}

fn ssm<'a, T: Float>(weights: &'a Weights<T>, first: usize, gate: &'a [T], len: usize) -> Ssm<'a, T> {
    Ssm { gate, b: weights.vector(first + 1), c: weights.vector(first + 2), len }
}

/// From the start of tensor `first` to the end of tensor `last`.
fn both<T: Float>(weights: &Weights<T>, first: usize, last: usize) -> std::ops::Range<usize> {
    weights.range(first).start..weights.range(last).end
}
