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
    for (x, (((&input, state), &gate), &weight)) in residual.iter_mut().zip(vectors) {
        *state = recur(*state, gate, input);
        let weight = (i32::from(weight) * share + (1 << 14)) >> 15;
        *x = x.wrapping_add(product.of(*state, weight));
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

/// Products of a state and a weight, shifted to the right.
struct Product {
    right: i32,
    rounding: Rounding,
}

impl Product {
    #[inline(always)]
    fn new(right: i32) -> Self {
        Self { right, rounding: Rounding::new(right - 15) }
    }

    /// In 32 bits where the shift is long enough for that (docs/integer.md#in-32-bits).
    #[inline(always)]
    fn of(&self, state: i32, weight: i32) -> i32 {
        if self.right > 15 {
            self.rounding.of(high_product(state, weight, 0))
        } else {
            round_shift(i64::from(state) * i64::from(weight), self.right) as i32
        }
    }
}

/// `(a * b + extra) >> 15` for a `b` and an `extra` of 15 bits and a sign, whose result fits.
#[inline(always)]
fn high_product(a: i32, b: i32, extra: i32) -> i32 {
    b.wrapping_mul(a >> 15).wrapping_add((b.wrapping_mul(a & 32_767) + extra) >> 15)
}

/// `gate * state + input`.
#[inline(always)]
fn recur(state: i32, gate: i16, input: i16) -> i32 {
    high_product(state, i32::from(gate), 1 << 14).wrapping_add(i32::from(input) << STATE_BITS)
}

/// The inputs become the newest of the history.
fn remember(history: &mut [i16], inputs: &[i16]) {
    let kept = history.len().saturating_sub(inputs.len());
    history.copy_within(..kept, history.len() - kept);
    for (newest, &input) in history.iter_mut().zip(inputs) {
        *newest = input;
    }
}
