//! Shadow weights to what the forward pass multiplies by (docs/formats.md#checkpoints).

use crate::config::Quantiser;
use crate::export::{scale, USUAL_THREADS};
use crate::float::Float;
use crate::simd::multiversion;

/// Numbers whose tensors can be quantised.
pub trait Scale: Float {
    /// The scale of a quantised tensor: its mean magnitude, at least 1e-5. In f32 the bits are those of the export, so
    /// that a model in training and the file made from it have the same weights.
    fn scale(weights: &[Self]) -> Self;
}

impl Scale for f32 {
    fn scale(weights: &[Self]) -> Self {
        scale(weights, USUAL_THREADS)
    }
}

impl Scale for f64 {
    fn scale(weights: &[Self]) -> Self {
        let sum: f64 = weights.iter().map(|weight| weight.abs()).sum();
        (sum / weights.len().max(1) as f64).max(1e-5)
    }
}

/// Codes and their scale: the weights that the forward pass sees are `codes * scale`.
///
/// `codes` becomes -1, 0 or +1, or a signed power of 3, or, without a quantiser, the weights themselves with scale 1.
pub fn quantise<T: Scale>(quantiser: Quantiser, weights: &[T], codes: &mut [T]) -> T {
    if quantiser == Quantiser::None {
        codes.copy_from_slice(weights);
        return T::ONE;
    }
    let scale = T::scale(weights);
    match quantiser {
        Quantiser::P3 => powers_of_3(weights, scale, codes),
        _ => ternary(weights, scale, codes),
    }
    scale
}

multiversion! {
    fn ternary<T>(weights: &[T], scale: T, codes: &mut [T]) {
        for (code, &weight) in codes.iter_mut().zip(weights) {
            let ratio = weight / scale;
            // Cutting before rounding gives the same and keeps the number small enough to round.
            let ratio = if ratio > T::ONE { T::ONE } else { ratio };
            let ratio = if ratio < -T::ONE { -T::ONE } else { ratio };
            *code = ratio.round_half_even();
        }
    }
}

multiversion! {
    fn powers_of_3<T>(weights: &[T], scale: T, codes: &mut [T]) {
        let (half, two, six) = (T::of(0.5), T::of(2.0), T::of(6.0));
        let (three, nine) = (T::of(3.0), T::of(9.0));
        for (code, &weight) in codes.iter_mut().zip(weights) {
            let ratio = weight.abs() / scale;
            let size = if ratio < half { T::ZERO } else { T::ONE };
            let size = if ratio < two { size } else { three };
            let size = if ratio < six { size } else { nine };
            *code = if weight < T::ZERO { -size } else { size };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ternary_rounds_half_to_even() {
        // The mean magnitude is 1.
        let weights = [0.5f32, -0.5, 1.5, -1.5, 0.25, 3.0, -0.75, 0.0];
        let mut codes = [7.0; 8];
        assert_eq!(quantise(Quantiser::Ternary, &weights, &mut codes), 1.0);
        assert_eq!(codes, [0.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0, 0.0]);
    }

    #[test]
    fn powers_of_3_change_at_a_half_two_and_six() {
        // The mean magnitude is 2.
        let weights = [0.9f64, 1.0, -3.9, 4.0, -11.9, 12.0, -0.1, 0.0, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let sum: f64 = weights.iter().map(|w| w.abs()).sum();
        let weights = weights.map(|weight| weight * 32.0 / sum);
        let mut codes = [7.0; 16];
        let scale = quantise(Quantiser::P3, &weights, &mut codes);
        assert!((scale - 2.0).abs() < 1e-12);
        let expected = weights.map(|w| {
            let size = match w.abs() / scale {
                r if r < 0.5 => 0.0,
                r if r < 2.0 => 1.0,
                r if r < 6.0 => 3.0,
                _ => 9.0,
            };
            if w < 0.0 {
                -size
            } else {
                size
            }
        });
        assert_eq!(codes, expected);
        assert!([0.0, 1.0, 3.0, -1.0, -3.0].iter().all(|code| codes.contains(code)), "{codes:?}");
        let mut far = [0.0; 16];
        let mut spread = [0.0f32; 16];
        spread[3] = -5.0;
        quantise(Quantiser::P3, &spread, &mut far);
        assert_eq!(far[3], -9.0);
    }

    #[test]
    fn zeros_have_the_smallest_scale() {
        let mut codes = [7.0f32; 3];
        assert_eq!(quantise(Quantiser::Ternary, &[0.0; 3], &mut codes), 1e-5);
        assert_eq!(codes, [0.0; 3]);
    }
}
