//! The three pathways of a layer, channel by channel, into the residual stream (numeric contract, steps 2.4, 2.5 and 2.7).

use super::fast;
use super::{conv_taps, ssm_step};
use crate::weights::{Block, Matrix};

/// What the mix of some positions works on.
#[derive(Debug)]
pub struct Mix<'m, 'w> {
    /// How many positions.
    pub positions: usize,
    /// The layer's weights.
    pub block: &'w Block<'m>,
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
pub fn mix(mut work: Mix) -> Option<()> {
    if fast::mix(&mut work) {
        return Some(());
    }
    let d = work.gate.len();
    let pathways = work.block.router.rows();
    for position in 0..work.positions {
        let &[p0, p1, p2, ..] = row(work.shares, position, pathways)? else { return None };
        let u = row(work.inputs, position, d)?;
        let attended = row(work.attended, position, d)?;
        let x = work.residual.get_mut(position * d..)?;
        let ssm = work.block.ssm.b.iter().zip(work.block.ssm.c_out.iter()).zip(work.gate);
        let channels = x.iter_mut().zip(u).zip(attended).zip(&mut *work.state).zip(ssm);
        for (channel, ((((x, &u), &sparse), state), ((b, c_out), &gate))) in channels.enumerate() {
            let local = conv_channel(&work.block.conv.taps, channel, u, work.history, d);
            let recurrent = ssm_step(gate, b, c_out, u, state);
            *x += (p0 * local + p1 * recurrent) + p2 * sparse;
        }
    }
    Some(())
}

fn row(rows: &[f32], index: usize, width: usize) -> Option<&[f32]> {
    rows.get(index * width..(index + 1) * width)
}

/// The convolution of one channel; `newest` then enters its history, every `stride`-th value, and the oldest falls out.
///
/// The history holds zeros for what lies before the sequence's start: adding ±0.0 leaves a sum that started from +0.0 as
/// it is, so this equals leaving those taps out.
fn conv_channel(taps: &Matrix, channel: usize, newest: f32, history: &mut [f32], stride: usize) -> f32 {
    let mut entering = newest;
    let mut at = channel;
    let inputs = core::iter::from_fn(|| {
        let input = entering;
        match history.get_mut(at) {
            Some(slot) => entering = core::mem::replace(slot, input),
            None => entering = 0.0,
        }
        at += stride;
        Some(input)
    });
    conv_taps(taps.row(channel), taps.scale(), inputs)
}
