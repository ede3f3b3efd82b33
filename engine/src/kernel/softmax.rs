//! Softmax (docs/numerics.md#23-router), of the router's scores and of the kept scores of attention.

use crate::math::exp;

/// Keeps the sum from being 0.
const EPSILON: f32 = 1e-10;

/// Turns the scores `z`, `[n]`, into weights in place:
///
/// ```text
/// M = the greatest z
/// e[i] = exp(z[i] - M)
/// S = sum of e[i]
/// z[i] = e[i] * (1 / (S + 1e-10))
/// ```
pub fn softmax(z: &mut [f32]) {
    let Some(&first) = z.first() else { return };
    let greatest = z.iter().fold(first, |best, &value| if value > best { value } else { best });
    let mut sum = 0.0;
    for value in &mut *z {
        *value = exp(*value - greatest);
        sum += *value;
    }
    let factor = 1.0 / (sum + EPSILON);
    for value in z {
        *value *= factor;
    }
}
