//! Random model files, written from the format's description and not with the engine's own code.

use fastrand::Rng;

use crate::packed::Packing;
use crate::random_values::{float, Character};
use crate::shapes::TestShape;

/// A model file with weights that lie as `packing` says, or an ATOMECL01 file where there are classes.
pub fn model_file(
    shape: &TestShape,
    packing: Packing,
    n_classes: Option<usize>,
    character: Character,
    rng: &mut Rng,
) -> Vec<u8> {
    let (d, h, v) = (shape.d_model, shape.d_head, shape.vocab_size);
    let mut file = Writer { bytes: Vec::new(), packing, character, rng };
    match n_classes {
        None => file.bytes.extend(packing.magic()),
        Some(count) => {
            file.bytes.extend(b"ATOMECL01");
            file.bytes.extend((count as i32).to_le_bytes());
        }
    }
    file.quantised(v, d, 1.0);
    for _ in 0..shape.n_layers {
        file.floats(d, 1.0, 0.2);
        file.floats(d, 0.0, 0.2);
        file.quantised(d, shape.kernel_size, 0.5);
        file.floats(d, 0.5, 0.7);
        file.floats(d, 0.0, 0.7);
        file.floats(d, 0.0, 0.7);
        let scale = 1.0 / (d as f32).sqrt();
        file.quantised(h, d, scale);
        file.quantised(h, d, scale);
        file.quantised(d, d, scale);
        file.quantised(shape.n_pathways, d, scale);
    }
    file.floats(d, 1.0, 0.2);
    file.floats(d, 0.0, 0.2);
    file.quantised(v, d, 0.3);
    if let Some(count) = n_classes {
        file.quantised(count, d, 0.3);
    }
    file.bytes
}

struct Writer<'r> {
    bytes: Vec<u8>,
    packing: Packing,
    character: Character,
    rng: &'r mut Rng,
}

impl Writer<'_> {
    fn float(&mut self, mean: f32, deviation: f32) {
        let value = float(self.rng, self.character, mean, deviation);
        self.bytes.extend(value.to_le_bytes());
    }

    fn floats(&mut self, count: usize, mean: f32, deviation: f32) {
        for _ in 0..count {
            self.float(mean, deviation);
        }
    }

    /// A scale, then weights of all four codes, 10 and those behind the last weight included.
    fn quantised(&mut self, rows: usize, cols: usize, scale: f32) {
        self.float(scale, 0.3 * scale);
        if self.packing != Packing::TwoBits {
            let weights = self.weights(rows * cols);
            return self.bytes.extend(self.packing.pack(&weights));
        }
        let start = self.bytes.len();
        self.bytes.resize(start + (rows * cols).div_ceil(4), 0);
        let packed = &mut self.bytes[start..];
        match self.rng.u32(..12) {
            // One code everywhere: equal scores and equal logits, where the first has to win.
            0 => packed.fill([0x00, 0x55, 0xff, 0xaa][self.rng.usize(..4)]),
            // Mostly zeros.
            1 => packed.iter_mut().for_each(|byte| *byte = self.rng.u8(..) & self.rng.u8(..) & self.rng.u8(..)),
            _ => self.rng.fill(packed),
        }
    }

    /// `count` random weights, for formats in which not every byte stands for weights.
    fn weights(&mut self, count: usize) -> Vec<i8> {
        let all = self.packing.weights();
        let one = all[self.rng.usize(..all.len())];
        let style = self.rng.u32(..12);
        let weight = |rng: &mut Rng| match style {
            0 => one,
            1 if rng.u32(..8) > 0 => 0,
            _ => all[rng.usize(..all.len())],
        };
        (0..count).map(|_| weight(self.rng)).collect()
    }
}
