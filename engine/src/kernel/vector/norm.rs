//! Layer norm: a row's sums are chains of additions, so several rows go in step; what follows is done side by side.

use super::inputs::Rows;
use super::lanes::Lanes;
use crate::kernel::norm::reciprocal_deviation;
use crate::kernel::Moments;
use crate::weights::Norm;

/// [`crate::kernel::layer_norm`].
///
/// # Safety
/// The processor has the instructions of `L`; gamma and beta have as many values, and `out` has room for all rows of `x`.
#[inline(always)]
pub(in crate::kernel) unsafe fn layer_norm<L: Lanes>(norm: &Norm, x: &[f32], out: &mut [f32]) {
    let width = norm.gamma.len();
    let (gamma, beta) = (norm.gamma.bytes().as_ptr().cast(), norm.beta.bytes().as_ptr().cast());
    let rows = Rows { gamma, beta, stride: width, width };
    let count = x.len().checked_div(width).unwrap_or(0);
    let mut first = 0;
    while first < count {
        // SAFETY: as the caller promises; the rows lie in `x` and in `out`.
        unsafe {
            let (x, out) = (x.as_ptr().add(first * width), out.as_mut_ptr().add(first * width));
            first += match count - first {
                8.. => some_rows::<L, 8>(rows, x, out),
                4.. => some_rows::<L, 4>(rows, x, out),
                _ => some_rows::<L, 1>(rows, x, out),
            };
        }
    }
}

/// The first `R` rows at `x`; returns `R`.
///
/// # Safety
/// As [`layer_norm`]; there are as many rows at `x` and `out`.
#[inline(always)]
unsafe fn some_rows<L: Lanes, const R: usize>(rows: Rows, x: *const f32, out: *mut f32) -> usize {
    // SAFETY: as the caller promises.
    unsafe { rows.norm::<L, R>(&in_step(x, rows.width), x, out) };
    R
}

/// What as many rows of `x` are normed by.
///
/// # Safety
/// The rows are there.
#[inline(always)]
pub(in crate::kernel) unsafe fn moments(x: &[f32], width: usize, moments: &mut [Moments]) {
    let row = |index: usize| x.as_ptr().wrapping_add(index * width);
    let (eights, rest) = moments.as_chunks_mut::<8>();
    let (fours, ones) = rest.as_chunks_mut::<4>();
    let mut first = 0;
    // SAFETY: as the caller promises.
    unsafe {
        for eight in eights {
            *eight = in_step(row(first), width);
            first += 8;
        }
        for four in fours {
            *four = in_step(row(first), width);
            first += 4;
        }
        for one in ones {
            [*one] = in_step(row(first), width);
            first += 1;
        }
    }
}

/// What the `R` rows at `x` are normed by.
///
/// # Safety
/// They are there.
#[inline(always)]
unsafe fn in_step<const R: usize>(x: *const f32, width: usize) -> [Moments; R] {
    let mut means = [0.0_f32; R];
    let mut factors = [0.0_f32; R];
    // SAFETY: as the caller promises.
    unsafe {
        for i in 0..width {
            for (row, sum) in means.iter_mut().enumerate() {
                *sum += x.add(row * width + i).read();
            }
        }
        for mean in &mut means {
            *mean /= width as f32;
        }
        for i in 0..width {
            for (row, sum) in factors.iter_mut().enumerate() {
                let distance = x.add(row * width + i).read() - means[row];
                *sum += distance * distance;
            }
        }
    }
    core::array::from_fn(|row| Moments { mean: means[row], factor: reciprocal_deviation(factors[row] / width as f32) })
}
