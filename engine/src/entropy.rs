//! How undecided a router is.

use crate::math::ln;

/// Entropy of `weights` in nats: between 0, one pathway alone, and ln(n_pathways), all alike. See
/// docs/numerics.md#beside-the-contract.
pub fn entropy(weights: &[f32]) -> f32 {
    weights.iter().fold(0.0, |sum, &p| if p > 0.0 { sum - p * ln(p) } else { sum })
}

#[cfg(test)]
mod tests {
    use super::entropy;

    #[test]
    fn it_is_zero_for_one_pathway_and_the_logarithm_of_their_number_for_all_alike() {
        assert_eq!(entropy(&[0.0, 1.0, 0.0]), 0.0);
        for (weights, expected) in [
            (&[0.5, 0.5][..], core::f32::consts::LN_2),
            (&[0.25, 0.25, 0.0, 0.25, 0.25], 2.0 * core::f32::consts::LN_2),
            // 0.75 ln 4/3 + 0.25 ln 4
            (&[0.75, 0.25], 0.562_335_1),
        ] {
            assert!((entropy(weights) - expected).abs() < 1e-6, "{weights:?}: {}", entropy(weights));
        }
    }
}
