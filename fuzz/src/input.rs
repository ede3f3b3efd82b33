//! Bytes from the fuzzer as the numbers that a target asks for. Where they end, zeros follow.

use atome_engine::{Dims, Model, Packing, Shape};

pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let [byte] = self.bytes();
        byte
    }

    /// From 0 to `end` - 1.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// Mostly a small number, sometimes any.
    pub fn number(&mut self) -> i32 {
        match self.byte() {
            255 => i32::from_le_bytes(self.bytes()),
            small => i32::from(small) - 8,
        }
    }

    pub fn float(&mut self) -> f32 {
        f32::from_le_bytes(self.bytes())
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        bytes[..taken.len()].copy_from_slice(taken);
        self.0 = rest;
        bytes
    }

    /// Up to so many bytes; the length is the fuzzer's choice too.
    pub fn slice(&mut self, most: usize) -> &'a [u8] {
        let len = self.below(most + 1).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// A shape whose model is small enough for thousands of them a second.
    pub fn shape(&mut self) -> Shape {
        let dims = Dims {
            d_model: 1 + self.below(9),
            n_layers: 1 + self.below(3),
            d_head: 1 + self.below(5),
            kernel_size: 1 + self.below(6),
            n_pathways: 3 + self.below(3),
            vocab_size: 1 + self.below(12),
            top_k: 1 + self.below(6),
        };
        Shape::new(dims).expect("small numbers are in range")
    }
}

/// A blob from the fuzzer's bytes: as it is, or made as long as a model is by repeating it, since no fuzzer guesses a length.
pub(crate) fn blob(bytes: &[u8], fills: bool, len: usize) -> Vec<u8> {
    let mut blob = bytes.to_vec();
    if fills && !blob.is_empty() {
        blob.extend(bytes.iter().cycle().take(len.saturating_sub(bytes.len())));
    }
    blob
}

/// Bytes of a model file of this shape in the format that takes most.
pub(crate) fn longest_blob(shape: &Shape) -> usize {
    Packing::ALL.into_iter().map(|packing| Model::packed_blob_len(shape, packing)).max().unwrap_or(0)
}
