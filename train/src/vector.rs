//! Sums over a row, in eight running sums side by side: a fixed order that vector registers like.

use crate::float::Float;

const LANES: usize = 8;

/// The sum of `f` over the elements of `a`.
#[inline(always)]
pub fn sum_of<T: Float>(a: &[T], f: impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &a) in lanes.iter_mut().zip(chunk) {
            *lane += f(a);
        }
    }
    for (lane, &a) in lanes.iter_mut().zip(rest) {
        *lane += f(a);
    }
    collect(lanes)
}

/// The sum of `f` over pairs of elements of `a` and `b`, which have the same length.
#[inline(always)]
pub fn sum_of_pairs<T: Float>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let ((chunks_a, rest_a), (chunks_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += f(a, b);
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += f(a, b);
    }
    collect(lanes)
}

/// The inner product of `a` and `b`, which have the same length.
#[inline(always)]
pub fn dot<T: Float>(a: &[T], b: &[T]) -> T {
    sum_of_pairs(a, b, |a, b| a * b)
}

/// `to += factor * from`.
#[inline(always)]
pub fn add_scaled<T: Float>(to: &mut [T], factor: T, from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

#[inline(always)]
fn collect<T: Float>(lanes: [T; LANES]) -> T {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
