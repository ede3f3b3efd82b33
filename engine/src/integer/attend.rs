//! Top-k attention (docs/integer.md#8-scores).

use super::constants::LayerConstants;
use super::scaled::Scaled;
use super::softmax::{distance, softmax, MOST};
use super::words::round_shift;

/// Keys and values of one layer, by row.
pub(super) struct Remembered<'r> {
    /// `[max_seq][d_head]`, and how far each row was shifted to the right.
    pub keys: &'r [i8],
    pub key_shifts: &'r [i8],
    /// `[max_seq][d_model]`, and how far each row was shifted to the right.
    pub values: &'r [i8],
    pub value_shifts: &'r [i8],
}

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
        let place = self.scores.iter().take(self.count).position(|&kept| kept < score).unwrap_or(self.count);
        let end = most.min(self.count + 1);
        let (rows, scores) = (self.rows.get_mut(place..end), self.scores.get_mut(place..end));
        let mut moved = (row as u16, score);
        for (row, kept) in rows.unwrap_or_default().iter_mut().zip(scores.unwrap_or_default()) {
            core::mem::swap(row, &mut moved.0);
            core::mem::swap(kept, &mut moved.1);
            self.count = end;
        }
    }
}

/// Sums over the positions kept, and their unit.
pub(super) struct Attended {
    /// Bits that the greatest value was shifted to the right.
    pub shift: i32,
}

/// `sums`, `[d_model]`: with the sign of their scale, values of the `top_k` positions whose keys answer best to the query, times
/// their shares and `share`, which is the pathway's, in units of 2^-15. `rows` are those of the positions in order; among
/// equals, earlier positions are kept.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn attend(
    remembered: &Remembered,
    query: &Query,
    constants: &LayerConstants,
    rows: impl Iterator<Item = usize>,
    top_k: usize,
    share: u32,
    sums: &mut [i32],
) -> Attended {
    let mut kept = Kept::default();
    search(remembered, query, constants.score, rows, top_k.min(MOST), &mut kept);
    let shares = shares(&kept, constants.score, query.shift);
    let kept = || kept.rows.iter().take(kept.count).map(|&row| usize::from(row));
    let shift_of = |row: usize| i32::from(remembered.value_shifts.get(row).copied().unwrap_or(0));
    let shift = kept().map(shift_of).max().unwrap_or(0);
    let pathway = (constants.value.mantissa() * i64::from(share) + (1 << 14)) >> 15;
    sums.fill(0);
    for (row, &share) in kept().zip(&shares) {
        // Values of a smaller unit count for less.
        let share = round_shift(i64::from(share), shift - shift_of(row));
        let factor = (round_shift(pathway * share, 16) * constants.value.sign()) as i32;
        let values = remembered.values.get(row * sums.len()..).unwrap_or_default();
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(value)));
        }
    }
    Attended { shift }
}

/// The positions of the best scores.
#[cfg(not(vectors))]
#[inline(never)]
fn search(
    remembered: &Remembered,
    query: &Query,
    scale: Scaled,
    rows: impl Iterator<Item = usize>,
    top_k: usize,
    kept: &mut Kept,
) {
    for row in rows {
        let dot = dot(query.values, remembered.keys, row);
        kept.offer(top_k, row, score(remembered, scale, row, dot));
    }
}

/// [`search`], some positions at a time.
#[cfg(vectors)]
#[inline(always)]
fn search(
    remembered: &Remembered,
    query: &Query,
    scale: Scaled,
    mut rows: impl Iterator<Item = usize>,
    top_k: usize,
    kept: &mut Kept,
) {
    const SOME: usize = 64;
    let (mut some, mut dots) = ([0; SOME], [0; SOME]);
    loop {
        let mut count = 0;
        for (slot, row) in some.iter_mut().zip(&mut rows) {
            *slot = row as u16;
            count += 1;
        }
        let (some, dots) = (some.split_at(count).0, dots.split_at_mut(count).0);
        super::kernel::dots(query.values, remembered.keys, some, dots);
        for (&row, &mut dot) in some.iter().zip(dots) {
            let score = score(remembered, scale, row.into(), dot);
            // Most positions are no better than those that are kept.
            if kept.count < top_k || kept.scores.get(top_k.wrapping_sub(1)).is_some_and(|&worst| score > worst) {
                kept.offer(top_k, row.into(), score);
            }
        }
        if count < SOME {
            break;
        }
    }
}

/// A query times the key in a row.
#[inline(always)]
pub(super) fn dot(query: &[i8], keys: &[i8], row: usize) -> i32 {
    let keys = keys.get(row * query.len()..).unwrap_or_default();
    query.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum()
}

/// How well a row's key answers, from its [`dot`].
#[inline(always)]
fn score(remembered: &Remembered, scale: Scaled, row: usize, dot: i32) -> i64 {
    let key_shift = remembered.key_shifts.get(row).copied().unwrap_or(0);
    (scale.sign() * i64::from(dot)) << (key_shift & 31)
}

/// How much each position counts that is kept, in units of 2^-15.
#[inline(never)]
fn shares(kept: &Kept, scale: Scaled, query_shift: i8) -> [u16; MOST] {
    let mut shares = [0; MOST];
    let best = kept.scores.first().copied().unwrap_or(0);
    let right = -(scale.exponent + i32::from(query_shift) + 16);
    for (share, score) in shares.iter_mut().zip(&kept.scores).take(kept.count) {
        *share = distance(best - score, scale, right);
    }
    softmax(shares.get_mut(..kept.count).unwrap_or_default());
    shares.map(|share| share as u16)
}
