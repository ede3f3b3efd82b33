//! Softmax of logits in powers of two (docs/integer.md#5-router).

use super::scaled::Scaled;
use super::tables::{exp2, EXP2};
use super::words::round_shift_at_most;
use super::IS_LEAST;

/// The most values that a softmax takes: pathways, and positions that attention keeps.
pub(super) const MOST: usize = 16;

/// Distances from here on are as good as infinite: [`softmax`] takes no greater ones.
const FARTHEST: i64 = 1 << 21;

/// From here on a power is 0.
const VANISHES: u32 = 31 << 16;

/// How far a sum, times a scale's mantissa and shifted to the right, is below the greatest one: as [`softmax`] takes it.
#[inline(never)]
pub(super) fn distance(below: i64, scale: Scaled, right: i32) -> u32 {
    round_shift_at_most(below * scale.mantissa(), right, FARTHEST) as u32
}

/// From how far each of at most [`MOST`] values is below the greatest, in units of 2^-16 powers of two, to shares in units of
/// 2^-15. The greatest itself must be among them, with distance 0.
pub(super) fn softmax(distances: &mut [u32]) {
    let mut sum = 0;
    for value in distances.iter_mut() {
        *value = power(*value);
        sum += *value;
    }
    let reciprocal = (1u32 << 31).checked_div(sum).unwrap_or(0);
    for value in distances {
        *value = (*value * reciprocal + (1 << 15)) >> 16;
    }
}

/// 2^-distance in units of 2^-15, in 256 steps to an octave.
fn power(distance: u32) -> u32 {
    if distance >= VANISHES {
        return 0;
    }
    let (whole, index) = (distance >> 16, distance >> 8 & 0xff);
    let entry = if IS_LEAST { exp2(index) } else { EXP2.get(index as usize).copied().unwrap_or(0).into() };
    // To the nearest, halves up.
    ((entry << 1 >> whole) + 1) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_powers_of_two() {
        let mut shares = [0, 1 << 16, 2 << 16, 30 << 16, FARTHEST as u32];
        softmax(&mut shares);
        assert_eq!(shares, [18_724, 9362, 4681, 0, 0]);
        let mut alone = [0];
        softmax(&mut alone);
        assert_eq!(alone, [32_768]);
    }

    #[test]
    fn sums_are_one_but_for_rounding() {
        let mut shares = [0; MOST];
        for (index, share) in shares.iter_mut().enumerate() {
            *share = (index * index * 2900) as u32;
        }
        softmax(&mut shares);
        let sum: u32 = shares.iter().sum();
        assert!((32_768 - 16..=32_768 + 16).contains(&sum), "{sum}");
    }
}
