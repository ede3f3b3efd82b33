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

#[cfg(any(test, not(vectors)))]
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
        let key_shift = remembered.key_shifts.get(row).copied().unwrap_or(0);
        kept.offer(top_k, row, score(scale, dot, key_shift));
    }
}

/// [`search`], some positions at a time: branches that nobody can foretell would take most of the time.
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
    let (mut some, mut dots, mut shifts) = ([0; SOME], [0; SOME], [0; SOME]);
    let mut ranks = [NOBODY; SOME + MOST];
    let (mut first, mut before) = (0, 0);
    loop {
        let mut count = 0;
        for (slot, row) in some.iter_mut().zip(&mut rows) {
            *slot = row as u16;
            count += 1;
        }
        if before == 0 {
            [first, ..] = some;
        }
        let (rows, dots) = (some.get(..count).unwrap_or_default(), dots.get_mut(..count).unwrap_or_default());
        super::kernel::dots(query.values, remembered.keys, rows, dots);
        for (shift, &row) in shifts.iter_mut().zip(rows) {
            *shift = remembered.key_shifts.get(usize::from(row)).copied().unwrap_or(0);
        }
        let (new, _) = ranks.split_at_mut(SOME);
        new.fill(NOBODY);
        for (index, ((rank, &mut dot), &shift)) in new.iter_mut().zip(dots).zip(&shifts).enumerate() {
            *rank = score(scale, dot, shift) << ORDER_BITS | (LAST - (before + index) as i64);
        }
        let mut found = [NOBODY; MOST];
        let mut above = i64::MAX;
        for slot in found.iter_mut().take(top_k) {
            above = greatest_below(&ranks, above);
            *slot = above;
        }
        let (_, best) = ranks.split_at_mut(SOME);
        best.iter_mut().zip(found).for_each(|(best, found)| *best = found);
        before += count;
        if count < SOME {
            break;
        }
    }
    let best = ranks.iter().skip(SOME).take_while(|rank| **rank != NOBODY);
    for ((rank, row), score) in best.zip(&mut kept.rows).zip(&mut kept.scores) {
        let place = usize::from(first) + (LAST - (rank & LAST)) as usize;
        // Positions go round the rows.
        let all = remembered.key_shifts.len();
        *row = if place < all { place } else { place - all } as u16;
        *score = rank >> ORDER_BITS;
        kept.count += 1;
    }
}

/// Positions that are looked at together.
#[cfg(vectors)]
const SOME: usize = 64;
/// A rank is a score, of 45 bits at most, and behind it the position, of which the earlier one is the better.
#[cfg(vectors)]
const ORDER_BITS: u32 = 12;
#[cfg(vectors)]
const LAST: i64 = super::MOST_POSITIONS as i64 - 1;
/// Less than every rank.
#[cfg(vectors)]
const NOBODY: i64 = i64::MIN;

#[cfg(vectors)]
const _: () = assert!(super::MOST_POSITIONS == 1 << ORDER_BITS);

/// The greatest rank below another one.
#[cfg(vectors)]
#[inline(always)]
fn greatest_below(ranks: &[i64; SOME + MOST], above: i64) -> i64 {
    // Several at a time, none of which waits for its neighbour.
    let mut greatest = [NOBODY; MOST];
    for ranks in ranks.as_chunks::<MOST>().0 {
        for (greatest, &rank) in greatest.iter_mut().zip(ranks) {
            *greatest = (*greatest).max(if rank < above { rank } else { NOBODY });
        }
    }
    let mut count = MOST / 2;
    while count > 0 {
        let (low, high) = greatest.split_at_mut_checked(count).unwrap_or_default();
        low.iter_mut().zip(high).for_each(|(low, high)| *low = (*low).max(*high));
        count /= 2;
    }
    greatest[0]
}

/// A query times the key in a row.
#[inline(always)]
pub(super) fn dot(query: &[i8], keys: &[i8], row: usize) -> i32 {
    let keys = keys.get(row * query.len()..).unwrap_or_default();
    query.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum()
}

/// How well a key answers, from its [`dot`] and how far it was shifted.
#[inline(always)]
fn score(scale: Scaled, dot: i32, key_shift: i8) -> i64 {
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

#[cfg(all(test, vectors))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::random::Rng;

    #[test]
    fn the_best_are_those_that_offers_keep() {
        let mut rng = Rng(26);
        for max_seq in [1, 5, 63, 64, 65, 200, 1000] {
            for (h, most_shift, most_key) in [(1, 0, 1), (4, 0, 2), (8, 3, 127), (16, 22, 127)] {
                let mut bytes = |count: usize, most: u32| -> Vec<i8> {
                    (0..count).map(|_| ((rng.word() % (2 * most + 1)) as i32 - most as i32) as i8).collect()
                };
                let (keys, values) = (bytes(h * max_seq, most_key), bytes(h, most_key));
                let key_shifts: Vec<i8> = bytes(max_seq, 127).iter().map(|byte| byte & 127).collect();
                let key_shifts: Vec<i8> = key_shifts.iter().map(|shift| shift % (most_shift + 1)).collect();
                let remembered = Remembered { keys: &keys, key_shifts: &key_shifts, values: &[], value_shifts: &[] };
                let query = Query { values: &values, shift: 0 };
                for (scale, top_k) in [(1.0, 1), (1.0, 4), (-1.0, 3), (-1.0, 16), (0.0, 4)] {
                    let scale = Scaled::new(scale);
                    for (newest, len) in
                        [(max_seq - 1, max_seq), (max_seq / 2, max_seq), (max_seq / 3, max_seq / 3 + 1)]
                    {
                        let rows = || (0..len).map(|index| (newest + max_seq + 1 + index - len) % max_seq);
                        let (mut expected, mut found) = (Kept::default(), Kept::default());
                        for row in rows() {
                            let dot = dot(query.values, &keys, row);
                            expected.offer(top_k, row, score(scale, dot, key_shifts[row]));
                        }
                        search(&remembered, &query, scale, rows(), top_k, &mut found);
                        let kept = |kept: &Kept| (kept.count, kept.rows, kept.scores);
                        assert_eq!(kept(&found), kept(&expected), "{len} of {max_seq}, {top_k} kept");
                    }
                }
            }
        }
    }
}
