//! The pathways of a layer, several channels side by side.

use super::codes::as_two_bits;
use super::instructions::Work;
use super::lanes::SPREAD;
use super::own_way::OwnWay;
use crate::kernel::Mix;
use crate::weights::Matrix;

/// The most taps that this kernel takes. Up to 12, a channel's codes fit one word, wherever in a byte they start.
const MAX_TAPS: usize = 8;

/// The mix of a layer at some positions.
pub(super) struct MixWork<'a, 'm, 'w>(pub &'a mut Mix<'m, 'w>);

impl Work for MixWork<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, lanes: usize) -> bool {
        suits(self.0, lanes)
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        // SAFETY: the same contract, which was asked for.
        unsafe { mix::<L>(self.0) }
    }
}

/// Whether this kernel can do `work`: few enough taps, whole vectors of channels, and arrays of the right lengths.
fn suits(work: &Mix, lanes: usize) -> bool {
    let d = work.gate.len();
    let all = work.positions * d;
    (1..=MAX_TAPS).contains(&work.block.conv.taps.cols())
        && d.is_multiple_of(lanes)
        && work.block.conv.taps.rows() == d
        && (work.block.conv.taps.codec().is_none() || codes_fit(&work.block.conv.taps))
        && work.block.n_pathways >= 3
        && work.history.len() + d == work.block.conv.taps.cols() * d
        && work.state.len() == d
        && work.block.ssm.b.len() == d
        && work.block.ssm.c_out.len() == d
        && work.shares.len() >= work.positions * work.block.n_pathways
        && work.inputs.len() >= all
        && work.attended.len() >= all
        && work.residual.len() >= all
}

/// Room for the 2-bit codes of all taps, where they do not lie so: 1,024 channels of five.
const ROOM_FOR_CODES: usize = 1300;

/// Whether the taps can become 2-bit codes, and fit.
fn codes_fit(taps: &Matrix) -> bool {
    taps.is_ternary() && Matrix::packed_len(taps.rows(), taps.cols()) <= ROOM_FOR_CODES
}

/// [`crate::kernel::mix`] of work that [`suits`] accepts.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn mix<L: OwnWay>(work: &mut Mix) {
    // SAFETY: the same contract.
    unsafe {
        match work.block.conv.taps.cols() {
            1 => with_taps::<L, 1, 2>(work),
            2 => with_taps::<L, 2, 4>(work),
            3 => with_taps::<L, 3, 6>(work),
            4 => with_taps::<L, 4, 8>(work),
            5 => with_taps::<L, 5, 10>(work),
            6 => with_taps::<L, 6, 12>(work),
            7 => with_taps::<L, 7, 14>(work),
            _ => with_taps::<L, 8, 16>(work),
        }
    }
}

/// The mix of a layer with `K` taps, whose codes have `BITS` bits.
///
/// # Safety
/// As [`mix`].
#[inline(always)]
unsafe fn with_taps<L: OwnWay, const K: usize, const BITS: usize>(work: &mut Mix) {
    let d = work.gate.len();
    let mut scratch;
    let mut taps = work.block.conv.taps;
    if taps.codec().is_some() {
        scratch = [0; ROOM_FOR_CODES];
        // `suits` has checked that it is possible.
        // SAFETY: as the caller promises.
        let two_bits = as_two_bits(&taps, &mut scratch, |taps, start, out| unsafe { L::quick_codes(taps, start, out) });
        let Some(two_bits) = two_bits else { return };
        taps = two_bits;
    }
    let mut channel = 0;
    while channel < d {
        // SAFETY: as the caller promises; `suits` has checked that there are whole vectors of channels.
        unsafe { channels::<L, K, BITS>(work, &taps, channel) };
        channel += L::COUNT;
    }
}

/// One vector of channels, at all positions.
///
/// # Safety
/// As [`mix`]; a whole vector of channels starts at `channel`.
#[inline(always)]
unsafe fn channels<L: OwnWay, const K: usize, const BITS: usize>(work: &mut Mix, taps: &Matrix, channel: usize) {
    let d = work.gate.len();
    let pathways = work.block.n_pathways;
    // SAFETY: `suits` has checked the lengths; the floats of the model need no alignment.
    unsafe {
        let codes = L::spread::<BITS>(codes(taps, channel * K / 4, &mut [0; SPREAD]));
        let scale = L::splat(taps.scale());
        let gate = L::load(work.gate.as_ptr().add(channel));
        let b = L::load(work.block.ssm.b.bytes().as_ptr().cast::<f32>().add(channel));
        let c_out = L::load(work.block.ssm.c_out.bytes().as_ptr().cast::<f32>().add(channel));
        let mut state = L::load(work.state.as_ptr().add(channel));
        let mut history = [L::splat(0.0); K];
        for (index, row) in history.iter_mut().enumerate().take(K - 1) {
            *row = L::load(work.history.as_ptr().add(index * d + channel));
        }
        for position in 0..work.positions {
            let at = position * d + channel;
            let u = L::load(work.inputs.as_ptr().add(at));
            let mut sum = L::splat(0.0);
            let mut input = u;
            let mut codes = codes;
            for earlier in &mut history {
                sum = sum.add(input.signed_by(codes));
                codes = L::shift_right::<2>(codes);
                core::mem::swap(earlier, &mut input);
            }
            let local = sum.mul(scale);
            state = gate.mul(state).add(b.mul(u));
            let recurrent = c_out.mul(state);
            let sparse = L::load(work.attended.as_ptr().add(at));
            let shares = work.shares.as_ptr().add(position * pathways);
            let share = |index: usize| L::splat(shares.add(index).read());
            let dense = share(0).mul(local).add(share(1).mul(recurrent));
            let x = work.residual.as_mut_ptr().add(at);
            L::load(x).add(dense.add(share(2).mul(sparse))).store(x);
        }
        state.store(work.state.as_mut_ptr().add(channel));
        for (index, row) in history.iter().enumerate().take(K - 1) {
            row.store(work.history.as_mut_ptr().add(index * d + channel));
        }
    }
}

/// The taps' codes from a byte on, in place if they are not the last ones.
///
/// A vector of channels starts on a byte: its channel is a multiple of 4, and so many channels' codes are whole bytes.
#[inline(always)]
fn codes<'t>(taps: &Matrix<'t>, byte: usize, copy: &'t mut [u8; SPREAD]) -> &'t [u8; SPREAD] {
    let bytes = taps.packed().get(byte..).unwrap_or(&[]);
    match bytes.first_chunk() {
        Some(bytes) => bytes,
        None => {
            copy.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            copy
        }
    }
}
