//! The diagonal state-space recurrence, and the same recurrence run backwards.

use super::buffers::zeros;
use crate::float::Float;
use crate::simd::multiversion;

/// The recurrence of a batch; parameters are `[d]` each.
#[derive(Clone, Copy, Debug)]
pub struct Ssm<'a, T> {
    /// tanh(a_raw).
    pub gate: &'a [T],
    /// Input weight.
    pub b: &'a [T],
    /// Output weight.
    pub c: &'a [T],
    /// Rows of a sequence.
    pub len: usize,
}

/// Sums that the way back adds to, `[d]` each.
struct Gradients<'a, T> {
    /// Of the state one step later.
    ds: &'a mut [T],
    d_gate: &'a mut [T],
    d_b: &'a mut [T],
    d_c: &'a mut [T],
}

/// `gate = tanh(a_raw)`.
pub fn gates<T: Float>(a_raw: &[T], gate: &mut [T]) {
    for (gate, a_raw) in gate.iter_mut().zip(a_raw) {
        *gate = a_raw.tanh();
    }
}

/// `s[t] = gate * s[t-1] + b * u[t]` from zero in every sequence of `len` rows; `y = c * s`.
///
/// `u`, `y` and `states`, which the way back needs, are `[rows, d]`.
pub fn forward<T: Float>(ssm: Ssm<T>, u: &[T], states: &mut [T], y: &mut [T]) {
    forward_rows(ssm, u, states, y);
}

/// Adds to `du`, and to `d_params`, the gradients of a_raw, b and c_out one behind the other. `scratch` is for the
/// function alone.
pub fn backward<T: Float>(
    ssm: Ssm<T>,
    u: &[T],
    states: &[T],
    dy: &[T],
    du: &mut [T],
    d_params: &mut [T],
    scratch: &mut Vec<T>,
) {
    let d = ssm.gate.len();
    zeros(scratch, 2 * d);
    let (ds, d_gate) = scratch.split_at_mut(d);
    let (d_a_raw, rest) = d_params.split_at_mut(d);
    let (d_b, d_c) = rest.split_at_mut(d);
    let gradients = Gradients { ds, d_gate: &mut *d_gate, d_b, d_c };
    backward_rows(ssm, u, states, dy, du, gradients);
    for ((d_a_raw, &d_gate), &gate) in d_a_raw.iter_mut().zip(d_gate.iter()).zip(ssm.gate) {
        *d_a_raw += d_gate * (T::ONE - gate * gate);
    }
}

multiversion! {
    fn forward_rows<T>(ssm: Ssm<T>, u: &[T], states: &mut [T], y: &mut [T]) {
        let Ssm { gate, b, c, len } = ssm;
        let d = gate.len();
        let (b, c) = (&b[..d], &c[..d]);
        let sequences = u.chunks_exact(len * d).zip(states.chunks_exact_mut(len * d)).zip(y.chunks_exact_mut(len * d));
        for ((u, states), y) in sequences {
            for t in 0..len {
                let (before, now) = states.split_at_mut(t * d);
                let (now, u, y) = (&mut now[..d], &u[t * d..][..d], &mut y[t * d..][..d]);
                if t == 0 {
                    for i in 0..d {
                        now[i] = b[i] * u[i];
                    }
                } else {
                    let before = &before[(t - 1) * d..][..d];
                    for i in 0..d {
                        now[i] = gate[i] * before[i] + b[i] * u[i];
                    }
                }
                for i in 0..d {
                    y[i] = c[i] * now[i];
                }
            }
        }
    }
}

multiversion! {
    fn backward_rows<T>(
        ssm: Ssm<T>,
        u: &[T],
        states: &[T],
        dy: &[T],
        du: &mut [T],
        gradients: Gradients<T>,
    ) {
        let Ssm { gate, b, c, len } = ssm;
        let Gradients { ds, d_gate, d_b, d_c } = gradients;
        let d = gate.len();
        let (b, c, ds) = (&b[..d], &c[..d], &mut ds[..d]);
        let (d_gate, d_b, d_c) = (&mut d_gate[..d], &mut d_b[..d], &mut d_c[..d]);
        let sequences = u.chunks_exact(len * d).zip(states.chunks_exact(len * d));
        let outputs = dy.chunks_exact(len * d).zip(du.chunks_exact_mut(len * d));
        for ((u, states), (dy, du)) in sequences.zip(outputs) {
            ds.fill(T::ZERO);
            for t in (0..len).rev() {
                let (dy, du) = (&dy[t * d..][..d], &mut du[t * d..][..d]);
                let (u, now) = (&u[t * d..][..d], &states[t * d..][..d]);
                // `ds` still holds the gradient of the state one step later.
                for i in 0..d {
                    ds[i] = c[i] * dy[i] + gate[i] * ds[i];
                    d_c[i] += dy[i] * now[i];
                    d_b[i] += ds[i] * u[i];
                    du[i] += b[i] * ds[i];
                }
                if t > 0 {
                    let before = &states[(t - 1) * d..][..d];
                    for i in 0..d {
                        d_gate[i] += ds[i] * before[i];
                    }
                }
            }
        }
    }
}
