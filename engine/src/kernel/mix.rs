//! The three pathways of a layer, channel by channel, into the residual stream (docs/numerics.md#27-mix).

use super::project::accumulate_weight;
use super::ssm_state;
use crate::bytes::read_f32;
use crate::weights::{Matrix, Pathways};

/// What the mix of some positions works on.
#[derive(Debug)]
pub struct Mix<'m, 'w> {
    /// How many positions.
    pub positions: usize,
    /// The layer's weights.
    pub block: &'w Pathways<'m>,
    /// Earlier inputs of the convolution, newest first, `[history_len][d_model]`; these positions' inputs enter it.
    pub history: &'w mut [f32],
    /// State of the recurrence, `[d_model]`; moves on.
    pub state: &'w mut [f32],
    /// What the state is multiplied by, `[d_model]`.
    pub gate: &'w [f32],
    /// The router's decision, `[positions][n_pathways]`.
    pub shares: &'w [f32],
    /// Normalised inputs, `[positions][d_model]`.
    pub inputs: &'w [f32],
    /// Output of attention, `[positions][d_model]`.
    pub attended: &'w [f32],
    /// The residual stream, `[positions][d_model]`.
    pub residual: &'w mut [f32],
}

/// Adds the pathways' outputs, weighed by the router, to the residual stream. `None` where an array is too short.
#[inline(always)]
pub(crate) fn mix(work: Mix) -> Option<()> {
    // Views of their own, so that a compiler need not keep the others on the stack.
    let (taps, ssm, gate) = (work.block.conv.taps, work.block.ssm, work.gate);
    let d = gate.len();
    let (b, c_out) = (ssm.b.places().get(..d)?, ssm.c_out.places().get(..d)?);
    for position in 0..work.positions {
        let [p0, p1, p2] = *work.shares.get(position * work.block.n_pathways..)?.first_chunk()?;
        for channel in 0..d {
            let at = position * d + channel;
            let u = *work.inputs.get(at)?;
            let local = conv_channel(&taps, channel, u, work.history, d);
            let state = work.state.get_mut(channel)?;
            // Each weight is read where it is used, so that it need not be kept over a call.
            let recurrent = ssm_state(*gate.get(channel)?, read_f32(b.get(channel)?), u, state);
            let recurrent = read_f32(c_out.get(channel)?) * recurrent;
            *work.residual.get_mut(at)? += (p0 * local + p1 * recurrent) + p2 * work.attended.get(at)?;
        }
    }
    Some(())
}

/// The convolution of one channel; `newest` then enters its history, every `stride`-th value, and the oldest falls out.
///
/// The history holds zeros for what lies before the sequence's start: adding ±0.0 leaves a sum that started from +0.0 as
/// it is, so this equals leaving those taps out. For the same reason, taps beyond the history are left out.
#[inline(always)] // what a call of its own would save is less than what it takes
fn conv_channel(taps: &Matrix, channel: usize, newest: f32, history: &mut [f32], stride: usize) -> f32 {
    let (mut entering, mut at, mut sum) = (newest, channel, 0.0);
    for tap in 0..taps.cols() {
        sum = accumulate_weight(sum, taps, channel * taps.cols() + tap, entering);
        let Some(slot) = history.get_mut(at) else { break };
        entering = core::mem::replace(slot, entering);
        at += stride;
    }
    sum * taps.scale()
}
