//! Convolution, recurrence, and the sum of the pathways (docs/integer.md#9-mix).

use super::attend::Attended;
use super::constants::{LayerConstants, STATE_BITS};
use super::kernel::convolve;
use super::router::Shares;
use super::scaled::Scaled;
use super::words::{round_shift, Rounding};
use crate::weights::Matrix;

/// What one layer carries from position to position, and its channels' constants.
pub(super) struct Channels<'c> {
    /// Inputs of earlier positions, the newest first, `[history_len][d_model]`.
    pub history: &'c mut [i16],
    /// State of the recurrence, `[d_model]`.
    pub state: &'c mut [i32],
    /// Gates and output weights, `[d_model]` each.
    pub gates: &'c [i16],
    pub output_weights: &'c [i16],
}

/// One position's inputs of the sum.
pub(super) struct Position<'p> {
    /// Normalised inputs, `[d_model]`.
    pub inputs: &'p [i16],
    /// Sums of attention, `[d_model]`, and their unit; then room for those of the convolution.
    pub sums: &'p mut [i32],
    pub attended: Attended,
    /// Shares of the pathways.
    pub shares: &'p Shares,
}

/// Adds the three pathways to `residual`, `[d_model]` with `residual_bits` fraction bits, and moves the channels on by one position.
///
/// One pathway after the other: a loop with all of them has more values than a small chip has registers.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn mix(
    taps: &Matrix,
    constants: &LayerConstants,
    channels: &mut Channels,
    position: &mut Position,
    residual: &mut [i32],
    residual_bits: i32,
) {
    let attended = Rounding::new(-(constants.value.exponent + position.attended.shift + 1 + residual_bits));
    for (x, &sum) in residual.iter_mut().zip(&*position.sums) {
        *x = x.wrapping_add(attended.of(sum));
    }
    convolve(taps, position.inputs, channels.history, position.sums);
    let conv = Conv::new(constants, position.shares[0], residual_bits);
    for (x, &sum) in residual.iter_mut().zip(&*position.sums) {
        *x = x.wrapping_add(conv.scaled(sum));
    }
    let right = constants.output_weight_bits + constants.norm.output_bits + STATE_BITS - residual_bits;
    add_states(channels, position.inputs, Product::new(right), position.shares[1] as i32, residual);
    remember(channels.history, position.inputs);
}

/// Moves the states on, and adds what their outputs come to.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
fn add_states(channels: &mut Channels, inputs: &[i16], product: Product, share: i32, residual: &mut [i32]) {
    let vectors = inputs.iter().zip(&mut *channels.state).zip(channels.gates).zip(channels.output_weights);
    let outputs = residual.iter_mut().zip(vectors).map(|(x, (((&input, state), &gate), &weight))| {
        *state = recur(*state, gate, input);
        (x, Parts::new(*state, (i32::from(weight) * share + (1 << 14)) >> 15))
    });
    // One loop for each.
    match product {
        Product::Short(rounding) => outputs.for_each(|(x, parts)| {
            *x = x.wrapping_add(parts.short(rounding));
        }),
        Product::Long { factor, rounding } => outputs.for_each(|(x, parts)| {
            *x = x.wrapping_add(parts.long(factor, rounding));
        }),
    }
}

/// What the convolution's sums are multiplied by.
struct Conv {
    factor: i32,
    rounding: Rounding,
}

impl Conv {
    #[inline(always)]
    fn new(constants: &LayerConstants, share: u32, residual_bits: i32) -> Self {
        let Scaled { exponent, .. } = constants.conv;
        // With a factor of so many bits, products have 30.
        let factor_bits = 30 - constants.conv_sum_bits;
        let factor = round_shift(constants.conv.mantissa() * i64::from(share), 31 - factor_bits);
        let rounding = Rounding::new(-(exponent + 16 - factor_bits + residual_bits));
        Self { factor: (constants.conv.sign() * factor) as i32, rounding }
    }

    #[inline(always)]
    fn scaled(&self, sum: i32) -> i32 {
        self.rounding.of(sum.wrapping_mul(self.factor))
    }
}

/// A product, `upper * 2^15 + lower`, of a number of 32 bits and one of 15 bits and a sign.
struct Parts {
    upper: i32,
    lower: i32,
}

impl Parts {
    #[inline(always)]
    fn new(a: i32, b: i32) -> Self {
        Self { upper: b.wrapping_mul(a >> 15), lower: b.wrapping_mul(a & 32_767) }
    }

    /// Shifted to the right as [`Product::Short`] says.
    #[inline(always)]
    fn short(self, rounding: Rounding) -> i32 {
        rounding.of(self.upper.wrapping_add(self.lower >> 15))
    }

    /// As [`Product::Long`] says.
    #[inline(always)]
    fn long(self, factor: i32, rounding: Rounding) -> i32 {
        self.upper.wrapping_mul(factor).wrapping_add(rounding.of(self.lower))
    }
}

/// How products of a state and a weight are shifted to the right, in 32 bits (docs/integer.md#in-32-bits).
enum Product {
    /// By 16 bits and more: what is left of it behind 15 bits.
    Short(Rounding),
    /// By 15 bits and less, or to the left: the upper part is multiplied by the factor, the lower one rounded.
    Long { factor: i32, rounding: Rounding },
}

impl Product {
    #[inline(always)]
    fn new(right: i32) -> Self {
        match right {
            16.. => Self::Short(Rounding::to_the_right(right - 15)),
            _ => Self::Long {
                // To the left by 32 bits and more, nothing is left.
                factor: 1i32.checked_shl((15 - right) as u32).unwrap_or(0),
                rounding: Rounding::new(right),
            },
        }
    }
}

/// `gate * state + input`.
#[inline(always)]
fn recur(state: i32, gate: i16, input: i16) -> i32 {
    let Parts { upper, lower } = Parts::new(state, i32::from(gate));
    upper.wrapping_add((lower + (1 << 14)) >> 15).wrapping_add(i32::from(input) << STATE_BITS)
}

/// The inputs become the newest of the history.
fn remember(history: &mut [i16], inputs: &[i16]) {
    let kept = history.len().saturating_sub(inputs.len());
    history.copy_within(..kept, history.len() - kept);
    for (newest, &input) in history.iter_mut().zip(inputs) {
        *newest = input;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_in_32_bits_are_those_of_unbounded_integers() {
        let states = [0, 1, -1, 32_767, 32_768, -32_769, 0x1234_5678, -0x2345_6789, (1 << 30) - 1, 1 - (1 << 30)];
        let mut compared = 0;
        for state in states {
            for weight in [0, 1, -1, 77, -1234, 32_767, -32_767] {
                for right in -40..80 {
                    let product = i64::from(state) * i64::from(weight);
                    let expected = round_shift(product, right);
                    if expected.unsigned_abs() >= 1 << 30 || product != 0 && right < -30 {
                        continue;
                    }
                    let parts = Parts::new(state, weight);
                    let found = match Product::new(right) {
                        Product::Short(rounding) => parts.short(rounding),
                        Product::Long { factor, rounding } => parts.long(factor, rounding),
                    };
                    assert_eq!(i64::from(found), expected, "{state} * {weight} >> {right}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 4000, "{compared}");
    }
}
