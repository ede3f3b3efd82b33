//! The router's softmax and the weighted sum of the pathways.

use crate::float::Float;
use crate::simd::multiversion;
use crate::vector::dot;

/// Turns each row of scores `[rows, width]` into shares.
pub fn softmax<T: Float>(scores: &mut [T], width: usize) {
    for row in scores.chunks_exact_mut(width) {
        softmax_row(row, T::exp_rounded);
    }
}

/// Softmax with the numeric contract's small number in the denominator, over this exponential function.
#[inline(always)]
pub fn softmax_row<T: Float>(row: &mut [T], exp: impl Fn(T) -> T) {
    let Some(&first) = row.first() else { return };
    let largest = row.iter().fold(first, |largest, &score| if score > largest { score } else { largest });
    let mut sum = T::ZERO;
    for score in row.iter_mut() {
        *score = exp(*score - largest);
        sum += *score;
    }
    let factor = T::ONE / (sum + T::of(1e-10));
    for score in row {
        *score *= factor;
    }
}

/// The gradient of scores from that of their shares, in place: `dz_i = p_i (dp_i - sum of p_j dp_j)`.
#[inline(always)]
pub fn softmax_row_backward<T: Float>(shares: &[T], gradient: &mut [T]) {
    let mut along = T::ZERO;
    for (&share, &gradient) in shares.iter().zip(gradient.iter()) {
        along += share * gradient;
    }
    for (gradient, &share) in gradient.iter_mut().zip(shares) {
        *gradient = share * (*gradient - along);
    }
}

/// `x += sum over i of p_i * paths_i`, the sum first. `x` and the pathways are `[rows, d]`, `p` is `[rows, paths]`.
pub fn mix<T: Float>(d: usize, p: &[T], paths: &[&[T]], x: &mut [T]) {
    match *paths {
        [a] => mix_one(d, p, a, x),
        [a, b] => mix_two(d, p, a, b, x),
        [a, b, c] => mix_three(d, p, a, b, c, x),
        _ => {}
    }
}

/// One pathway of a mixture.
#[derive(Clone, Copy, Debug)]
pub struct Pathway {
    /// Width of its values.
    pub d: usize,
    /// Its number among the pathways.
    pub index: usize,
    /// Number of pathways.
    pub width: usize,
}

multiversion! {
    fn mix_one<T>(d: usize, p: &[T], a: &[T], x: &mut [T]) {
        for ((x, p), a) in x.chunks_exact_mut(d).zip(p).zip(a.chunks_exact(d)) {
            for i in 0..d {
                x[i] += *p * a[i];
            }
        }
    }
}

multiversion! {
    fn mix_two<T>(d: usize, p: &[T], a: &[T], b: &[T], x: &mut [T]) {
        let rows = a.chunks_exact(d).zip(b.chunks_exact(d));
        for ((x, p), (a, b)) in x.chunks_exact_mut(d).zip(p.as_chunks::<2>().0).zip(rows) {
            for i in 0..d {
                x[i] += p[0] * a[i] + p[1] * b[i];
            }
        }
    }
}

multiversion! {
    fn mix_three<T>(d: usize, p: &[T], a: &[T], b: &[T], c: &[T], x: &mut [T]) {
        let rows = a.chunks_exact(d).zip(b.chunks_exact(d)).zip(c.chunks_exact(d));
        for ((x, p), ((a, b), c)) in x.chunks_exact_mut(d).zip(p.as_chunks::<3>().0).zip(rows) {
            for i in 0..d {
                x[i] += (p[0] * a[i] + p[1] * b[i]) + p[2] * c[i];
            }
        }
    }
}

multiversion! {
    /// What comes back to one pathway, number i: `dy = p_i dx`, and `dp_i = dx . y`. `y`, `dx` and `dy` are `[rows, d]`, `p`
    /// and `dp` `[rows, width]`.
    pub fn mix_backward<T>(pathway: Pathway, p: &[T], y: &[T], dx: &[T], dy: &mut [T], dp: &mut [T]) {
        let Pathway { d, index, width } = pathway;
        let rows = p.chunks_exact(width).zip(dp.chunks_exact_mut(width));
        let values = y.chunks_exact(d).zip(dx.chunks_exact(d)).zip(dy.chunks_exact_mut(d));
        for ((p, dp), ((y, dx), dy)) in rows.zip(values) {
            dp[index] = dot(dx, y);
            let share = p[index];
            for i in 0..d {
                dy[i] = share * dx[i];
            }
        }
    }
}
