//! Layer norm: a row's sums are chains of additions, so several rows go in step; what follows is done side by side.

use super::lanes::Lanes;
use crate::kernel::norm::reciprocal_deviation;
use crate::weights::Norm;

/// Rows in step.
const IN_STEP: usize = 8;

/// [`crate::kernel::layer_norm`] for rows of whole vectors.
///
/// # Safety
/// The processor has the instructions of `L`; gamma and beta have as many values, a multiple of the number of lanes, and
/// `out` has room for all rows of `x`.
#[inline(always)]
pub(super) unsafe fn layer_norm<L: Lanes>(norm: &Norm, x: &[f32], out: &mut [f32]) {
    let width = norm.gamma.len();
    let rows = x.len().checked_div(width).unwrap_or(0);
    let mut first = 0;
    while first < rows {
        // SAFETY: as the caller promises; the rows lie in `x` and in `out`.
        unsafe {
            let (x, out) = (x.as_ptr().add(first * width), out.as_mut_ptr().add(first * width));
            first += match rows - first {
                IN_STEP.. => some_rows::<L, IN_STEP>(norm, x, out),
                4.. => some_rows::<L, 4>(norm, x, out),
                _ => some_rows::<L, 1>(norm, x, out),
            };
        }
    }
}

/// `R` rows at `x`; returns `R`.
///
/// # Safety
/// As [`layer_norm`]; there are as many rows at `x` and `out`.
#[inline(always)]
unsafe fn some_rows<L: Lanes, const R: usize>(norm: &Norm, x: *const f32, out: *mut f32) -> usize {
    let width = norm.gamma.len();
    // SAFETY: as the caller promises; the floats of the model need no alignment.
    unsafe {
        let mut means = [0.0_f32; R];
        for i in 0..width {
            for (row, sum) in means.iter_mut().enumerate() {
                *sum += x.add(row * width + i).read();
            }
        }
        for mean in &mut means {
            *mean /= width as f32;
        }
        let mut factors = [0.0_f32; R];
        for i in 0..width {
            for (row, sum) in factors.iter_mut().enumerate() {
                let distance = x.add(row * width + i).read() - means[row];
                *sum += distance * distance;
            }
        }
        for factor in &mut factors {
            *factor = reciprocal_deviation(*factor / width as f32);
        }
        let (gammas, betas) = (norm.gamma.bytes().as_ptr().cast::<f32>(), norm.beta.bytes().as_ptr().cast::<f32>());
        let mut i = 0;
        while i < width {
            let (gamma, beta) = (L::load(gammas.add(i)), L::load(betas.add(i)));
            for row in 0..R {
                let distance = L::load(x.add(row * width + i)).sub(L::splat(means[row]));
                let scaled = gamma.mul(distance).mul(L::splat(factors[row]));
                scaled.add(beta).store(out.add(row * width + i));
            }
            i += L::COUNT;
        }
    }
    R
}
