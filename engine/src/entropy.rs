//! How undecided a router is.

use crate::math::ln;

/// Entropy of `weights` in nats: between 0, one pathway alone, and ln(n_pathways), all alike. Source: training, "Router
/// entropy".
pub fn entropy(weights: &[f32]) -> f32 {
    weights.iter().fold(0.0, |sum, &p| if p > 0.0 { sum - p * ln(p) } else { sum })
}
