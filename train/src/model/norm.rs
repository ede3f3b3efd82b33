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

/// Rows whose sums are computed side by side: each sum is a chain of additions in the order of the numeric contract.
const ROWS: usize = 8;

multiversion! {
    fn forward_rows<T>(gamma: &[T], beta: &[T], x: &[T], u: &mut [T], normed: &mut [T], r: &mut [T]) {
        let d = gamma.len();
        let whole = r.len() - r.len() % ROWS;
        for row in (0..whole).step_by(ROWS) {
            let at = row * d..(row + ROWS) * d;
            let out = (&mut u[at.clone()], &mut normed[at.clone()], &mut r[row..row + ROWS]);
            normalise::<T, ROWS>(gamma, beta, &x[at], out);
        }
        for row in whole..r.len() {
            let at = row * d..(row + 1) * d;
            let out = (&mut u[at.clone()], &mut normed[at.clone()], &mut r[row..=row]);
            normalise::<T, 1>(gamma, beta, &x[at], out);
        }
    }
}

/// `H` rows.
#[inline(always)]
fn normalise<T: Float, const H: usize>(gamma: &[T], beta: &[T], x: &[T], out: (&mut [T], &mut [T], &mut [T])) {
    let d = gamma.len();
    let count = T::of(d as f64);
    let rows: [&[T]; H] = std::array::from_fn(|row| &x[row * d..(row + 1) * d]);
    let (mut mean, mut variance) = ([T::ZERO; H], [T::ZERO; H]);
    for i in 0..d {
        for (sum, row) in mean.iter_mut().zip(rows) {
            *sum += row[i];
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for i in 0..d {
        for ((sum, mean), row) in variance.iter_mut().zip(mean).zip(rows) {
            *sum += (row[i] - mean) * (row[i] - mean);
        }
    }
    let (u, normed, r) = out;
    let outputs = u.chunks_exact_mut(d).zip(normed.chunks_exact_mut(d)).zip(r);
    for (((u, normed), r), ((x, mean), variance)) in outputs.zip(rows.into_iter().zip(mean).zip(variance)) {
        *r = T::ONE / (variance / count + T::of(EPSILON)).sqrt();
        for i in 0..d {
            let centred = x[i] - mean;
            normed[i] = centred * *r;
            u[i] = (gamma[i] * centred) * *r + beta[i];
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
