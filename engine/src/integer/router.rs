//! The router's shares (docs/integer.md#5-router).

use super::scaled::Scaled;
use super::softmax::{distance, softmax, MOST};

/// Shares of the pathways, in units of 2^-15.
pub(super) type Shares = [u32; MOST];

/// From the router's sums, at most [`MOST`], whose scale is `scale`.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn route(sums: &[i32], scale: Scaled) -> Shares {
    let mut shares = [0; MOST];
    let signed = || sums.iter().map(|&sum| sum * scale.sign());
    let best = signed().max().unwrap_or(0);
    for (share, sum) in shares.iter_mut().zip(signed()) {
        *share = distance(best.abs_diff(sum).into(), scale, -(scale.exponent + 16));
    }
    softmax(shares.get_mut(..sums.len()).unwrap_or_default());
    shares
}
