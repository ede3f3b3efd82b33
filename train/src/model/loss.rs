//! Cross-entropy, and its mixture with what a teacher says.

use crate::corpus::Token;
use crate::float::Float;
use crate::simd::multiversion;

/// How a student learns from a teacher: A * cross-entropy + (1 - A) * T^2 * KL(teacher || student) at temperature T.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// A, the share of the cross-entropy, from 0 to 1.
    pub share: f64,
    /// T, above 0.
    pub temperature: f64,
}

/// The cross-entropies of all rows together, in nats. Over the logits `[rows, vocab_size]` it writes their gradient times
/// `weight`, which is 1 / rows for that of the mean.
pub fn cross_entropy<T: Float>(logits: &mut [T], vocab_size: usize, targets: &[Token], weight: T) -> f64 {
    let mut total = 0.0;
    for (row, &target) in logits.chunks_exact_mut(vocab_size).zip(targets) {
        let goal = row[usize::from(target)];
        let (largest, sum) = exponentials(row);
        total += (sum.ln() + largest - goal).f64();
        scale(row, weight / sum);
        row[usize::from(target)] -= weight;
    }
    total
}

/// As [`cross_entropy`], where each target is right by 1 - `share` alone, and every token by an equal part of `share` (label
/// smoothing, Szegedy et al. 2016). Returns the sums of that loss and of the cross-entropy.
pub fn smoothed<T: Float>(logits: &mut [T], vocab_size: usize, targets: &[Token], weight: T, share: f64) -> (f64, f64) {
    let (mut mixed, mut plain) = (0.0, 0.0);
    let part = share / vocab_size as f64;
    for (row, &target) in logits.chunks_exact_mut(vocab_size).zip(targets) {
        let goal = row[usize::from(target)];
        let mean = row.iter().map(|logit| logit.f64()).sum::<f64>() / vocab_size as f64;
        let (largest, sum) = exponentials(row);
        let log_sum = (sum.ln() + largest).f64();
        plain += log_sum - goal.f64();
        mixed += log_sum - (1.0 - share) * goal.f64() - share * mean;
        scale(row, weight / sum);
        row.iter_mut().for_each(|gradient| *gradient -= weight * T::of(part));
        row[usize::from(target)] -= weight * T::of(1.0 - share);
    }
    (mixed, plain)
}

/// The cross-entropies of all rows together, in nats, for who needs no gradient. The logits are used up.
pub fn cross_entropy_alone<T: Float>(logits: &mut [T], vocab_size: usize, targets: &[Token]) -> f64 {
    let mut total = 0.0;
    for (row, &target) in logits.chunks_exact_mut(vocab_size).zip(targets) {
        let goal = row[usize::from(target)];
        let (largest, sum) = exponentials(row);
        total += (sum.ln() + largest - goal).f64();
    }
    total
}

/// As [`cross_entropy`], with a teacher's logits `[rows, vocab_size]` mixed in. Returns the sums of the mixed loss and of
/// the cross-entropy.
pub fn distilled<T: Float>(
    logits: &mut [T],
    teacher: &[T],
    vocab_size: usize,
    targets: &[Token],
    weight: T,
    mixture: Mixture,
) -> (f64, f64) {
    let (share, temperature) = (T::of(mixture.share), T::of(mixture.temperature));
    let soft_weight = (T::ONE - share) * temperature * weight;
    let (mut mixed, mut plain) = (0.0, 0.0);
    let (mut student, mut taught) = (vec![T::ZERO; vocab_size], vec![T::ZERO; vocab_size]);
    let rows = logits.chunks_exact_mut(vocab_size).zip(teacher.chunks_exact(vocab_size));
    for ((row, teacher), &target) in rows.zip(targets) {
        let student_log = log_softmax(row, temperature, &mut student);
        let teacher_log = log_softmax(teacher, temperature, &mut taught);
        let mut divergence = T::ZERO;
        for ((&p, &y), &z) in taught.iter().zip(teacher).zip(row.iter()) {
            divergence += p * ((y / temperature - teacher_log) - (z / temperature - student_log));
        }
        let hard = cross_entropy(row, vocab_size, &[target], share * weight);
        for ((gradient, &p), &s) in row.iter_mut().zip(&taught).zip(&student) {
            *gradient += soft_weight * (s - p);
        }
        plain += hard;
        mixed += mixture.share * hard + (1.0 - mixture.share) * mixture.temperature.powi(2) * divergence.f64();
    }
    (mixed, plain)
}

/// Shares of `logits / temperature`, and the logarithm of what they were divided by.
fn log_softmax<T: Float>(logits: &[T], temperature: T, shares: &mut [T]) -> T {
    for (share, &logit) in shares.iter_mut().zip(logits) {
        *share = logit / temperature;
    }
    let (largest, sum) = exponentials(shares);
    scale(shares, T::ONE / sum);
    sum.ln() + largest
}

multiversion! {
    /// Turns each value into e^(value - largest); returns the largest and the sum.
    fn exponentials<T>(row: &mut [T]) -> (T, T) {
        let mut lanes = [row[0]; 8];
        let (chunks, rest) = row.as_chunks::<8>();
        for chunk in chunks {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane = if value > *lane { value } else { *lane };
            }
        }
        let mut largest = lanes[0];
        for &value in lanes.iter().chain(rest) {
            largest = if value > largest { value } else { largest };
        }
        let mut sums = [T::ZERO; 8];
        let (chunks, rest) = row.as_chunks_mut::<8>();
        for chunk in chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *value = (*value - largest).exp();
                *sum += *value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *value = (*value - largest).exp();
            *sum += *value;
        }
        (largest, crate::vector::sum_of(&sums, |sum| sum))
    }
}

multiversion! {
    fn scale<T>(row: &mut [T], factor: T) {
        for value in row {
            *value *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_gradients_are_those_of_the_smoothed_loss() {
        let logits: Vec<f64> = (0..3 * 16).map(|i| f64::from(i * 7 % 11) / 5.0).collect();
        let targets = [3, 0, 15];
        let loss = |logits: &[f64]| smoothed(&mut logits.to_vec(), 16, &targets, 1.0, 0.1).0;
        let mut gradients = logits.clone();
        let (mixed, plain) = smoothed(&mut gradients, 16, &targets, 1.0, 0.1);
        assert!((plain - cross_entropy_alone(&mut logits.clone(), 16, &targets)).abs() < 1e-9 && mixed != plain);
        for index in 0..logits.len() {
            let at = |step: f64| {
                let mut moved = logits.clone();
                moved[index] += step;
                loss(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradients[index]).abs() < 1e-6, "{index}: {slope} {}", gradients[index]);
        }
        let (mut whole, mut sharp) = (logits.clone(), logits);
        let expected = cross_entropy(&mut whole, 16, &targets, 0.5);
        let (mixed, plain) = smoothed(&mut sharp, 16, &targets, 0.5, 0.0);
        assert!((mixed - expected).abs() < 1e-9 && (plain - expected).abs() < 1e-9);
        assert!(whole.iter().zip(&sharp).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
