//! Top-k causal attention for one query (numeric contract, step 2.6).

use super::softmax::softmax;
use crate::math::sqrt;

/// What a kept score is before a position takes the slot.
const NONE_SCORE: f32 = -1e30;

/// The position of a slot that no score has entered.
const NONE_POSITION: u32 = u32::MAX;

/// The best scores so far, best first, with their positions.
#[derive(Debug)]
pub struct TopK<'w> {
    scores: &'w mut [f32],
    positions: &'w mut [u32],
}

impl<'w> TopK<'w> {
    /// Empties the slots.
    pub fn new(scores: &'w mut [f32], positions: &'w mut [u32]) -> Self {
        scores.fill(NONE_SCORE);
        positions.fill(NONE_POSITION);
        Self { scores, positions }
    }

    /// Lets `score` in ahead of the first strictly smaller one; the last one falls out. Equal scores keep their order, so
    /// the earlier position wins; NaN never enters.
    pub fn offer(&mut self, mut score: f32, mut position: u32) {
        let mut entered = false;
        for (kept, at) in self.scores.iter_mut().zip(self.positions.iter_mut()) {
            entered |= score > *kept;
            if entered {
                core::mem::swap(kept, &mut score);
                core::mem::swap(at, &mut position);
            }
        }
    }
}

/// Attention of `query` over positions `0..=t`: `out[c]` becomes the sum over the kept positions of weight * value.
///
/// `query` is `[d_head]`, `keys` and `values` hold at least t + 1 rows of d_head and d_model, `best` has min(top_k, t + 1)
/// empty slots, `out` is `[d_model]`.
pub fn attend(query: &[f32], keys: &[f32], values: &[f32], t: usize, mut best: TopK, out: &mut [f32]) {
    let scale = 1.0 / sqrt(query.len() as f32);
    let mut keys = keys;
    for position in 0..=t {
        let Some((key, later)) = keys.split_at_checked(query.len()) else {
            break;
        };
        keys = later;
        let dot = query.iter().zip(key).fold(0.0, |sum, (q, k)| sum + q * k);
        best.offer(dot * scale, position as u32);
    }
    softmax(best.scores);
    out.fill(0.0);
    let width = out.len();
    for (&weight, &position) in best.scores.iter().zip(best.positions.iter()) {
        let Some(value) = (position as usize).checked_mul(width).and_then(|start| values.get(start..)) else {
            continue;
        };
        for (out, &value) in out.iter_mut().zip(value) {
            *out += weight * value;
        }
    }
}
