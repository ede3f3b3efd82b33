//! Models that lead the integer arithmetic to its bounds. Every float in them is finite.

use fastrand::Rng;

use crate::packed::Packing;
use crate::shapes::TestShape;

/// The weights of a section.
#[derive(Clone, Copy)]
pub enum Weights {
    /// The packing's greatest weight everywhere.
    Greatest,
    /// The greatest weight, with the sign of the column: + at even ones.
    Alternating,
    /// The greatest weight in the first column, 0 elsewhere.
    FirstColumn,
    /// The greatest weight with any sign.
    Signs,
    Random,
}

/// The floats of a section.
#[derive(Clone, Copy)]
pub enum Floats {
    All(f32),
    /// The first one, and all others.
    First(f32, f32),
    /// That size, with any sign.
    Signs(f32),
    /// Any finite bits.
    Bits,
    /// Any sign and mantissa, and a size of 2^-8 to 2^8.
    Middling,
}

/// A model in a few words.
#[derive(Clone, Copy)]
pub struct Recipe {
    pub name: &'static str,
    pub embed: Weights,
    pub weights: Weights,
    pub embed_scale: Floats,
    /// Of the convolution and of Wv.
    pub output_scales: Floats,
    /// Of Wq, Wk, the router and unembed.
    pub choice_scales: Floats,
    pub gamma: Floats,
    pub beta: Floats,
    pub a: Floats,
    pub b: Floats,
    pub c_out: Floats,
}

/// Nothing hostile in it.
const PLAIN: Recipe = Recipe {
    name: "plain",
    embed: Weights::Random,
    weights: Weights::Random,
    embed_scale: Floats::All(1.0),
    output_scales: Floats::All(0.1),
    choice_scales: Floats::All(0.1),
    gamma: Floats::All(1.0),
    beta: Floats::Signs(0.1),
    a: Floats::All(0.5),
    b: Floats::Signs(0.5),
    c_out: Floats::Signs(0.5),
};

/// Every sum at its greatest: beta alone counts, and makes every u 2^14.
const LOUD: Recipe = Recipe {
    name: "loud",
    embed: Weights::Greatest,
    weights: Weights::Greatest,
    gamma: Floats::All(1e-6),
    beta: Floats::All(1.0),
    ..PLAIN
};

/// The embedding and three layers as great as each other, of one sign, in one channel of the d19 shape: where the router
/// chooses the state, all that the residual stream has room for.
pub const TOWER: Recipe = Recipe {
    name: "tower",
    embed: Weights::FirstColumn,
    embed_scale: Floats::All(31.99),
    output_scales: Floats::All(0.01),
    choice_scales: Floats::All(1e3),
    beta: Floats::First(8.0, 0.0),
    a: Floats::All(0.5493),
    b: Floats::All(0.9999),
    c_out: Floats::All(0.9999),
    ..PLAIN
};

#[rustfmt::skip]
pub const RECIPES: [Recipe; 20] = [
    PLAIN,
    Recipe { name: "all weights the greatest", embed: Weights::Greatest, weights: Weights::Greatest, ..PLAIN },
    LOUD,
    Recipe { name: "loud sums alone", embed_scale: Floats::All(0.0), b: Floats::All(0.0), ..LOUD },
    Recipe { name: "loud with signs", weights: Weights::Signs, beta: Floats::Signs(1.0), ..LOUD },
    Recipe { name: "loud and slow", a: Floats::All(f32::MAX), b: Floats::All(1.0), c_out: Floats::All(1.0), ..LOUD },
    Recipe { name: "loud and swinging", a: Floats::All(f32::MIN), b: Floats::All(-1.0), c_out: Floats::All(1.0), ..LOUD },
    Recipe { name: "half and half, slow", embed: Weights::Alternating, weights: Weights::Greatest, gamma: Floats::Signs(1.0), beta: Floats::All(2.0), a: Floats::All(50.0), ..PLAIN },
    Recipe { name: "one channel alone", embed: Weights::FirstColumn, weights: Weights::FirstColumn, beta: Floats::First(32.0, 0.0), ..PLAIN },
    Recipe { name: "one channel of gamma", embed: Weights::FirstColumn, gamma: Floats::First(f32::MAX, 1.0), beta: Floats::First(f32::MAX, 1.0), output_scales: Floats::All(1e-42), b: Floats::All(1e-20), c_out: Floats::All(1e-20), ..PLAIN },
    Recipe { name: "huge gamma", gamma: Floats::Signs(f32::MAX), output_scales: Floats::All(1e-42), b: Floats::All(1e-20), c_out: Floats::All(1e-20), ..PLAIN },
    Recipe { name: "subnormal gamma", gamma: Floats::Signs(1e-45), beta: Floats::All(-1e-45), ..PLAIN },
    Recipe { name: "huge scales", embed_scale: Floats::All(f32::MAX), output_scales: Floats::All(1e37), choice_scales: Floats::All(f32::MAX), b: Floats::Signs(1e18), c_out: Floats::Signs(1e18), ..PLAIN },
    Recipe { name: "subnormal scales", output_scales: Floats::All(1e-45), choice_scales: Floats::All(1e-45), b: Floats::All(1e-45), ..PLAIN },
    Recipe { name: "negative scales", embed_scale: Floats::All(-1.0), output_scales: Floats::All(-0.5), choice_scales: Floats::All(-0.5), ..LOUD },
    Recipe { name: "zero scales", output_scales: Floats::All(-0.0), choice_scales: Floats::All(0.0), b: Floats::All(0.0), ..PLAIN },
    Recipe { name: "nothing embedded", embed_scale: Floats::All(0.0), ..PLAIN },
    Recipe { name: "layers as loud as the embedding", embed: Weights::Signs, weights: Weights::Greatest, gamma: Floats::All(0.0), beta: Floats::All(1.0), output_scales: Floats::All(1.0), a: Floats::All(50.0), b: Floats::All(16.0), c_out: Floats::All(1.0), ..PLAIN },
    Recipe { name: "any middling numbers", embed_scale: Floats::All(1e8), output_scales: Floats::Middling, choice_scales: Floats::Middling, gamma: Floats::Middling, beta: Floats::Middling, a: Floats::Middling, b: Floats::Middling, c_out: Floats::Middling, ..PLAIN },
    Recipe { name: "any bits", embed_scale: Floats::Bits, output_scales: Floats::Bits, choice_scales: Floats::Bits, gamma: Floats::Bits, beta: Floats::Bits, a: Floats::Bits, b: Floats::Bits, c_out: Floats::Bits, ..PLAIN },
];

impl Recipe {
    /// A model file of that shape.
    pub fn file(&self, shape: &TestShape, packing: Packing, rng: &mut Rng) -> Vec<u8> {
        let (d, h, v) = (shape.d_model, shape.d_head, shape.vocab_size);
        let mut file = Writer { bytes: packing.magic().to_vec(), packing, rng };
        file.matrix(v, d, self.embed_scale, self.embed);
        for _ in 0..shape.n_layers {
            file.floats(d, self.gamma);
            file.floats(d, self.beta);
            file.matrix(d, shape.kernel_size, self.output_scales, self.weights);
            [self.a, self.b, self.c_out].into_iter().for_each(|floats| file.floats(d, floats));
            file.matrix(h, d, self.choice_scales, self.weights);
            file.matrix(h, d, self.choice_scales, self.weights);
            file.matrix(d, d, self.output_scales, self.weights);
            file.matrix(shape.n_pathways, d, self.choice_scales, self.weights);
        }
        file.floats(d, self.gamma);
        file.floats(d, self.beta);
        file.matrix(v, d, self.choice_scales, self.weights);
        file.bytes
    }

    /// A part of a container with so many feed-forward sublayers a layer.
    pub fn part(&self, shape: &TestShape, packing: Packing, sublayers: u8, rng: &mut Rng) -> Vec<u8> {
        let d = shape.d_model;
        let mut part = Writer { bytes: vec![sublayers, 0, 0, 0], packing, rng };
        for _ in 0..shape.n_layers * usize::from(sublayers) {
            part.floats(d, self.gamma);
            part.floats(d, self.beta);
            part.matrix(d, d, self.choice_scales, self.weights);
            part.matrix(d, d, self.output_scales, self.weights);
        }
        part.bytes
    }
}

struct Writer<'r> {
    bytes: Vec<u8>,
    packing: Packing,
    rng: &'r mut Rng,
}

impl Writer<'_> {
    fn floats(&mut self, count: usize, floats: Floats) {
        for index in 0..count {
            let value = match floats {
                Floats::First(first, _) if index == 0 => first,
                Floats::All(value) | Floats::First(_, value) => value,
                Floats::Signs(size) if self.rng.bool() => -size,
                Floats::Signs(size) => size,
                Floats::Bits => finite(self.rng),
                Floats::Middling => f32::from_bits(self.rng.u32(..) & 0x807f_ffff | (119 + self.rng.u32(..16)) << 23),
            };
            self.bytes.extend(value.to_le_bytes());
        }
    }

    fn matrix(&mut self, rows: usize, cols: usize, scale: Floats, weights: Weights) {
        self.floats(1, scale);
        let all = self.packing.weights();
        let greatest = all.iter().copied().max().unwrap_or(1);
        let weight = |index: usize, rng: &mut Rng| match weights {
            Weights::Greatest => greatest,
            Weights::Alternating if (index % cols).is_multiple_of(2) => greatest,
            Weights::Alternating => -greatest,
            Weights::FirstColumn if index.is_multiple_of(cols) => greatest,
            Weights::FirstColumn => 0,
            Weights::Signs if rng.bool() => greatest,
            Weights::Signs => -greatest,
            Weights::Random => all[rng.usize(..all.len())],
        };
        let weights: Vec<i8> = (0..rows * cols).map(|index| weight(index, self.rng)).collect();
        self.bytes.extend(self.packing.pack(&weights));
    }
}

/// Any bits but those of infinities and NaN.
pub fn finite(rng: &mut Rng) -> f32 {
    let value = f32::from_bits(rng.u32(..));
    if value.is_finite() {
        value
    } else {
        0.0
    }
}
