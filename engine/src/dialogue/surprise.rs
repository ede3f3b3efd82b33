//! How probable a token was.

use crate::math::{ln, portable};

/// Units of a share: 2^-32, as in the sampler. Whole numbers add up to the same sum in any order.
const ONE: f32 = 4_294_967_296.0;

/// Of logits, what the probability of each of them takes.
pub(super) struct Softmax {
    best: f32,
    ln_sum: f32,
}

impl Softmax {
    pub(super) fn of(logits: &[f32]) -> Self {
        let best = logits.iter().fold(f32::NEG_INFINITY, |best, &logit| if logit > best { logit } else { best });
        let share = |logit: f32| (portable::exp(logit - best) * ONE) as u64;
        let sum: u64 = logits.iter().map(|&logit| share(logit)).sum();
        Self { best, ln_sum: ln(sum as f32 / ONE) }
    }

    /// ln of the probability of the token with this logit: 0 for the only possible one, below it for others; -inf where the logits
    /// give no number, and for a token that is not there.
    pub(super) fn ln(&self, logit: Option<f32>) -> f32 {
        let ln = logit.map_or(f32::NEG_INFINITY, |logit| (logit - self.best) - self.ln_sum);
        if ln <= 0.0 {
            ln
        } else if ln > 0.0 {
            // A sum that was rounded down.
            0.0
        } else {
            f32::NEG_INFINITY
        }
    }
}

/// ln of the softmax of `logits` at `token`, as [`Softmax::ln`].
pub(super) fn ln_probability(logits: &[f32], token: usize) -> f32 {
    Softmax::of(logits).ln(logits.get(token).copied())
}

#[cfg(test)]
mod tests {
    use super::ln_probability;

    #[test]
    fn probabilities_of_a_few_logits_are_those_of_the_softmax() {
        let logits = [1.0, 3.0, 2.5, -40.0];
        let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
        for (token, &logit) in logits.iter().enumerate() {
            let expected = f64::from(logit) - sum.ln();
            assert!((f64::from(ln_probability(&logits, token)) - expected).abs() < 1e-6 * (1.0 - expected));
        }
        assert_eq!(ln_probability(&[5.0], 0), 0.0);
        // Under Miri the library's own logarithm is off by a few last bits, on purpose.
        let ln_256 = 8.0 * core::f32::consts::LN_2;
        assert!((ln_probability(&[0.0; 256], 7) + ln_256).abs() < 4.0 * f32::EPSILON * ln_256);
    }

    #[test]
    fn what_is_no_probability_is_impossible() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for (logits, token) in [(&[nan, nan][..], 0), (&[inf, 1.0], 0), (&[1.0, 2.0], 2), (&[], 0), (&[nan, 1.0], 0)] {
            assert_eq!(ln_probability(logits, token), f32::NEG_INFINITY, "{logits:?} {token}");
        }
        assert_eq!(ln_probability(&[nan, 1.0], 1), 0.0);
    }
}
