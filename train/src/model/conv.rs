//! Depthwise causal convolution.

use super::buffers::zeros;
use crate::float::Float;
use crate::simd::multiversion;

/// The convolution of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Conv<'a, T> {
    /// `[kernel_size, d]`, the newest position first.
    pub taps: &'a [T],
    /// What the taps are multiplied by.
    pub scale: T,
    /// Channels.
    pub d: usize,
    /// Rows of a sequence.
    pub len: usize,
}

/// `y[t][c] = (sum over j of taps[j][c] * u[t - j][c]) * scale`, where t - j is within the sequence. `u` and `y` are
/// `[rows, d]`.
pub fn forward<T: Float>(conv: Conv<T>, u: &[T], y: &mut [T]) {
    forward_rows(conv, u, y);
}

/// Adds to `du` and to `d_taps`, which lies as in the parameters: `[d, kernel_size]`, the oldest position first.
/// `scratch` is for the function alone.
pub fn backward<T: Float>(conv: Conv<T>, u: &[T], dy: &[T], du: &mut [T], d_taps: &mut [T], scratch: &mut Vec<T>) {
    zeros(scratch, conv.taps.len());
    backward_rows(conv, u, dy, du, scratch);
    let kernel_size = conv.taps.len() / conv.d;
    for (lag, row) in scratch.chunks_exact(conv.d).enumerate() {
        for (channel, &value) in d_taps.chunks_exact_mut(kernel_size).zip(row) {
            channel[kernel_size - 1 - lag] += value;
        }
    }
}

multiversion! {
    fn forward_rows<T>(conv: Conv<T>, u: &[T], y: &mut [T]) {
        let Conv { taps, scale, d, len } = conv;
        for (u, y) in u.chunks_exact(len * d).zip(y.chunks_exact_mut(len * d)) {
            y.fill(T::ZERO);
            for (lag, taps) in taps.chunks_exact(d).enumerate().take(len) {
                for (y, u) in y[lag * d..].chunks_exact_mut(d).zip(u.chunks_exact(d)) {
                    for i in 0..d {
                        y[i] += taps[i] * u[i];
                    }
                }
            }
            for y in y {
                *y *= scale;
            }
        }
    }
}

multiversion! {
    fn backward_rows<T>(conv: Conv<T>, u: &[T], dy: &[T], du: &mut [T], d_taps: &mut [T]) {
        let Conv { taps, scale, d, len } = conv;
        let sequences = u.chunks_exact(len * d).zip(dy.chunks_exact(len * d)).zip(du.chunks_exact_mut(len * d));
        for ((u, dy), du) in sequences {
            let lags = taps.chunks_exact(d).zip(d_taps.chunks_exact_mut(d)).enumerate().take(len);
            for (lag, (taps, d_taps)) in lags {
                let rows = dy[lag * d..].chunks_exact(d).zip(u.chunks_exact(d)).zip(du.chunks_exact_mut(d));
                for ((dy, u), du) in rows {
                    for i in 0..d {
                        d_taps[i] += dy[i] * u[i];
                        du[i] += dy[i] * (taps[i] * scale);
                    }
                }
            }
        }
    }
}
