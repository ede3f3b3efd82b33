//! Top-k attention (docs/integer.md#8-scores).

use super::constants::LayerConstants;
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

/// A position that attention keeps.
#[derive(Clone, Copy, Default)]
struct Kept {
    row: usize,
    score: i64,
}

/// Sums over the positions kept, and their unit.
pub(super) struct Attended {
    /// Bits that the greatest value was shifted to the right.
    pub shift: i32,
}

/// `sums`, `[d_model]`: with the sign of their scale, values of the `top_k` positions whose keys answer best to the query, times their shares and `share`, which
/// is the pathway's, in units of 2^-15. `rows` are those of the positions in order; among equals, earlier positions are kept.
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
    let mut kept = [Kept::default(); MOST];
    let kept = search(remembered, query, constants, rows, kept.get_mut(..top_k.min(MOST)).unwrap_or_default());
    let mut shares = [0; MOST];
    let best = kept.first().map_or(0, |best| best.score);
    let right = -(constants.score.exponent + i32::from(query.shift) + 16);
    for (share, kept) in shares.iter_mut().zip(kept) {
        *share = distance(best - kept.score, constants.score, right);
    }
    softmax(shares.get_mut(..kept.len()).unwrap_or_default());

    let shift_of = |row: usize| i32::from(remembered.value_shifts.get(row).copied().unwrap_or(0));
    let shift = kept.iter().map(|kept| shift_of(kept.row)).max().unwrap_or(0);
    let pathway = (constants.value.mantissa() * i64::from(share) + (1 << 14)) >> 15;
    sums.fill(0);
    for (kept, &share) in kept.iter().zip(&shares) {
        // Values of a smaller unit count for less.
        let share = round_shift(i64::from(share), shift - shift_of(kept.row));
        let factor = (round_shift(pathway * share, 16) * constants.value.sign()) as i32;
        let values = remembered.values.get(kept.row * sums.len()..).unwrap_or_default();
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum = sum.wrapping_add(factor.wrapping_mul(i32::from(value)));
        }
    }
    Attended { shift }
}

/// The positions of the best scores, the best first.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
fn search<'k>(
    remembered: &Remembered,
    query: &Query,
    constants: &LayerConstants,
    rows: impl Iterator<Item = usize>,
    kept: &'k mut [Kept],
) -> &'k [Kept] {
    let mut count = 0;
    for row in rows {
        let keys = remembered.keys.get(row * query.values.len()..).unwrap_or_default();
        let dot: i32 = query.values.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum();
        let key_shift = remembered.key_shifts.get(row).copied().unwrap_or(0);
        let score = (constants.score.sign() * i64::from(dot)) << (key_shift & 31);
        insert(kept, &mut count, Kept { row, score });
    }
    kept.get(..count).unwrap_or_default()
}

/// Puts a position behind those that are as good, if there is room.
fn insert(kept: &mut [Kept], count: &mut usize, new: Kept) {
    let place = kept.iter().take(*count).position(|kept| kept.score < new.score).unwrap_or(*count);
    let end = kept.len().min(*count + 1);
    let mut moved = new;
    for slot in kept.get_mut(place..end).unwrap_or_default() {
        core::mem::swap(slot, &mut moved);
        *count = end;
    }
}
