//! A convolution of five taps, which most models have: the codes of four channels are five bytes.

use crate::integer::conv::{are_short, ternary};
use crate::weights::Matrix;

/// Channels at a time, and bytes of their codes.
const FOUR: usize = 4;
const BYTES: usize = 5;
/// Taps but the newest.
const BEFORE: usize = 4;
/// Bits of a channel's codes.
const BITS: u32 = 10;

/// As [`crate::integer::conv::convolve`], of the first channels, four at a time; returns how many.
pub(super) fn convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    let d = inputs.len();
    // A sequence shorter than the convolution has fewer rows.
    if !are_short(taps) || taps.cols() != BEFORE + 1 || d == 0 || history.len() != BEFORE * d {
        return 0;
    }
    sum(taps.packed(), inputs, history, sums)
}

#[inline(never)]
fn sum(packed: &[u8], inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    let d = inputs.len();
    let (first, rest) = history.split_at_checked(d).unwrap_or_default();
    let (second, rest) = rest.split_at_checked(d).unwrap_or_default();
    let (third, fourth) = rest.split_at_checked(d).unwrap_or_default();
    let mut done = 0;
    let inputs = inputs.iter().zip(first).zip(second).zip(third).zip(fourth);
    let mut channels = sums.iter_mut().zip(inputs);
    for [bytes @ .., last] in packed.as_chunks::<BYTES>().0.iter().take(d / FOUR) {
        let mut codes = ternary(u32::from_le_bytes(*bytes));
        // Behind the last channel but one: two bits of the word, and the last byte.
        let last = u32::from_le_bytes(*bytes) >> (3 * BITS) | u32::from(*last) << 2;
        for index in 0..FOUR {
            if index == FOUR - 1 {
                codes = ternary(last);
            }
            let Some((sum, ((((x0, x1), x2), x3), x4))) = channels.next() else { return done };
            let weight = |tap: u32| (codes << (30 - 2 * tap)) as i32 >> 30;
            *sum = weight(0) * i32::from(*x0)
                + weight(1) * i32::from(*x1)
                + weight(2) * i32::from(*x2)
                + weight(3) * i32::from(*x3)
                + weight(4) * i32::from(*x4);
            codes >>= BITS;
            done += 1;
        }
    }
    done
}
