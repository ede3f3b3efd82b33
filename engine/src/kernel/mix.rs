//! The three pathways of a layer, channel by channel, into the residual stream (docs/numerics.md#27-mix):
//!
//! ```text
//! x[t][c] = x[t][c] + ((p0 * local + p1 * state) + p2 * sparse)
//! ```

use super::conv::conv_taps;
use super::ssm::ssm_step;
use crate::bytes::read_f32;
use crate::weights::Pathways;

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
pub(crate) fn mix(work: Mix) -> Option<()> {
    let Mix { positions, block: Pathways { conv, ssm, n_pathways }, history, state, gate, .. } = work;
    let d = gate.len();
    let (b, c_out) = (ssm.b.places().get(..d)?, ssm.c_out.places().get(..d)?);
    for position in 0..positions {
        let [p0, p1, p2] = *work.shares.get(position * n_pathways..)?.first_chunk()?;
        for channel in 0..d {
            let at = position * d + channel;
            let u = *work.inputs.get(at)?;
            let earlier = history.iter().skip(channel).step_by(d.max(1)).copied();
            let local = conv_taps(conv, channel, core::iter::once(u).chain(earlier));
            remember(history, channel, d, u);
            let (b, c_out) = (read_f32(b.get(channel)?), read_f32(c_out.get(channel)?));
            let state = ssm_step(*gate.get(channel)?, b, c_out, u, state.get_mut(channel)?);
            *work.residual.get_mut(at)? += (p0 * local + p1 * state) + p2 * work.attended.get(at)?;
        }
    }
    Some(())
}

/// The input `u` of a channel enters its history, every `d`-th value, and the oldest falls out.
///
/// The history holds zeros for what lies before the sequence's start: adding ±0.0 leaves a sum that started from +0.0 as it
/// is, so this equals leaving those taps out. For the same reason, taps beyond the history are left out.
fn remember(history: &mut [f32], channel: usize, d: usize, u: f32) {
    let mut entering = u;
    for slot in history.iter_mut().skip(channel).step_by(d.max(1)) {
        core::mem::swap(slot, &mut entering);
    }
}
