//! Convolution, recurrence, and the sum of the pathways (docs/integer.md#9-mix).

use super::attend::Attended;
use super::constants::{LayerConstants, STATE_BITS};
use super::router::Shares;
use super::scaled::Scaled;
use super::words::round_shift;
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
    /// Sums of attention, `[d_model]`, and their unit.
    pub sums: &'p [i32],
    pub attended: Attended,
    /// Shares of the pathways.
    pub shares: Shares,
}

/// Adds the three pathways to `residual`, `[d_model]` with `residual_bits` fraction bits, and moves the channels on by one position.
pub(super) fn mix(
    taps: &Matrix,
    constants: &LayerConstants,
    channels: &mut Channels,
    position: &Position,
    residual: &mut [i32],
    residual_bits: i32,
) {
    let d = residual.len();
    let conv = Conv::new(constants, position.shares[0], residual_bits);
    let attention_right = -(constants.value.exponent + position.attended.shift + 1 + residual_bits);
    let state_right = constants.output_weight_bits + constants.norm.output_bits + STATE_BITS - residual_bits;
    for (channel, x) in residual.iter_mut().enumerate() {
        let input = i64::from(at(position.inputs, channel));
        let local = convolve(taps, channel, input, channels.history, d);
        let state = recur(channels, channel, input);
        let weight =
            (i64::from(at(channels.output_weights, channel)) * i64::from(position.shares[1]) + (1 << 14)) >> 15;
        let attended = constants.value.sign() * i64::from(at(position.sums, channel));
        let sum =
            conv.scaled(local) + round_shift(state * weight, state_right) + round_shift(attended, attention_right);
        *x += sum as i32;
    }
    remember(channels.history, position.inputs);
}

/// What the convolution's sums are multiplied by.
struct Conv {
    sign: i64,
    factor: i64,
    right: i32,
}

impl Conv {
    fn new(constants: &LayerConstants, share: u32, residual_bits: i32) -> Self {
        let Scaled { exponent, .. } = constants.conv;
        // With a factor of so many bits, products have 30.
        let factor_bits = 30 - constants.conv_sum_bits;
        Self {
            sign: constants.conv.sign(),
            factor: round_shift(constants.conv.mantissa() * i64::from(share), 31 - factor_bits),
            right: -(exponent + 16 - factor_bits + residual_bits),
        }
    }

    fn scaled(&self, sum: i64) -> i64 {
        round_shift(self.sign * sum * self.factor, self.right)
    }
}

/// A channel's taps times its inputs, the newest first.
fn convolve(taps: &Matrix, channel: usize, input: i64, history: &[i16], d: usize) -> i64 {
    let start = channel * taps.cols();
    let mut sum = i64::from(taps.weight(start)) * input;
    for tap in 1..taps.cols() {
        // In a sequence shorter than the convolution, there is no history beyond its length.
        let Some(&before) = history.get((tap - 1) * d + channel) else { break };
        sum += i64::from(taps.weight(start + tap)) * i64::from(before);
    }
    sum
}

/// `state = gate * state + input`; the new state.
fn recur(channels: &mut Channels, channel: usize, input: i64) -> i64 {
    let gate = i64::from(at(channels.gates, channel));
    let Some(state) = channels.state.get_mut(channel) else { return 0 };
    let new = round_shift(gate * i64::from(*state), 15) + (input << STATE_BITS);
    *state = new as i32;
    new
}

/// The inputs become the newest of the history.
fn remember(history: &mut [i16], inputs: &[i16]) {
    let kept = history.len().saturating_sub(inputs.len());
    history.copy_within(..kept, history.len() - kept);
    for (newest, &input) in history.iter_mut().zip(inputs) {
        *newest = input;
    }
}

/// 0 where there is none.
fn at<T: Copy + Default>(values: &[T], index: usize) -> T {
    values.get(index).copied().unwrap_or_default()
}
