//! Layer norm.

use crate::float::Float;
use crate::simd::multiversion;
use crate::vector::{sum_of, sum_of_pairs};

const EPSILON: f64 = 1e-5;

/// Gamma and beta, `[d]` each.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a, T> {
    /// Multiplies the normalised value.
    pub gamma: &'a [T],
    /// Is added last.
    pub beta: &'a [T],
}

/// `u = gamma * (x - mean) / sqrt(variance + 1e-5) + beta`, row by row.
///
/// `x` and `u` are `[rows, d]`. For the way back, `normed` keeps the values before gamma and beta, `[rows, d]`, and `r`
/// the reciprocal deviations, `[rows]`.
pub fn forward<T: Float>(norm: Norm<T>, x: &[T], u: &mut [T], normed: &mut [T], r: &mut [T]) {
    forward_rows(norm.gamma, norm.beta, x, u, normed, r);
}

/// Adds to `dx`, and to `d_params`, which is the gradient of gamma and behind it that of beta.
pub fn backward<T: Float>(gamma: &[T], normed: &[T], r: &[T], du: &[T], dx: &mut [T], d_params: &mut [T]) {
    backward_rows(gamma, normed, r, du, dx, d_params);
}

multiversion! {
    fn forward_rows<T>(gamma: &[T], beta: &[T], x: &[T], u: &mut [T], normed: &mut [T], r: &mut [T]) {
        let d = gamma.len();
        let count = T::of(d as f64);
        let rows = x.chunks_exact(d).zip(u.chunks_exact_mut(d)).zip(normed.chunks_exact_mut(d)).zip(r);
        for (((x, u), normed), r) in rows {
            let mean = sum_of(x, |x| x) / count;
            let variance = sum_of(x, |x| (x - mean) * (x - mean)) / count;
            *r = T::ONE / (variance + T::of(EPSILON)).sqrt();
            for i in 0..d {
                let value = (x[i] - mean) * *r;
                normed[i] = value;
                u[i] = gamma[i] * value + beta[i];
            }
        }
    }
}

multiversion! {
    fn backward_rows<T>(gamma: &[T], normed: &[T], r: &[T], du: &[T], dx: &mut [T], d_params: &mut [T]) {
        let d = gamma.len();
        let count = T::of(d as f64);
        let (d_gamma, d_beta) = d_params.split_at_mut(d);
        let d_beta = &mut d_beta[..d];
        let rows = normed.chunks_exact(d).zip(r).zip(du.chunks_exact(d)).zip(dx.chunks_exact_mut(d));
        for (((normed, &r), du), dx) in rows {
            for i in 0..d {
                d_gamma[i] += du[i] * normed[i];
                d_beta[i] += du[i];
            }
            let mean = sum_of_pairs(gamma, du, |gamma, du| gamma * du) / count;
            let mut lanes = [T::ZERO; 8];
            for (i, ((&gamma, &du), &normed)) in gamma.iter().zip(du).zip(normed).enumerate() {
                lanes[i % 8] += (gamma * du) * normed;
            }
            let along = sum_of(&lanes, |lane| lane) / count;
            for i in 0..d {
                dx[i] += r * (gamma[i] * du[i] - mean - normed[i] * along);
            }
        }
    }
}
