//! The three pathways, sixteen channels at a time.

use super::five_taps::{five_taps, TAPS};
use crate::kernel::project::accumulate;
use crate::kernel::{ssm_step, Mix};
use crate::weights::{Matrix, Pathways, Trit};

/// Channels at a time: their convolutions wait on the stack.
const CHANNELS: usize = 16;

/// Taps whose codes, wherever in a byte they start, lie in four bytes.
const MOST_TAPS: usize = 12;

/// Does all positions, or none where a channel has many taps or an array is too short.
pub(in crate::kernel) fn mix(work: &mut Mix) -> bool {
    let d = work.gate.len();
    let pathways = work.block.n_pathways;
    let taps = &work.block.conv.taps;
    let enough = |floats: usize, width: usize| work.positions.checked_mul(width).is_some_and(|need| need <= floats);
    let fits = enough(work.inputs.len(), d)
        && enough(work.attended.len(), d)
        && enough(work.residual.len(), d)
        && enough(work.shares.len(), pathways)
        && pathways >= 3
        && work.state.len() >= d
        && taps.cols() <= MOST_TAPS
        && taps.rows() >= d
        && taps.is_ternary()
        && d > 0;
    if !fits {
        return false;
    }
    for position in 0..work.positions {
        one_position(work, position, d, pathways);
    }
    true
}

fn one_position(work: &mut Mix, position: usize, d: usize, pathways: usize) -> Option<()> {
    let &[p0, p1, p2, ..] = work.shares.get(position * pathways..)? else { return None };
    let start = position * d;
    let u = work.inputs.get(start..start + d)?;
    let attended = work.attended.get(start..start + d)?;
    let residual = work.residual.get_mut(start..start + d)?;
    let Pathways { conv, ssm, .. } = work.block;
    let mut params = ssm.b.iter().zip(ssm.c_out.iter());
    let values = u.chunks(CHANNELS).zip(attended.chunks(CHANNELS)).zip(work.gate.chunks(CHANNELS));
    let moving = residual.chunks_mut(CHANNELS).zip(work.state.chunks_mut(CHANNELS));
    for (block, (((u, attended), gate), (residual, state))) in values.zip(moving).enumerate() {
        let mut local = [0.0; CHANNELS];
        let first = block * CHANNELS;
        let done = if conv.taps.cols() == TAPS && conv.taps.codec().is_none() {
            five_taps(conv.taps.packed(), first, u, work.history, d, &mut local)
        } else {
            None
        };
        if done.is_none() {
            convolve(&conv.taps, first, u, work.history, d, &mut local);
        }
        let inputs = u.iter().zip(attended).zip(gate).zip(&local);
        let outputs = residual.iter_mut().zip(state);
        for (((((&u, &sparse), &gate), &local), (x, state)), (b, c_out)) in inputs.zip(outputs).zip(&mut params) {
            let recurrent = ssm_step(gate, b, c_out, u, state);
            *x += (p0 * (local * conv.taps.scale()) + p1 * recurrent) + p2 * sparse;
        }
    }
    Some(())
}

/// The unscaled convolution of the channels from `first` on, as many as `u` has. `u` enters the history.
fn convolve(taps: &Matrix, first: usize, u: &[f32], history: &mut [f32], d: usize, local: &mut [f32; CHANNELS]) {
    for (channel, (&u, out)) in u.iter().zip(local).enumerate() {
        let channel = first + channel;
        let mut codes = codes(taps, channel);
        let mut sum = accumulate(0.0, Trit::from_code(codes as u8), u);
        let mut moving = u;
        let mut at = channel;
        while let Some(slot) = history.get_mut(at) {
            core::mem::swap(slot, &mut moving);
            codes >>= 2;
            sum = accumulate(sum, Trit::from_code(codes as u8), moving);
            at += d;
        }
        *out = sum;
    }
}

/// The codes of a channel's taps in one number, the first tap lowest, with zeros behind the last one.
fn codes(taps: &Matrix, channel: usize) -> u32 {
    let start = channel * taps.cols();
    if taps.codec().is_some() {
        let mut bytes = [0; 4];
        taps.codes(start, 4, &mut bytes);
        return u32::from_le_bytes(bytes) & ((1 << (2 * taps.cols())) - 1);
    }
    let rest = taps.packed().get(start / 4..).unwrap_or_default();
    let bits = match rest.first_chunk::<4>() {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => rest.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte)),
    };
    bits >> (2 * (start % 4)) & ((1 << (2 * taps.cols())) - 1)
}
