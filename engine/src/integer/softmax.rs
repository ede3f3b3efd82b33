//! Softmax of logits in powers of two (docs/integer.md#5-router).

use super::tables::{exp2, EXP2};
use super::IS_LEAST;

/// The most values that a softmax takes: pathways, and positions that attention keeps.
pub(super) const MOST: usize = 16;

/// Distances from here on are as good as infinite: [`softmax`] takes no greater ones.
const FARTHEST: u32 = 1 << 21;

/// From here on a power is 0.
const VANISHES: u32 = 31 << 16;

/// How far a value is below the greatest one, as [`softmax`] takes it: a product below 2^62, shifted to the right.
#[inline(always)]
pub(super) fn distance(product: u64, right: i32) -> u32 {
    let (rounded, factor) = if right > 0 {
        // By 63 bits, as by more, nothing is left.
        (((product >> (right - 1).min(63)) + 1) >> 1, 1)
    } else {
        // What is not 0 becomes too great by 21 bits, as by more.
        (product, 1 << (-right).min(21))
    };
    let bounded = rounded.min(FARTHEST.into()) as u32;
    bounded.saturating_mul(factor).min(FARTHEST)
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
        let mut shares = [0, 1 << 16, 2 << 16, 30 << 16, FARTHEST];
        softmax(&mut shares);
        assert_eq!(shares, [18_724, 9362, 4681, 0, 0]);
        let mut alone = [0];
        softmax(&mut alone);
        assert_eq!(alone, [32_768]);
    }

    #[test]
    fn distances_are_rounded_and_bounded() {
        for product in [0, 1, 3, 1 << 20, 0x1234_5678_9abc, (1 << 61) - 1] {
            for right in -90..90 {
                let exact = match right {
                    1.. => (i128::from(product) + (1 << (right - 1))) >> right,
                    _ => i128::from(product) << (-right).min(60),
                };
                assert_eq!(i128::from(distance(product, right)), exact.min(FARTHEST.into()), "{product} >> {right}");
            }
        }
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
