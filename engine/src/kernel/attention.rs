//! Top-k causal attention for one query (docs/numerics.md#26-sparse-pathway-top-k-causal-attention-with-one-head):
//!
//! ```text
//! score[j] = (sum over e of q[e] * k[j][e]) * (1 / sqrt(h))
//! w = softmax(kept scores, best first)
//! out[c] = sum over the kept, best first, of w * v[position][c]
//! ```

use core::ops::Range;

use super::properties::{Current, Properties};
use super::softmax::softmax;
use crate::math::sqrt;

/// What a kept score is before a position takes the slot.
const NONE_SCORE: f32 = -1e30;

/// The position of a slot that no score has entered.
const NONE_POSITION: u32 = u32::MAX;

/// The best scores so far, best first, with the rows that they belong to.
#[derive(Debug)]
pub struct TopK<'w> {
    pub(crate) scores: &'w mut [f32],
    pub(crate) rows: &'w mut [u32],
}

impl<'w> TopK<'w> {
    /// Empties the slots.
    pub fn new(scores: &'w mut [f32], rows: &'w mut [u32]) -> Self {
        for (score, row) in scores.iter_mut().zip(rows.iter_mut()) {
            (*score, *row) = (NONE_SCORE, NONE_POSITION);
        }
        Self { scores, rows }
    }

    /// What a score must be greater than to enter; `None` where there are no slots.
    #[inline]
    #[cfg_attr(not(any(test, vectors, all(backend = "vfp", not(small)))), allow(dead_code))]
    pub(super) fn least(&self) -> Option<f32> {
        self.scores.last().copied()
    }

    /// Lets `score` in ahead of the first strictly smaller one; the last one falls out. Equal scores keep their order, so
    /// the earlier position wins; NaN never enters.
    #[inline]
    pub fn offer(&mut self, mut score: f32, mut row: u32) {
        let mut entered = false;
        for (kept, at) in self.scores.iter_mut().zip(self.rows.iter_mut()) {
            entered |= score > *kept;
            if entered {
                core::mem::swap(kept, &mut score);
                core::mem::swap(at, &mut row);
            }
        }
    }
}

/// Rows of keys whose same elements lie side by side.
const TILE: usize = Current::KEY_TILE;

/// Keys, tile after tile of up to `TILE` rows. A tile holds element 0 of its rows, then element 1, and so on.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'w> {
    /// `[tiles][d_head][rows of the tile]`.
    pub elements: &'w [f32],
    /// Rows that there is room for.
    pub rows: usize,
    /// Elements of a key.
    pub d_head: usize,
}

impl Keys<'_> {
    /// The rows of the tile that `row` is in.
    #[inline]
    #[cfg_attr(not(any(test, all(backend = "vfp", not(small)))), allow(dead_code))]
    pub(super) fn tile(&self, row: usize) -> Range<usize> {
        if TILE == usize::MAX {
            return 0..self.rows;
        }
        let first = row - row % TILE;
        first..self.rows.min(first + TILE)
    }

    /// Rows from `row` to the end of its tile.
    #[inline]
    pub fn left_in_tile(row: usize) -> usize {
        if TILE == usize::MAX {
            return TILE;
        }
        TILE - row % TILE
    }

    /// Where the elements of `row` lie: the index of the first, and the distance to the next.
    #[inline]
    pub fn place(rows: usize, d_head: usize, row: usize) -> (usize, usize) {
        if TILE == usize::MAX {
            return (row, rows);
        }
        let in_tile = row % TILE;
        let first = row - in_tile;
        #[allow(clippy::unnecessary_min_or_max)] // where a tile is all rows, it was left above
        (first * d_head + in_tile, TILE.min(rows.saturating_sub(first)))
    }
}

/// The rows of keys and values that a query attends to: those of the last `len` positions. A row holds a position until
/// one that is `Keys::rows` later takes its place.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Row of the query's own position.
    pub newest: usize,
    /// Positions, from 1 to the number of rows.
    pub len: usize,
}

impl Window {
    /// Row of the oldest position.
    #[inline]
    fn oldest(&self, rows: usize) -> usize {
        let end = self.newest + 1;
        end.checked_sub(self.len).unwrap_or((rows + end).saturating_sub(self.len))
    }

    /// The rows, oldest position first; the second part is empty unless the rows wrap around.
    #[inline]
    #[cfg_attr(not(any(test, vectors, all(backend = "vfp", not(small)))), allow(dead_code))]
    pub(super) fn rows(&self, rows: usize) -> [Range<usize>; 2] {
        let (oldest, end) = (self.oldest(rows), self.newest + 1);
        if oldest < end {
            [oldest..end, 0..0]
        } else {
            [oldest..rows, 0..end]
        }
    }
}

/// Attention of `query` over the rows of `window`: `out[c]` becomes the sum over the kept ones of weight * value.
///
/// `query` is `[d_head]`, `values` is `[rows][d_model]`, `best` has min(top_k, window.len) empty slots, `out` is
/// `[d_model]`.
#[inline(always)]
pub(crate) fn attend(query: &[f32], keys: &Keys, values: &[f32], window: &Window, mut best: TopK, out: &mut [f32]) {
    offer_scores(query, keys, window, scale_of(query), &mut best);
    softmax(best.scores);
    add_values(&best, values, out);
}

/// What scores are multiplied by.
#[inline(always)]
pub(super) fn scale_of(query: &[f32]) -> f32 {
    1.0 / sqrt(query.len() as f32)
}

/// Offers the scaled scores of the window's rows, oldest first.
#[inline(always)]
pub(super) fn offer_scores(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
    let mut row = window.oldest(keys.rows);
    for _ in 0..window.len {
        best.offer(score(query, keys, row) * scale, row as u32);
        row = if row + 1 < keys.rows { row + 1 } else { 0 };
    }
}

/// The product of the query with the key of `row`.
#[inline]
pub(super) fn score(query: &[f32], keys: &Keys, row: usize) -> f32 {
    let (mut at, step) = Keys::place(keys.rows, keys.d_head, row);
    let mut sum = 0.0;
    for q in query {
        let Some(key) = keys.elements.get(at) else { break };
        sum += q * key;
        at += step;
    }
    sum
}

/// The values of the kept rows times their weights, best first.
#[inline(always)]
pub(super) fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    let width = out.len();
    for (&weight, &row) in best.scores.iter().zip(best.rows.iter()) {
        if row == NONE_POSITION {
            continue;
        }
        let value = values.get(row as usize * width..).unwrap_or_default();
        for (out, &value) in out.iter_mut().zip(value) {
            *out += weight * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_holds_the_rows_around_one_that_there_are() {
        let keys = Keys { elements: &[], rows: 40, d_head: 3 };
        for row in 0..40 {
            let tile = keys.tile(row);
            let expected = if TILE == usize::MAX { 0..40 } else { row / 16 * 16..(row / 16 * 16 + 16).min(40) };
            assert_eq!(tile, expected);
            assert!(TILE == usize::MAX || Keys::left_in_tile(row) == row / 16 * 16 + 16 - row);
        }
    }
}
