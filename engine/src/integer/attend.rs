//! Top-k attention (docs/integer.md#8-scores).

use super::constants::LayerConstants;
use super::router::shares;
use super::softmax::MOST;
use super::words::round_shift;
use super::workspace::LayerMemory;

/// A query and how far it was shifted to the right.
pub(super) struct Query<'q> {
    /// `[d_head]`.
    pub values: &'q [i8],
    pub shift: i8,
}

/// The positions that attention keeps, the best first.
#[derive(Default)]
struct Kept {
    count: usize,
    rows: [u16; MOST],
    scores: [i64; MOST],
}

impl Kept {
    /// Puts a position behind those that are as good, if there is room among `most`.
    #[inline(never)]
    fn offer(&mut self, most: usize, row: usize, score: i64) {
        let (mut moved, mut kept) = ((row as u16, score), self.count);
        self.count = most.min(kept + 1);
        for (row, score) in self.rows.iter_mut().zip(&mut self.scores).take(self.count) {
            // From its place on, all move.
            if kept == 0 || *score < moved.1 {
                moved = (core::mem::replace(row, moved.0), core::mem::replace(score, moved.1));
                kept = 1;
            }
            kept -= 1;
        }
    }

    /// Rows of those that are kept.
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = usize> + use<'_> {
        self.rows.iter().take(self.count).map(|&row| row.into())
    }
}

/// `sums`, `[d_model]`: with the sign of their scale, values of the `top_k` positions whose keys answer best to the query, times
/// their shares and `share`, which is the pathway's, in units of 2^-15; how far the greatest of these values was shifted to the
/// right. `rows` are those of the positions in order; among equals, earlier positions are kept.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn attend(
    memory: &LayerMemory,
    query: &Query,
    constants: LayerConstants,
    rows: impl Iterator<Item = usize>,
    top_k: usize,
    share: u32,
    sums: &mut [i32],
) -> i32 {
    let mut kept = Kept::default();
    search(memory, query, constants.score().sign(), rows, top_k.min(MOST), &mut kept);
    let scores = kept.scores.get(..kept.count).unwrap_or_default();
    let score = constants.score();
    let shares = shares(scores, score.mantissa(), -(score.exponent + i32::from(query.shift) + 16));
    let shift_of = |row: usize| i32::from(memory.value_shifts.get(row).copied().unwrap_or(0));
    let mut shift = 0;
    for row in kept.rows() {
        shift = shift_of(row).max(shift);
    }
    let scale = constants.value();
    let pathway = (scale.mantissa() * share + (1 << 14)) >> 15;
    sums.fill(0);
    for (row, &share) in kept.rows().zip(&shares) {
        // Values of a smaller unit count for less.
        let share = round_shift(share as i32, shift - shift_of(row)) as u32;
        let factor = ((pathway * share + (1 << 15)) >> 16) as i32 * scale.sign();
        let values = memory.values.get(row * sums.len()..).unwrap_or_default();
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(value)));
        }
    }
    shift
}

/// The positions of the best scores.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
fn search(
    memory: &LayerMemory,
    query: &Query,
    sign: i32,
    rows: impl Iterator<Item = usize>,
    top_k: usize,
    kept: &mut Kept,
) {
    for row in rows {
        let keys = memory.keys.get(row * query.values.len()..).unwrap_or_default();
        let dot: i32 = query.values.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum();
        let key_shift = memory.key_shifts.get(row).copied().unwrap_or(0);
        let score = i64::from(sign * dot) << (key_shift & 31);
        kept.offer(top_k, row, score);
    }
}
