//! Convolution (docs/integer.md#6-local-pathway).

use super::{project, IS_LEAST};
use crate::weights::Matrix;

/// The most taps of two bits that lie in a word wherever in a byte they begin.
pub(super) const SHORT: usize = 13;

/// Whether a channel's [`codes`] are all of its taps, and that is made use of: the least code does without.
pub(super) fn are_short(taps: &Matrix) -> bool {
    !IS_LEAST && taps.codec().is_none() && taps.cols() <= SHORT
}

/// `sums`: from channel `first` on, each channel's taps times its inputs, the newest, `[d_model]`, and those of `history`,
/// `[history_len][d_model]`.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn convolve(taps: &Matrix, first: usize, inputs: &[i16], history: &[i16], sums: &mut [i32]) {
    let (d, mut weight) = (inputs.len(), first * taps.cols());
    let sums = sums.get_mut(first..).unwrap_or_default();
    let channels = sums.iter_mut().zip(inputs.get(first..).unwrap_or_default()).zip(first..);
    if are_short(taps) {
        for ((sum, &input), channel) in channels {
            let before = history.get(channel..).unwrap_or_default();
            *sum = short_sum(codes(taps.packed(), weight), taps.cols(), input, before, d);
            weight += taps.cols();
        }
        return;
    }
    for ((sum, &input), channel) in channels {
        *sum = project::weight(taps, weight) * i32::from(input);
        let mut place = channel;
        for tap in 1..taps.cols() {
            // In a sequence shorter than the convolution, there is no history beyond its length.
            let Some(&input) = history.get(place) else { break };
            *sum += project::weight(taps, weight + tap) * i32::from(input);
            place += d;
        }
        weight += taps.cols();
    }
}

/// The sum of one channel's `taps`, whose [`codes`] are given: of its newest input, and of those before, which lie `d` values
/// apart.
#[inline(always)]
fn short_sum(mut codes: u32, taps: usize, input: i16, before: &[i16], d: usize) -> i32 {
    let weight = |codes: u32| (codes << 30) as i32 >> 30;
    let mut sum = weight(codes) * i32::from(input);
    let mut place = 0;
    for _ in 1..taps {
        let Some(&input) = before.get(place) else { break };
        codes >>= 2;
        sum += weight(codes) * i32::from(input);
        place += d;
    }
    sum
}

/// The 2-bit codes of at least [`SHORT`] weights from index `first` on, as far as there are so many; code 10, which stands for
/// 0, is written as 00, so that each is its weight as a number of two bits.
#[inline(always)]
fn codes(packed: &[u8], first: usize) -> u32 {
    let bytes = packed.get(first / 4..).unwrap_or_default();
    let word = match bytes.first_chunk() {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)),
    };
    ternary(word >> (2 * (first % 4)))
}

/// Codes, of which 10 is written as 00.
#[inline(always)]
pub(super) fn ternary(codes: u32) -> u32 {
    const LOW: u32 = 0x5555_5555;
    codes & ((codes & LOW) << 1 | LOW)
}
