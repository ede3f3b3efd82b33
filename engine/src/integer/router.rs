//! The router's shares (docs/integer.md#5-router).

use super::scaled::Scaled;
use super::softmax::{distance, softmax, MOST};

/// Shares of the pathways, in units of 2^-15.
pub(super) type Shares = [u32; MOST];

/// From the router's sums, at most [`MOST`], whose scale is `scale`.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn route(sums: &[i32], scale: Scaled) -> Shares {
    let mut scores = [0; MOST];
    for (score, &sum) in scores.iter_mut().zip(sums) {
        *score = i64::from(sum * scale.sign());
    }
    shares(scores.get(..sums.len()).unwrap_or_default(), scale.mantissa(), -(scale.exponent + 16))
}

/// Shares of what has these scores, at most [`MOST`] of at most 45 bits: as powers of two of the scores times a scale's mantissa,
/// shifted to the `right`.
#[inline(never)]
pub(super) fn shares(scores: &[i64], mantissa: u32, right: i32) -> Shares {
    let best = scores.iter().fold(i64::MIN, |best, &score| best.max(score));
    let mut shares = [0; MOST];
    for (share, &score) in shares.iter_mut().zip(scores) {
        *share = distance(best.abs_diff(score) * u64::from(mantissa), right);
    }
    softmax(shares.get_mut(..scores.len()).unwrap_or_default());
    shares
}
