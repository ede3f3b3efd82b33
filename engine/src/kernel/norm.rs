//! Layer norm (numeric contract, step 2.1).

use crate::math::sqrt;
use crate::weights::Norm;

const EPSILON: f32 = 1e-5;

/// Mean and reciprocal standard deviation of `x`.
fn moments(x: &[f32]) -> (f32, f32) {
    let count = x.len() as f32;
    let mean = x.iter().fold(0.0, |sum, &value| sum + value) / count;
    let variance = x.iter().fold(0.0, |sum, &value| sum + (value - mean) * (value - mean)) / count;
    (mean, 1.0 / sqrt(variance + EPSILON))
}

/// `out[i] = ((gamma[i] * (x[i] - mean)) * r) + beta[i]`. All are `[d_model]`.
pub fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
    let (mean, r) = moments(x);
    let params = norm.gamma.iter().zip(norm.beta.iter());
    for ((out, &value), (gamma, beta)) in out.iter_mut().zip(x).zip(params) {
        *out = ((gamma * (value - mean)) * r) + beta;
    }
}

/// The same, over `x` itself.
pub fn layer_norm_in_place(norm: &Norm, x: &mut [f32]) {
    let (mean, r) = moments(x);
    for (value, (gamma, beta)) in x.iter_mut().zip(norm.gamma.iter().zip(norm.beta.iter())) {
        *value = ((gamma * (*value - mean)) * r) + beta;
    }
}
