//! From f32 weights to a scale and small integers (docs/formats.md#checkpoints).

use super::sum::sum;
use crate::checkpoint::TensorError;

/// The smallest scale: an all-zero tensor would divide by zero.
const MIN_SCALE: f32 = 1e-5;

/// Which integers a weight may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// -1, 0, +1.
    Ternary,
    /// 0 and, with either sign, 1, 3, 9.
    PowersOf3,
}

/// A quantised tensor: `scale` times each of `weights` stands for the original.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// The mean magnitude, at least 1e-5.
    pub scale: f32,
    /// One integer a weight, in the same order.
    pub weights: Vec<i8>,
}

/// Quantises the tensor `name` as PyTorch does with `threads` threads.
///
/// # Errors
/// [`TensorError::NotFinite`] where a weight is infinite or NaN, [`TensorError::ScaleOverflow`] where the sum of the
/// magnitudes is infinite.
pub fn quantise(name: &str, weights: &[f32], levels: Levels, threads: usize) -> Result<Quantised, TensorError> {
    check_finite(name, weights)?;
    let scale = scale(weights, threads);
    if !scale.is_finite() {
        return Err(TensorError::ScaleOverflow { name: name.to_owned() });
    }
    let level = match levels {
        Levels::Ternary => ternary,
        Levels::PowersOf3 => power_of_3,
    };
    Ok(Quantised { scale, weights: weights.iter().map(|weight| level(weight / scale)).collect() })
}

/// That all values of the tensor `name` are numbers.
pub fn check_finite(name: &str, values: &[f32]) -> Result<(), TensorError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(TensorError::NotFinite { name: name.to_owned(), index, value }),
        None => Ok(()),
    }
}

/// The scale of a tensor: its mean magnitude, at least 1e-5.
pub(crate) fn scale(weights: &[f32], threads: usize) -> f32 {
    let magnitudes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
    (sum(&magnitudes, threads) / weights.len().max(1) as f32).max(MIN_SCALE)
}

/// `ratio` is a weight divided by its tensor's scale.
fn ternary(ratio: f32) -> i8 {
    ratio.round_ties_even().clamp(-1.0, 1.0) as i8
}

fn power_of_3(ratio: f32) -> i8 {
    let level = match ratio.abs() {
        magnitude if magnitude < 0.5 => 0,
        magnitude if magnitude < 2.0 => 1,
        magnitude if magnitude < 6.0 => 3,
        _ => 9,
    };
    if ratio < 0.0 {
        -level
    } else {
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_rounds_to_even() {
        let found = quantise("w", &[0.5, -0.5, 1.5, -1.5], Levels::Ternary, 2).unwrap();
        assert_eq!(found, Quantised { scale: 1.0, weights: vec![0, 0, 1, -1] });
        let half = 0.5_f32;
        assert_eq!([half, half.next_up(), half.next_down(), 1.0, 2.5, 1e30].map(ternary), [0, 1, 0, 1, 1, 1]);
        assert_eq!([-half, -half.next_up(), -1e30].map(ternary), [0, -1, -1]);
    }

    #[test]
    fn powers_of_3_begin_at_their_thresholds() {
        let below = |value: f32| value.next_down();
        let ratios = [0.0, below(0.5), 0.5, below(2.0), 2.0, below(6.0), 6.0, 1e30];
        let levels = [0, 0, 1, 1, 3, 3, 9, 9];
        assert_eq!(ratios.map(power_of_3), levels);
        assert_eq!(ratios.map(|ratio| power_of_3(-ratio)), levels.map(|level| -level));
    }

    #[test]
    fn scales_are_those_of_the_definition() {
        let zeros = quantise("w", &[0.0; 5], Levels::Ternary, 2).unwrap();
        assert_eq!(zeros, Quantised { scale: 1e-5, weights: vec![0; 5] });
        let found = quantise("w", &[1.0, -2.0, 0.0, 0.25], Levels::PowersOf3, 2).unwrap();
        assert_eq!(found, Quantised { scale: 0.8125, weights: vec![1, -3, 0, 0] });
        assert_eq!(quantise("w", &[1e-9, -1e-9], Levels::Ternary, 2).unwrap().weights, [0, 0]);
    }

    #[test]
    fn weights_that_are_no_numbers_are_named() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let message = quantise("blocks.0.Wq", &[0.0, value], Levels::Ternary, 2).unwrap_err().to_string();
            assert!(message.contains("blocks.0.Wq: value 1 is"), "{message}");
        }
        let message = quantise("w", &[f32::MAX; 9], Levels::Ternary, 2).unwrap_err().to_string();
        assert!(message.contains("overflows"), "{message}");
    }
}
