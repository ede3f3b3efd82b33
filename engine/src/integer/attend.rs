//! Top-k attention (docs/integer.md#8-scores).

use super::constants::LayerConstants;
#[cfg(any(test, not(vectors)))]
use super::project::dot;
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
    #[cfg(any(test, not(vectors)))]
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
#[cfg(not(vectors))]
#[inline(never)]
fn search(
    memory: &LayerMemory,
    query: &Query,
    sign: i32,
    rows: impl Iterator<Item = usize>,
    top_k: usize,
    kept: &mut Kept,
) {
    for row in rows {
        let dot = dot(query.values, memory.keys, row);
        let key_shift = memory.key_shifts.get(row).copied().unwrap_or(0);
        kept.offer(top_k, row, score(sign, dot, key_shift));
    }
}

/// [`search`], some positions at a time: branches that nobody can foretell would take most of the time.
#[cfg(vectors)]
#[inline(always)]
fn search(
    memory: &LayerMemory,
    query: &Query,
    sign: i32,
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
        super::kernel::dots(query.values, memory.keys, rows, dots);
        for (shift, &row) in shifts.iter_mut().zip(rows) {
            *shift = memory.key_shifts.get(usize::from(row)).copied().unwrap_or(0);
        }
        let (new, _) = ranks.split_at_mut(SOME);
        new.fill(NOBODY);
        for (index, ((rank, &mut dot), &shift)) in new.iter_mut().zip(dots).zip(&shifts).enumerate() {
            *rank = score(sign, dot, shift) << ORDER_BITS | (LAST - (before + index) as i64);
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
        let all = memory.key_shifts.len();
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

/// How well a key answers, from its [`dot`], the sign of their scales and how far it was shifted.
#[inline(always)]
fn score(sign: i32, dot: i32, key_shift: i8) -> i64 {
    i64::from(sign * dot) << (key_shift & 31)
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
                let (mut keys, values) = (bytes(h * max_seq, most_key), bytes(h, most_key));
                let key_shifts: Vec<i8> = bytes(max_seq, 127).iter().map(|byte| byte & 127).collect();
                let mut key_shifts: Vec<i8> = key_shifts.iter().map(|shift| shift % (most_shift + 1)).collect();
                let memory = LayerMemory { keys: &mut keys, key_shifts: &mut key_shifts, ..LayerMemory::default() };
                let query = Query { values: &values, shift: 0 };
                for (sign, top_k) in [(1, 1), (1, 4), (-1, 3), (-1, 16), (0, 4)] {
                    for (newest, len) in
                        [(max_seq - 1, max_seq), (max_seq / 2, max_seq), (max_seq / 3, max_seq / 3 + 1)]
                    {
                        let rows = || (0..len).map(|index| (newest + max_seq + 1 + index - len) % max_seq);
                        let (mut expected, mut found) = (Kept::default(), Kept::default());
                        for row in rows() {
                            let dot = dot(query.values, memory.keys, row);
                            expected.offer(top_k, row, score(sign, dot, memory.key_shifts[row]));
                        }
                        search(&memory, &query, sign, rows(), top_k, &mut found);
                        let kept = |kept: &Kept| (kept.count, kept.rows, kept.scores);
                        assert_eq!(kept(&found), kept(&expected), "{len} of {max_seq}, {top_k} kept");
                    }
                }
            }
        }
    }
}
