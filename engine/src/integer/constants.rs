//! What follows from a model's weights alone (docs/integer.md#constants).
//!
//! Scales, gammas and betas become integers of few bits with an exponent beside them; exponents are chosen so that nothing
//! that a position computes can overflow.

use super::gate::gate;
use super::scaled::{fixed, top, Fixed, Scaled, NONE};
use super::words::{bits, ceil_log2, root, round_shift};
use crate::weights::{Floats, Layer, Matrix, Norm, Packing, Ssm};

/// Fraction bits of the recurrence's state beyond those of its inputs.
pub(super) const STATE_BITS: i32 = 3;

/// Most fraction bits of the residual stream.
const MOST_RESIDUAL_BITS: i32 = 40;

/// The greatest magnitude of gamma and beta, as integers, for which [`norm`](super::norm::norm) cannot overflow.
const MOST_GAMMA: i32 = 1 << 14;
const MOST_BETA: i32 = 1 << 29;

/// Exponents of gamma are from -this to this.
const MOST_GAMMA_BITS: i32 = 170;

/// Units of a layer norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NormConstants {
    /// Fraction bits of gamma as an integer.
    pub(super) gamma_bits: i32,
    /// Fraction bits of a normalised value, before gamma.
    pub(super) value_bits: i32,
    /// Fraction bits of the outputs.
    pub(super) output_bits: i32,
}

impl NormConstants {
    pub(super) fn from_words([gamma_bits, value_bits]: [i32; 2]) -> Self {
        Self { gamma_bits, value_bits, output_bits: gamma_bits + value_bits - 15 }
    }

    fn to_words(self) -> [i32; 2] {
        [self.gamma_bits, self.value_bits]
    }

    pub(super) fn new(norm: &Norm, d: usize, seen: &mut Seen) -> Self {
        let value_bits = 15 - (ceil_log2(d) + 1) / 2;
        Self::from_words([gamma_bits(seen.vector(&norm.gamma), seen.vector(&norm.beta), value_bits), value_bits])
    }

    /// What makes integers of gamma, and of beta in the unit of gamma's product with a value: both in the bounds of 32 bits.
    #[inline(always)]
    pub(super) fn vectors(&self) -> (Fixed, Fixed) {
        (Fixed::new(self.gamma_bits), Fixed::new(self.gamma_bits + self.value_bits))
    }
}

/// The most fraction bits with which gamma and beta stay in their bounds.
#[cfg_attr(not(vectors), inline(never))]
fn gamma_bits(gamma: f32, beta: f32, value_bits: i32) -> i32 {
    let least = -MOST_GAMMA_BITS;
    // One more bit than this has none of them in its bounds.
    let mut gamma_bits = (15 - top(gamma)).min(30 - top(beta) - value_bits).clamp(least, MOST_GAMMA_BITS);
    while gamma_bits > least
        && (fixed(gamma, gamma_bits) > MOST_GAMMA || fixed(beta, gamma_bits + value_bits) > MOST_BETA)
    {
        gamma_bits -= 1;
    }
    gamma_bits
}

/// The greatest magnitude; an infinity or NaN where there is one.
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn greatest(values: &Floats) -> f32 {
    // Of values that are not negative, the bits have the values' order.
    f32::from_bits(values.iter().fold(0, |greatest, value| greatest.max(value.abs().to_bits())))
}

/// 32-bit words of a layer's constants.
pub(super) const LAYER_WORDS: usize = 13;

/// Units and scales of a layer, as they lie in memory: a copy of them all would be the larger part of a small core's code.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerConstants<'c>(&'c [i32; LAYER_WORDS]);

impl<'c> LayerConstants<'c> {
    pub(super) fn of(words: &'c [i32; LAYER_WORDS]) -> Self {
        Self(words)
    }

    /// Those of layer `index`, in a workspace's `all`.
    pub(super) fn of_layer(all: &'c [i32], index: usize) -> Self {
        Self(all.get(index * LAYER_WORDS..).and_then(<[i32]>::first_chunk).unwrap_or(&[0; LAYER_WORDS]))
    }

    pub(super) fn norm(self) -> NormConstants {
        let [a, b, ..] = *self.0;
        NormConstants::from_words([a, b])
    }

    /// Makes powers of two of the router's sums.
    pub(super) fn router(self) -> Scaled {
        let [_, _, a, b, ..] = *self.0;
        Scaled::from_words([a, b])
    }

    /// Makes powers of two of products of queries and keys.
    pub(super) fn score(self) -> Scaled {
        let [_, _, _, _, a, b, ..] = *self.0;
        Scaled::from_words([a, b])
    }

    /// The scale of the convolution, in the unit of the norm's outputs.
    pub(super) fn conv(self) -> Scaled {
        let [_, _, _, _, _, _, a, b, ..] = *self.0;
        Scaled::from_words([a, b])
    }

    /// The scale of values, in that unit.
    pub(super) fn value(self) -> Scaled {
        let [.., a, b, _, _, _] = *self.0;
        Scaled::from_words([a, b])
    }

    /// Fraction bits of the recurrence's output weights.
    pub(super) fn output_weight_bits(self) -> i32 {
        let [.., bits, _, _] = *self.0;
        bits
    }

    /// The sums of a convolution are below 2^this.
    pub(super) fn conv_sum_bits(self) -> i32 {
        let [.., bits, _] = *self.0;
        bits
    }

    /// What the layer adds to the residual stream is below 2^this; [`INFINITE`] where an infinity or NaN is among its floats.
    pub(super) fn top(self) -> i32 {
        let [.., top] = *self.0;
        top
    }
}

/// Above the top of anything finite.
pub(super) const INFINITE: i32 = 1000;

/// Units of a whole model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ModelConstants {
    /// Fraction bits of the residual stream.
    pub(super) residual_bits: i32,
    /// What the embedding's weights are multiplied by.
    pub(super) embed_scale: i32,
    pub(super) final_norm: NormConstants,
}

impl ModelConstants {
    /// 32-bit words that they take.
    pub(super) const WORDS: usize = 4;

    pub(super) fn from_words([residual_bits, embed_scale, a, b]: [i32; Self::WORDS]) -> Self {
        Self { residual_bits, embed_scale, final_norm: NormConstants::from_words([a, b]) }
    }
}

/// No weight is above 2^this.
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn weight_bits(matrix: &Matrix) -> i32 {
    match matrix.codec().map(|codec| codec.packing()) {
        // 9.
        Some(Packing::PowersOfThree) => 4,
        _ => 0,
    }
}

/// A layer's constants; each channel's gate and output weight, where there is room for these.
#[inline(never)] // in a program it is called from three places
pub(super) fn layer<'m>(
    block: &impl Layer<'m>,
    gates: &mut [i16],
    weights: &mut [i16],
    constants: &mut [i32; LAYER_WORDS],
) {
    let [gamma_bits, value_bits, router, router_exponent, score, score_exponent, rest @ ..] = constants;
    let [conv, conv_exponent, value, value_exponent, output_weight_bits, conv_sum_bits, top_of_all] = rest;
    let mut seen = Seen(0);
    let wv = block.wv();
    let d = wv.rows();
    let norm = NormConstants::new(&block.norm(), d, &mut seen);
    [*gamma_bits, *value_bits] = norm.to_words();
    let unit = norm.output_bits;
    let ssm = block.ssm();
    seen.vector(&ssm.b);
    seen.vector(&ssm.c_out);
    let output_top = output_top(&ssm);
    *output_weight_bits = if output_top == NONE { 0 } else { 15 - output_top };
    for (index, (slot, a)) in gates.iter_mut().zip(ssm.a_raw.iter()).enumerate() {
        *slot = gate(a);
        if let (Some(slot), Some(weight)) = (weights.get_mut(index), output_weight(&ssm, index)) {
            let weight = round_shift(weight.signed(), -(weight.exponent + *output_weight_bits));
            *slot = weight.clamp(-32_767, 32_767) as i16;
        }
    }
    // Gates grow with what they are made of.
    let greatest_gate = i32::from(gate(seen.vector(&ssm.a_raw)));
    // The state is below 2^15 units over 1 - gate, as far as a sequence of 2^12 positions gets there.
    let mut top_so_far = output_top + 12.min(16 - bits((32_768 - greatest_gate) as u32));
    top_so_far = top_so_far.max(ceil_log2(d) + weight_bits(&wv) + top(seen.scale(&wv)));
    [*value, *value_exponent] = Scaled::new(wv.scale()).over_two_to(unit).to_words();
    let taps = block.pathways().conv.taps;
    let conv_sums = ceil_log2(taps.cols()) + weight_bits(&taps);
    *conv_sum_bits = 15 + conv_sums;
    top_so_far = top_so_far.max(conv_sums + top(seen.scale(&taps)));
    [*conv, *conv_exponent] = Scaled::new(taps.scale()).over_two_to(unit).to_words();
    let scale = Scaled::new(seen.scale(&block.router())).times(Scaled::LOG2_E);
    [*router, *router_exponent] = scale.over_two_to(unit).to_words();
    let wk = block.wk();
    let scale = Scaled::new(seen.scale(&block.wq())).times(Scaled::new(seen.scale(&wk)));
    let scale = scale.times(Scaled::LOG2_E).times(reciprocal_root(wk.rows()));
    [*score, *score_exponent] = scale.over_two_to(2 * unit).to_words();
    // The inputs are below 2^15 units.
    *top_of_all = if seen.are_finite() { top_so_far + 15 - unit } else { INFINITE };
}

/// The greatest magnitude among floats that were looked at: its bits, which have the order of the values.
pub(super) struct Seen(pub(super) u32);

impl Seen {
    /// A matrix's scale.
    pub(super) fn scale(&mut self, matrix: &Matrix) -> f32 {
        self.float(matrix.scale())
    }

    /// The greatest magnitude of a vector.
    pub(super) fn vector(&mut self, vector: &Floats) -> f32 {
        self.float(greatest(vector))
    }

    fn float(&mut self, float: f32) -> f32 {
        self.0 = self.0.max(float.abs().to_bits());
        float
    }

    /// Whether all were.
    pub(super) fn are_finite(&self) -> bool {
        self.0 < f32::INFINITY.to_bits()
    }
}

/// What the states of a channel are multiplied by: its input weight is part of it, so that the recurrence needs none.
#[cfg_attr(not(vectors), inline(never))]
fn output_weight(ssm: &Ssm, index: usize) -> Option<Scaled> {
    Some(Scaled::new(ssm.b.get(index)?).times(Scaled::new(ssm.c_out.get(index)?)))
}

/// All of them are below 2^this; [`NONE`] where all are 0.
fn output_top(ssm: &Ssm) -> i32 {
    let (mut top, mut index) = (NONE, 0);
    while let Some(weight) = output_weight(ssm, index) {
        if weight.sign() != 0 {
            top = top.max(weight.exponent + 16);
        }
        index += 1;
    }
    top
}

/// 1 over the square root of a head's size.
fn reciprocal_root(d_head: usize) -> Scaled {
    // Only the greatest size, 256, has no place in 32 bits.
    let root = if d_head >= 256 { 1 << 16 } else { root((d_head as u32) << 24).max(1) };
    // 2^44 / root, rounded down, by two divisions of 32 bits; for a head of 1 it is 2^32.
    let (upper, rest) = ((1 << 31) / root, (1 << 31) % root);
    let lower = (rest << 13) / root;
    match upper.checked_mul(1 << 13) {
        Some(upper) => Scaled::of(upper + lower, 1, -32),
        None => Scaled::of(1 << 31, 1, -31),
    }
}

/// What [`Tops`] counts of the embedding.
pub(super) fn embed_top(embed: &Matrix) -> i32 {
    top(embed.scale()) + weight_bits(embed)
}

/// How large the parts of the residual stream may be: the embedding, and what each layer adds to it. At first none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tops {
    greatest: i32,
    /// How many parts are below 2^(greatest - index). The last place counts all that are smaller, too: in units of
    /// 2^(greatest - 16), such a part counts as one.
    counts: [u32; Self::PLACES],
}

impl Default for Tops {
    fn default() -> Self {
        Self { greatest: NONE, counts: [0; Self::PLACES] }
    }
}

impl Tops {
    const PLACES: usize = 17;

    /// Another part, below 2^top. The order of parts is free.
    #[cfg_attr(not(vectors), inline(never))]
    pub(super) fn add(&mut self, top: i32) {
        while self.greatest < top {
            self.greatest += 1;
            // All places move on by one, and the last two become one.
            let [.., smallest] = self.counts;
            self.counts.copy_within(..Self::PLACES - 1, 1);
            let [first, moved @ .., last] = &mut self.counts;
            (*first, *last) = (0, *last + smallest);
            if moved.iter().all(|&count| count == 0) {
                // Nothing moves from here on.
                self.greatest = top;
            }
        }
        let place = ((self.greatest - top) as usize).min(Self::PLACES - 1);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
    }

    /// Whether no part was [`INFINITE`].
    pub(super) fn are_finite(&self) -> bool {
        self.greatest < INFINITE
    }

    /// The fraction bits of the residual stream with which the sum of all parts stays below 2^29 units.
    fn residual_bits(&self) -> i32 {
        if self.greatest <= NONE / 2 {
            return 0;
        }
        // At most 2^32: of 65,536 parts, which may wrap round to 0.
        let sum = self.counts.iter().fold(0, |sum: u32, &count| sum.wrapping_mul(2).wrapping_add(count));
        MOST_RESIDUAL_BITS.min(29 - (self.greatest + bits(sum.wrapping_sub(1)) - 16))
    }
}

/// The unit of the residual stream, and what follows from it.
pub(super) fn model(embed: &Matrix, final_norm: &Norm, tops: &Tops, seen: &mut Seen) -> [i32; ModelConstants::WORDS] {
    let residual_bits = tops.residual_bits();
    let embed_scale = fixed(seen.scale(embed), residual_bits).clamp(-(1 << 30), 1 << 30);
    let [gamma_bits, value_bits] = NormConstants::new(final_norm, embed.cols(), seen).to_words();
    [residual_bits, embed_scale, gamma_bits, value_bits]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/integer.md#constants-5-the-unit-of-the-residual-stream, with all parts at hand.
    fn expected(tops: &[i32]) -> i32 {
        let greatest = tops.iter().copied().max().expect("the embedding");
        let sum: u64 = tops.iter().map(|top| 1u64 << (16 + top - greatest).max(0)).sum();
        if greatest <= -500 {
            0
        } else {
            40.min(29 - (greatest + (64 - (sum - 1).leading_zeros() as i32) - 16))
        }
    }

    #[test]
    fn parts_of_any_size_in_any_order_have_the_unit_of_their_sum() {
        let mut state = 1u32;
        let mut random = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % most
        };
        for spread in [1, 3, 18, 40, 300] {
            for count in [1, 2, 3, 17, 60] {
                let one = |random: &mut dyn FnMut(u32) -> u32| match random(8) {
                    0 => NONE,
                    _ => random(spread) as i32 - 40,
                };
                let all: std::vec::Vec<i32> = (0..count).map(|_| one(&mut random)).collect();
                let mut tops = Tops::default();
                tops.add(embed_top(&Matrix::new(&[0], 0.0, 1, 1).expect("a byte")));
                all.iter().for_each(|&top| tops.add(top));
                assert_eq!(tops.residual_bits(), expected(&[&[NONE], &all[..]].concat()), "{all:?}");
            }
        }
    }
}
