//! Softmax (docs/numerics.md#23-router).

use crate::math::exp;

/// Turns scores into weights in place.
pub fn softmax(z: &mut [f32]) {
    let Some(&first) = z.first() else { return };
    let greatest = z.iter().fold(first, |best, &value| if value > best { value } else { best });
    let mut sum = 0.0;
    for value in &mut *z {
        *value = exp(*value - greatest);
        sum += *value;
    }
    let factor = 1.0 / (sum + 1e-10);
    for value in z {
        *value *= factor;
    }
}
