//! The pathways of a layer with one walk over a channel's history, and with weights read where they are used.

use crate::bytes::read_f32;
use crate::kernel::Mix;
use crate::weights::Matrix;

/// [`mix`](crate::kernel::mix()), where `add_weight` adds a term of the convolution: the weight at an index times a value.
#[inline(always)]
pub(in crate::kernel) fn mix(work: Mix, add_weight: impl Fn(f32, &Matrix, usize, f32) -> f32) -> Option<()> {
    // Views of their own, so that a compiler need not keep the others on the stack.
    let (taps, ssm, gate) = (work.block.conv.taps, work.block.ssm, work.gate);
    let d = gate.len();
    let (b, c_out) = (ssm.b.places().get(..d)?, ssm.c_out.places().get(..d)?);
    for position in 0..work.positions {
        let [p0, p1, p2] = *work.shares.get(position * work.block.n_pathways..)?.first_chunk()?;
        for channel in 0..d {
            let at = position * d + channel;
            let u = *work.inputs.get(at)?;
            let local = conv_channel(&taps, channel, u, work.history, d, &add_weight);
            let state = work.state.get_mut(channel)?;
            // Each weight is read where it is used, so that it need not be kept over a call.
            let recurrent = next_state(*gate.get(channel)?, read_f32(b.get(channel)?), u, state);
            let recurrent = read_f32(c_out.get(channel)?) * recurrent;
            *work.residual.get_mut(at)? += (p0 * local + p1 * recurrent) + p2 * work.attended.get(at)?;
        }
    }
    Some(())
}

/// A step of the recurrence without the last product: returns the new state.
#[inline]
fn next_state(gate: f32, b: f32, u: f32, state: &mut f32) -> f32 {
    *state = gate * *state + b * u;
    *state
}

/// The convolution of one channel; `newest` then enters its history, every `stride`-th value, and the oldest falls out.
#[inline(always)] // what a call of its own would save is less than what it takes
fn conv_channel(
    taps: &Matrix,
    channel: usize,
    newest: f32,
    history: &mut [f32],
    stride: usize,
    add_weight: impl Fn(f32, &Matrix, usize, f32) -> f32,
) -> f32 {
    let (mut entering, mut at, mut sum) = (newest, channel, 0.0);
    for tap in 0..taps.cols() {
        sum = add_weight(sum, taps, channel * taps.cols() + tap, entering);
        let Some(slot) = history.get_mut(at) else { break };
        entering = core::mem::replace(slot, entering);
        at += stride;
    }
    sum * taps.scale()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::mix::mix as defined;
    use crate::kernel::project::add_weight;
    use crate::random::{bits, Rng};
    use crate::weights::{Conv, Floats, Packing, Pathways, Ssm};

    use std::vec::Vec;

    const CHANNELS: usize = 6;
    const POSITIONS: usize = 3;

    /// A history may be shorter than the taps: where a sequence has few positions.
    #[test]
    fn pathways_are_those_of_the_definition() {
        let mut rng = Rng(1);
        for (packing, taps) in Packing::ALL.into_iter().flat_map(|packing| (1..8).map(move |taps| (packing, taps))) {
            for history in 0..taps {
                let packed: Vec<u8> = (0..CHANNELS * taps * 3 / 8 + 3).map(|_| rng.below(243) as u8).collect();
                let taps = Matrix::with_codec(packing.codec(), &packed, -0.3, CHANNELS, taps).expect("long enough");
                let floats: Vec<u8> =
                    rng.values(2 * CHANNELS, false).iter().flat_map(|value| value.to_le_bytes()).collect();
                let (b, c_out) = floats.split_at(4 * CHANNELS);
                let ssm = Ssm { a_raw: Floats::new(&[]), b: Floats::new(b), c_out: Floats::new(c_out) };
                let block = Pathways { conv: Conv { taps }, ssm, n_pathways: 4 };
                let [gate, shares] = [CHANNELS, 4 * POSITIONS].map(|count| rng.values(count, false));
                let [inputs, attended] = [POSITIONS * CHANNELS; 2].map(|count| rng.values(count, history % 2 == 1));
                let before = [history, 1, POSITIONS].map(|rows| rng.values(rows * CHANNELS, false));
                let after = |mix: fn(Mix) -> Option<()>| {
                    let mut changing = before.clone();
                    let [history, state, residual] = &mut changing;
                    let (gate, shares, inputs, attended) = (&gate[..], &shares[..], &inputs[..], &attended[..]);
                    let block = &block;
                    let positions = POSITIONS;
                    mix(Mix { positions, block, history, state, gate, shares, inputs, attended, residual })
                        .expect("enough");
                    changing.map(|values| bits(&values))
                };
                assert_eq!(after(|work| mix(work, add_weight)), after(defined), "{taps:?}, {history} positions before");
            }
        }
    }
}
