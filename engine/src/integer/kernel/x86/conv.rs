//! The convolution, two taps of many channels at a time.
//!
//! The codes of four channels begin with a byte, and 16 bytes hold them: a lane of 32 bits is given those of one channel. Pairs
//! of taps are multiplied by pairs of inputs.

use super::vectors::{Vectors, WIDEST};
use crate::integer::conv::{are_short, SHORT};
use crate::weights::Matrix;

/// Bytes of four channels' codes, and others behind them.
const PART: usize = 16;
/// Bytes of the most codes of a vector's channels, and of others behind them.
const CODES: usize = (WIDEST / 8 - 1) * SHORT + PART;

/// As [`crate::integer::conv::convolve`], of the first channels; returns how many.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
pub(super) unsafe fn convolve<V: Vectors>(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    let (cols, packed, d) = (taps.cols(), taps.packed(), inputs.len());
    // Numbers of 16 bits in a vector.
    let channels = V::BYTES / 2;
    if !are_short(taps) || sums.len() < d {
        return 0;
    }
    let (bytes, shifts) = places(cols);
    // In a sequence shorter than the convolution, there is no history beyond its length.
    let rows = cols.min(1 + history.len() / d.max(1));
    let mut done = 0;
    while done + channels <= d {
        let mut codes = packed.get(done / 4 * cols..).unwrap_or_default();
        // The last four channels' 16 bytes have to be there.
        let mut copy = [0; CODES];
        if codes.len() < (channels / 4 - 1) * cols + PART {
            copy.iter_mut().zip(codes).for_each(|(copy, &code)| *copy = code);
            codes = &copy;
        }
        // SAFETY: as the caller promises; so many inputs, bytes of codes and sums are there from this channel on.
        unsafe {
            let codes = codes.as_ptr();
            let mut lower = V::load_parts(codes, 2 * cols).words(&bytes, &shifts).usual();
            let mut upper = V::load_parts(codes.add(cols), 2 * cols).words(&bytes, &shifts).usual();
            let (mut low, mut high) = (V::zero(), V::zero());
            for tap in (0..rows).step_by(2) {
                let second = if tap + 1 < rows { row::<V>(inputs, history, tap + 1, done) } else { V::zero() };
                let [lower_inputs, upper_inputs] = row::<V>(inputs, history, tap, done).in_turn(second);
                low = low.add_wide_products(lower.weights(), lower_inputs);
                high = high.add_wide_products(upper.weights(), upper_inputs);
                (lower, upper) = (lower.next(), upper.next());
            }
            low.store_in_turn(high, sums.as_mut_ptr().add(done));
        }
        done += channels;
    }
    done
}

/// What a tap is multiplied by, from a channel on.
///
/// # Safety
/// As [`Vectors`]: there are so many inputs.
#[inline(always)]
unsafe fn row<V: Vectors>(inputs: &[i16], history: &[i16], tap: usize, channel: usize) -> V {
    // SAFETY: as the caller promises.
    unsafe {
        match tap {
            0 => V::load(inputs.as_ptr().add(channel).cast()),
            _ => V::load(history.as_ptr().add((tap - 1) * inputs.len() + channel).cast()),
        }
    }
}

/// Of four channels in 16 bytes: the bytes of each one's word, and how far it is to be shifted to the right.
#[inline(always)]
fn places(cols: usize) -> ([u8; 16], [i32; 4]) {
    let (mut bytes, mut shifts) = ([0; 16], [0; 4]);
    for (channel, (bytes, shift)) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(&mut shifts).enumerate() {
        let first = (channel * cols / 4) as u8;
        *bytes = [first, first + 1, first + 2, first + 3];
        *shift = (channel * cols % 4 * 2) as i32;
    }
    (bytes, shifts)
}
