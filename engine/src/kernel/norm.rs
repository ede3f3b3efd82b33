//! Layer norm (docs/numerics.md#21-norm), of a row `x` of `d` values:
//!
//! ```text
//! m = (sum of x[i]) / d
//! v = (sum of (x[i] - m) * (x[i] - m)) / d
//! r = 1 / sqrt(v + 1e-5)
//! u[i] = ((gamma[i] * (x[i] - m)) * r) + beta[i]
//! ```

use core::ops::Range;

use crate::math::sqrt;
use crate::weights::Norm;

/// Keeps the root from being 0.
const EPSILON: f32 = 1e-5;

/// What a row is normed by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    /// `m`.
    pub(super) mean: f32,
    /// `r`, the reciprocal of the standard deviation.
    pub(super) factor: f32,
}

impl Moments {
    #[inline(always)] // one row is all that most programs norm
    pub(super) fn of(x: &[f32]) -> Self {
        let mean = mean(x);
        let squares = x.iter().fold(0.0, |sum, &value| sum + (value - mean) * (value - mean));
        let variance = squares / x.len() as f32;
        Self { mean, factor: reciprocal_deviation(variance) }
    }

    /// A value of the row.
    #[inline(always)]
    pub(super) fn norm(self, gamma: f32, beta: f32, value: f32) -> f32 {
        ((gamma * (value - self.mean)) * self.factor) + beta
    }
}

/// `m`
#[inline(always)]
pub(super) fn mean(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |sum, &value| sum + value) / x.len() as f32
}

/// What as many rows are normed by. `rows` is `[positions][width]`.
pub(super) fn moments(rows: &[f32], width: usize, moments: &mut [Moments]) {
    for (moments, row) in moments.iter_mut().zip(rows.chunks(width.max(1))) {
        *moments = Moments::of(row);
    }
}

/// Rows that are normed where they are used: so the vectors of several positions need no memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normed<'a> {
    pub norm: &'a Norm<'a>,
    /// The residual stream, `[positions][d_model]`.
    pub rows: &'a [f32],
    /// What each row is normed by, `[positions]`.
    pub moments: &'a [Moments],
}

impl Normed<'_> {
    /// Some of the positions.
    pub fn part(&self, positions: Range<usize>) -> Self {
        let width = self.norm.gamma.len();
        let rows = self.rows.get(positions.start * width..positions.end * width).unwrap_or_default();
        Self { norm: self.norm, rows, moments: self.moments.get(positions).unwrap_or_default() }
    }
}

/// The factor that follows from the variance.
#[inline]
pub(super) fn reciprocal_deviation(variance: f32) -> f32 {
    1.0 / sqrt(variance + EPSILON)
}

/// `out[i] = ((gamma[i] * (x[i] - mean)) * r) + beta[i]`, for each row of `x`. gamma and beta are `[d_model]`, `x` is
/// `[positions][d_model]`, `out` has room for as many.
#[inline(always)]
pub(crate) fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
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

/// [`layer_norm`] of one row, over `x` itself.
pub fn layer_norm_in_place(norm: &Norm, x: &mut [f32]) {
    let moments = Moments::of(x);
    for (value, (gamma, beta)) in x.iter_mut().zip(norm.gamma.iter().zip(norm.beta.iter())) {
        *value = moments.norm(gamma, beta, *value);
    }
}
