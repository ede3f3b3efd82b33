//! Top-k causal attention with one head, which keeps exactly k scores (docs/numerics.md#26-sparse-pathway-top-k-causal-attention-with-one-head).

use super::buffers::{resize, zeros};
use super::router::{softmax_row, softmax_row_backward};
use crate::float::Float;
use crate::simd::multiversion;
use crate::vector::{add_scaled, dot};

/// Keys whose scores are computed side by side.
const WIDE: usize = 16;

/// What a kept score is before a position takes the slot.
const NONE_SCORE: f64 = -1e30;

/// The position of a slot that no score has entered.
const NONE_POSITION: u32 = u32::MAX;

/// Sizes of an attention layer.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Width of a value.
    pub d: usize,
    /// Width of a query and a key.
    pub head: usize,
    /// Scores kept.
    pub top_k: usize,
    /// Rows of a sequence.
    pub len: usize,
}

impl Sizes {
    /// Slots for kept scores at each position; the first positions leave some empty.
    fn slots(&self) -> usize {
        self.top_k.min(self.len)
    }
}

/// What attention reads: `q` and `k` are `[rows, head]`, `v` is `[rows, d]`.
#[derive(Clone, Copy, Debug)]
pub struct Projected<'a, T> {
    /// Queries.
    pub q: &'a [T],
    /// Keys.
    pub k: &'a [T],
    /// Values.
    pub v: &'a [T],
}

/// The gradients of [`Projected`], in the shapes of what they belong to.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// Of the queries.
    pub dq: &'a mut [T],
    /// Of the keys.
    pub dk: &'a mut [T],
    /// Of the values.
    pub dv: &'a mut [T],
}

/// What every position attended to, best first, `[rows, slots]`.
#[derive(Clone, Debug, Default)]
pub struct Kept<T> {
    positions: Vec<u32>,
    weights: Vec<T>,
    keys: Vec<T>,
    scores: Vec<T>,
}

/// `y[t]`, of `[rows, d]`, is the weighted sum of the values at the kept positions.
pub fn forward<T: Float>(sizes: Sizes, projected: Projected<T>, kept: &mut Kept<T>, y: &mut [T]) {
    let Sizes { d, head, len, .. } = sizes;
    let (slots, rows) = (sizes.slots(), y.len() / d);
    kept.positions.resize(rows * slots, NONE_POSITION);
    resize(&mut kept.weights, rows * slots);
    let padded = len.next_multiple_of(WIDE);
    zeros(&mut kept.keys, head * padded);
    resize(&mut kept.scores, padded);
    let Kept { positions, weights, keys, scores } = kept;
    forward_rows(sizes, projected, keys, scores, positions, weights, y);
}

/// Writes the gradients of `projected` from `dy`, that of `y`: they go through the kept scores alone.
pub fn backward<T: Float>(
    sizes: Sizes,
    projected: Projected<T>,
    kept: &mut Kept<T>,
    dy: &[T],
    gradients: Gradients<T>,
) {
    gradients.dq.fill(T::ZERO);
    gradients.dk.fill(T::ZERO);
    gradients.dv.fill(T::ZERO);
    resize(&mut kept.scores, sizes.slots());
    let Kept { positions, weights, scores, .. } = kept;
    backward_rows(sizes, projected, positions, weights, scores, dy, gradients);
}

/// 1 / sqrt(head), as the numeric contract computes it.
#[inline(always)]
fn score_scale<T: Float>(head: usize) -> T {
    T::ONE / T::of(head as f64).sqrt()
}

multiversion! {
    fn forward_rows<T>(
        sizes: Sizes,
        projected: Projected<T>,
        keys: &mut [T],
        scores: &mut [T],
        positions: &mut [u32],
        weights: &mut [T],
        y: &mut [T],
    ) {
        let (Sizes { d, head, len, .. }, slots) = (sizes, sizes.slots());
        let Projected { q, k, v } = projected;
        let scale = score_scale::<T>(head);
        let padded = scores.len();
        let inputs = q.chunks_exact(len * head).zip(k.chunks_exact(len * head)).zip(v.chunks_exact(len * d));
        let kept = positions.chunks_exact_mut(len * slots).zip(weights.chunks_exact_mut(len * slots));
        for ((((q, k), v), (positions, weights)), y) in inputs.zip(kept).zip(y.chunks_exact_mut(len * d)) {
            for (t, key) in k.chunks_exact(head).enumerate() {
                for (row, &value) in keys.chunks_exact_mut(padded).zip(key) {
                    row[t] = value;
                }
            }
            let kept = positions.chunks_exact_mut(slots).zip(weights.chunks_exact_mut(slots));
            for (t, ((q, (positions, weights)), y)) in
                q.chunks_exact(head).zip(kept).zip(y.chunks_exact_mut(d)).enumerate()
            {
                let (blocks, _) = scores.as_chunks_mut::<WIDE>();
                for (block, scores) in blocks.iter_mut().take(t / WIDE + 1).enumerate() {
                    let mut sums = [T::ZERO; WIDE];
                    for (&q, row) in q.iter().zip(keys.chunks_exact(padded)) {
                        for (sum, &key) in sums.iter_mut().zip(&row[block * WIDE..][..WIDE]) {
                            *sum += q * key;
                        }
                    }
                    for (score, sum) in scores.iter_mut().zip(sums) {
                        *score = sum * scale;
                    }
                }
                positions.fill(NONE_POSITION);
                let count = slots.min(t + 1);
                keep_best(&scores[..=t], &mut positions[..count], &mut weights[..count]);
                softmax_row(&mut weights[..count], |score| score.exp_rounded());
                y.fill(T::ZERO);
                for (&position, &weight) in positions[..count].iter().zip(weights.iter()) {
                    if position != NONE_POSITION {
                        add_scaled(y, weight, &v[position as usize * d..][..d]);
                    }
                }
            }
        }
    }
}

/// The best scores, best first. Equal scores keep their order, so the earlier position wins; NaN never enters.
#[inline(always)]
fn keep_best<T: Float>(scores: &[T], positions: &mut [u32], best: &mut [T]) {
    best.fill(T::of(NONE_SCORE));
    let last = best.len() - 1;
    let mut smallest = best[last];
    for (position, &score) in scores.iter().enumerate() {
        if score > smallest {
            let mut slot = last;
            while slot > 0 && best[slot - 1] < score {
                best[slot] = best[slot - 1];
                positions[slot] = positions[slot - 1];
                slot -= 1;
            }
            best[slot] = score;
            positions[slot] = position as u32;
            smallest = best[last];
        }
    }
}

multiversion! {
    fn backward_rows<T>(
        sizes: Sizes,
        projected: Projected<T>,
        positions: &[u32],
        weights: &[T],
        scores: &mut [T],
        dy: &[T],
        gradients: Gradients<T>,
    ) {
        let (Sizes { d, head, len, .. }, slots) = (sizes, sizes.slots());
        let Projected { q, k, v } = projected;
        let Gradients { dq, dk, dv } = gradients;
        let scale = score_scale::<T>(head);
        for start in (0..dy.len() / d).step_by(len) {
            for t in 0..len {
                let row = start + t;
                let count = slots.min(t + 1);
                let positions = &positions[row * slots..][..count];
                let weights = &weights[row * slots..][..count];
                let gradients = &mut scores[..count];
                let dy = &dy[row * d..][..d];
                for ((&position, &weight), gradient) in positions.iter().zip(weights).zip(gradients.iter_mut()) {
                    *gradient = T::ZERO;
                    if position != NONE_POSITION {
                        let at = (start + position as usize) * d;
                        *gradient = dot(dy, &v[at..at + d]);
                        add_scaled(&mut dv[at..at + d], weight, dy);
                    }
                }
                softmax_row_backward(weights, gradients);
                for (&position, &gradient) in positions.iter().zip(gradients.iter()) {
                    if position != NONE_POSITION {
                        let (query, key) = (row * head, (start + position as usize) * head);
                        add_scaled(&mut dq[query..query + head], gradient * scale, &k[key..key + head]);
                        add_scaled(&mut dk[key..key + head], gradient * scale, &q[query..query + head]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_k_scores_are_kept_and_the_earlier_of_equals_wins() {
        let keep = |scores: &[f32], k: usize| {
            let (mut positions, mut best) = (vec![NONE_POSITION; k], vec![0.0; k]);
            keep_best(scores, &mut positions, &mut best);
            positions
        };
        assert_eq!(keep(&[1.0, 3.0, 3.0, 2.0, 3.0, 3.0], 3), [1, 2, 4]);
        assert_eq!(keep(&[5.0, 5.0, 5.0], 2), [0, 1]);
        assert_eq!(keep(&[1.0, 2.0, 3.0], 3), [2, 1, 0]);
        assert_eq!(keep(&[f32::NAN, 1.0], 2), [1, NONE_POSITION]);
        assert_eq!(keep(&[-2e30, -1e31], 1), [NONE_POSITION]);
        let mut long = [0.0; 30];
        (long[7], long[8], long[29], long[17]) = (1.0, 1.0, 2.0, 1.0);
        assert_eq!(keep(&long, 5), [29, 7, 8, 17, 0]);
    }
}
