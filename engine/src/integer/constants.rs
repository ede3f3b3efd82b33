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
const MOST_GAMMA: i64 = 1 << 14;
const MOST_BETA: i64 = 1 << 29;

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
    fn to_words(self) -> [i32; 2] {
        [self.gamma_bits, self.value_bits]
    }

    fn from_words([gamma_bits, value_bits]: [i32; 2]) -> Self {
        Self { gamma_bits, value_bits, output_bits: gamma_bits + value_bits - 15 }
    }

    pub(super) fn new(norm: &Norm, d: usize) -> Self {
        let value_bits = 15 - (ceil_log2(d) + 1) / 2;
        let gamma_bits = gamma_bits(greatest(&norm.gamma), greatest(&norm.beta), value_bits);
        Self::from_words([gamma_bits, value_bits])
    }

    /// What makes integers of gamma, and of beta in the unit of gamma's product with a value: both in the bounds of 32 bits.
    #[inline(always)]
    pub(super) fn vectors(&self) -> (Fixed, Fixed) {
        (Fixed::new(self.gamma_bits), Fixed::new(self.gamma_bits + self.value_bits))
    }
}

/// The most fraction bits with which gamma and beta stay in their bounds.
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

/// The greatest magnitude.
fn greatest(values: &Floats) -> f32 {
    // Of values that are not negative, the bits have the values' order.
    f32::from_bits(values.iter().map(|value| value.abs().to_bits()).max().unwrap_or(0))
}

/// Units and scales of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LayerConstants {
    pub(super) norm: NormConstants,
    /// Makes powers of two of the router's sums.
    pub(super) router: Scaled,
    /// Makes powers of two of products of queries and keys.
    pub(super) score: Scaled,
    /// Scales of the convolution and of values, in the unit of the norm's outputs.
    pub(super) conv: Scaled,
    pub(super) value: Scaled,
    /// Fraction bits of the recurrence's output weights.
    pub(super) output_weight_bits: i32,
    /// The sums of a convolution are below 2^this.
    pub(super) conv_sum_bits: i32,
    /// What the layer adds to the residual stream is below 2^this.
    pub(super) top: i32,
}

impl LayerConstants {
    /// 32-bit words that they take.
    pub(super) const WORDS: usize = 13;

    pub(super) fn to_words(self) -> [i32; Self::WORDS] {
        let [a, b] = self.norm.to_words();
        let [[c, d], [e, f], [g, h], [i, j]] = [self.router, self.score, self.conv, self.value].map(Scaled::to_words);
        [a, b, c, d, e, f, g, h, i, j, self.output_weight_bits, self.conv_sum_bits, self.top]
    }

    pub(super) fn from_words([a, b, c, d, e, f, g, h, i, j, k, l, top]: [i32; Self::WORDS]) -> Self {
        let [router, score, conv, value] = [[c, d], [e, f], [g, h], [i, j]].map(Scaled::from_words);
        let norm = NormConstants::from_words([a, b]);
        Self { norm, router, score, conv, value, output_weight_bits: k, conv_sum_bits: l, top }
    }
}

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

    pub(super) fn to_words(self) -> [i32; Self::WORDS] {
        let [gamma_bits, value_bits] = self.final_norm.to_words();
        [self.residual_bits, self.embed_scale, gamma_bits, value_bits]
    }

    pub(super) fn from_words([residual_bits, embed_scale, a, b]: [i32; Self::WORDS]) -> Self {
        Self { residual_bits, embed_scale, final_norm: NormConstants::from_words([a, b]) }
    }
}

/// No weight is above 2^this.
fn weight_bits(matrix: &Matrix) -> i32 {
    match matrix.codec().map(|codec| codec.packing()) {
        // 9.
        Some(Packing::PowersOfThree) => 4,
        _ => 0,
    }
}

/// A layer's constants; each channel's gate and output weight, where there is room for these.
#[inline(never)] // in a program it is called from three places
pub(super) fn layer<'m>(block: &impl Layer<'m>, gates: &mut [i16], weights: &mut [i16]) -> LayerConstants {
    let (norm, ssm, conv) = (block.norm(), block.ssm(), block.pathways().conv.taps);
    let (wq, wk, wv) = (block.wq(), block.wk(), block.wv());
    let d = wv.rows();
    let norm = NormConstants::new(&norm, d);
    let unit = norm.output_bits;
    let output_weights = || output_weights(&ssm);
    let output_top = output_weights().filter(|weight| weight.sign() != 0).map(|weight| weight.exponent + 16).max();
    let output_weight_bits = output_top.map_or(0, |top| 15 - top);
    // Gates grow with what they are made of: a check of a model computes no more than one.
    let greatest_gate = i64::from(gate(greatest(&ssm.a_raw)));
    for (((a, weight), gate_slot), weight_slot) in ssm.a_raw.iter().zip(output_weights()).zip(gates).zip(weights) {
        let weight = round_shift(weight.signed(), -(weight.exponent + output_weight_bits)).clamp(-32_767, 32_767);
        (*gate_slot, *weight_slot) = (gate(a), weight as i16);
    }
    let conv_sum_bits = 15 + ceil_log2(conv.cols()) + weight_bits(&conv);
    // The inputs are below 2^15 units.
    let inputs = 15 - unit;
    // The state is below 2^15 units over 1 - gate, as far as a sequence of 2^12 positions gets there.
    let state = 12.min(16 - bits((32_768 - greatest_gate) as u64));
    let value_sums = ceil_log2(d) + weight_bits(&wv);
    let conv_sums = conv_sum_bits - 15;
    let top = (conv_sums + inputs + top(conv.scale()))
        .max(value_sums + inputs + top(wv.scale()))
        .max(output_top.unwrap_or(NONE) + inputs + state);
    LayerConstants {
        norm,
        router: Scaled::new(block.router().scale()).times(Scaled::LOG2_E).over_two_to(unit),
        score: Scaled::new(wq.scale())
            .times(Scaled::new(wk.scale()))
            .times(Scaled::LOG2_E)
            .times(reciprocal_root(wk.rows()))
            .over_two_to(2 * unit),
        conv: Scaled::new(conv.scale()).over_two_to(unit),
        value: Scaled::new(wv.scale()).over_two_to(unit),
        output_weight_bits,
        conv_sum_bits,
        top,
    }
}

/// What the states of the recurrence are multiplied by: its input weights are part of it, so that the recurrence needs none.
fn output_weights<'m>(ssm: &Ssm<'m>) -> impl Iterator<Item = Scaled> + use<'m> {
    ssm.b.iter().zip(ssm.c_out.iter()).map(|(b, c)| Scaled::new(b).times(Scaled::new(c)))
}

/// 1 over the square root of a head's size.
fn reciprocal_root(d_head: usize) -> Scaled {
    // Only the greatest size, 256, has no place in 32 bits.
    let root = u32::try_from((d_head as u64) << 24).map_or(1 << 16, root);
    Scaled::of(((1u64 << 44) / u64::from(root.max(1))) as i64, -32)
}

/// How large the parts of the residual stream may be: the embedding, and what each layer adds to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tops {
    greatest: i32,
    /// How many parts are below 2^(greatest - index). The last place counts all that are smaller, too: in units of
    /// 2^(greatest - 16), such a part counts as one.
    counts: [u32; Self::PLACES],
}

impl Tops {
    const PLACES: usize = 17;

    /// Of the embedding, the first part.
    pub(super) fn of(embed: &Matrix) -> Self {
        let mut counts = [0; Self::PLACES];
        if let Some(first) = counts.first_mut() {
            *first = 1;
        }
        Self { greatest: top(embed.scale()) + weight_bits(embed), counts }
    }

    /// Another part, below 2^top. The order of parts is free.
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

    /// The fraction bits of the residual stream with which the sum of all parts stays below 2^29 units.
    fn residual_bits(&self) -> i32 {
        if self.greatest <= NONE / 2 {
            return 0;
        }
        let sum = self.counts.iter().fold(0, |sum: u64, &count| 2 * sum + u64::from(count));
        MOST_RESIDUAL_BITS.min(29 - (self.greatest + bits(sum - 1) - 16))
    }
}

/// The unit of the residual stream, and what follows from it.
pub(super) fn model(embed: &Matrix, final_norm: &Norm, tops: &Tops) -> ModelConstants {
    let residual_bits = tops.residual_bits();
    let embed_scale = fixed(embed.scale(), residual_bits).clamp(-(1 << 30), 1 << 30) as i32;
    ModelConstants { residual_bits, embed_scale, final_norm: NormConstants::new(final_norm, embed.cols()) }
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
            40.min(29 - (greatest + bits(sum - 1) - 16))
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
                let mut tops = Tops::of(&Matrix::new(&[0], 0.0, 1, 1).expect("a byte"));
                all.iter().for_each(|&top| tops.add(top));
                assert_eq!(tops.residual_bits(), expected(&[&[NONE], &all[..]].concat()), "{all:?}");
            }
        }
    }
}
