//! The router's shares (docs/integer.md#5-router).

use super::scaled::Scaled;
use super::softmax::{softmax, FARTHEST, MOST};
use super::words::round_shift_at_most;

/// Shares of the pathways, in units of 2^-15.
pub(super) type Shares = [u32; MOST];

/// From the router's sums, at most [`MOST`], whose scale is `scale`.
pub(super) fn route(sums: &[i32], scale: Scaled) -> Shares {
    let mut shares = [0; MOST];
    let signed = || sums.iter().map(|&sum| i64::from(sum) * scale.sign());
    let best = signed().max().unwrap_or(0);
    for (share, sum) in shares.iter_mut().zip(signed()) {
        *share = round_shift_at_most((best - sum) * scale.mantissa(), -(scale.exponent + 16), FARTHEST) as u32;
    }
    softmax(shares.get_mut(..sums.len()).unwrap_or_default());
    shares
}
