//! Layer norm (docs/numerics.md#21-norm).

use super::fast;
use crate::bytes::read_f32;
use crate::math::sqrt;
use crate::weights::{Floats, Norm};

const EPSILON: f32 = 1e-5;

/// What a row is normed by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    pub(super) mean: f32,
    /// Reciprocal standard deviation.
    pub(super) factor: f32,
}

impl Moments {
    #[inline(always)] // one row is all that most programs norm
    pub(super) fn of(x: &[f32]) -> Self {
        let count = x.len() as f32;
        let mean = x.iter().fold(0.0, |sum, &value| sum + value) / count;
        let variance = x.iter().fold(0.0, |sum, &value| sum + (value - mean) * (value - mean)) / count;
        Self { mean, factor: reciprocal_deviation(variance) }
    }

    /// A value of the row.
    #[inline(always)]
    pub(super) fn norm(self, gamma: f32, beta: f32, value: f32) -> f32 {
        ((gamma * (value - self.mean)) * self.factor) + beta
    }
}

/// The factor that follows from the variance.
#[inline]
pub(super) fn reciprocal_deviation(variance: f32) -> f32 {
    1.0 / sqrt(variance + EPSILON)
}

/// `out[i] = ((gamma[i] * (x[i] - mean)) * r) + beta[i]`, for each row of `x`. gamma and beta are `[d_model]`, `x` is
/// `[positions][d_model]`, `out` has room for as many.
pub fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
    if !fast::layer_norm(norm, x, out) {
        layer_norm_as_defined(norm, x, out);
    }
}

/// [`layer_norm`] without a faster way.
#[inline(always)]
pub(crate) fn layer_norm_as_defined(norm: &Norm, x: &[f32], out: &mut [f32]) {
    let (mut x, mut out) = (x, out);
    let width = norm.gamma.len();
    while let (Some((row, later)), 1..) = (x.split_at_checked(width), width) {
        let Some((normed, room)) = core::mem::take(&mut out).split_at_mut_checked(width) else { return };
        (x, out) = (later, room);
        let moments = Moments::of(row);
        let params = norm.gamma.iter().zip(norm.beta.iter());
        for ((out, &value), (gamma, beta)) in normed.iter_mut().zip(row).zip(params) {
            *out = moments.norm(gamma, beta, value);
        }
    }
}

/// The same for one row, in less code.
#[inline(never)]
pub(crate) fn layer_norm_row(gamma: Floats, beta: Floats, x: &[f32], out: &mut [f32]) {
    let Moments { mean, factor } = Moments::of(x);
    for (((out, value), gamma), beta) in out.iter_mut().zip(x).zip(gamma.places()).zip(beta.places()) {
        let scaled = (read_f32(gamma) * (value - mean)) * factor;
        *out = scaled + read_f32(beta);
    }
}

/// The same for one row, over `x` itself.
pub fn layer_norm_in_place(norm: &Norm, x: &mut [f32]) {
    let moments = Moments::of(x);
    for (value, (gamma, beta)) in x.iter_mut().zip(norm.gamma.iter().zip(norm.beta.iter())) {
        *value = moments.norm(gamma, beta, *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cores that take positions one by one use the one for a row.
    #[test]
    fn a_row_by_itself_equals_one_among_others() {
        let floats = |from: &[f32]| from.iter().flat_map(|value| value.to_le_bytes()).collect::<std::vec::Vec<_>>();
        let (gamma, beta) = (floats(&[1.5, -0.7, 0.3, 2.0, 1.1]), floats(&[0.1, 0.2, -0.3, 0.0, 5.0]));
        let norm = Norm { gamma: Floats::new(&gamma), beta: Floats::new(&beta) };
        let x = [0.3, -1.2, 4.5, 0.0, 0.9, 7.0, 7.5, -3.0, 1.0, 2.5];
        let mut expected = [0.0; 10];
        layer_norm_as_defined(&norm, &x, &mut expected);
        for (row, expected) in x.chunks(5).zip(expected.chunks(5)) {
            let mut out = [0.0; 5];
            layer_norm_row(norm.gamma, norm.beta, row, &mut out);
            assert_eq!(out.map(f32::to_bits), core::array::from_fn(|index| expected[index].to_bits()));
        }
    }
}
