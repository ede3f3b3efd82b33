//! Attention, several positions or channels side by side.

use super::lanes::{Lanes, MOST};
use crate::kernel::attention::score;
use crate::kernel::{Keys, TopK, Window};

/// Vectors of scores that are summed in step.
const IN_STEP: usize = 4;

/// Offers the scaled scores of the window's rows, oldest first.
///
/// # Safety
/// The processor has the instructions of `L`; the keys hold an element of each row of the window for every value of
/// `query`.
#[inline(always)]
pub(super) unsafe fn offer_scores<L: Lanes>(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
    for rows in window.rows(keys.stride) {
        let mut row = rows.start;
        while row < rows.end {
            let mut scores = [0.0; IN_STEP * MOST];
            let left = rows.end - row;
            let room = keys.stride - row;
            // Rows behind the window's end may be read: what is there is no part of the result.
            // SAFETY: as the caller promises: all rows that are read lie below the stride.
            let done = unsafe {
                if left > L::COUNT && room >= IN_STEP * L::COUNT {
                    products::<L, IN_STEP>(query, keys, row, &mut scores);
                    IN_STEP * L::COUNT
                } else if room >= L::COUNT {
                    products::<L, 1>(query, keys, row, &mut scores);
                    L::COUNT
                } else {
                    scores[0] = score(query, keys, row);
                    1
                }
            };
            for (index, &score) in scores.iter().take(done.min(left)).enumerate() {
                let score = score * scale;
                if best.admits(score) {
                    best.offer(score, (row + index) as u32);
                }
            }
            row += done;
        }
    }
}

/// The products of the query with `N` vectors of rows from `row` on.
///
/// # Safety
/// As [`offer_scores`]; there is room for all rows.
#[inline(always)]
unsafe fn products<L: Lanes, const N: usize>(
    query: &[f32],
    keys: &Keys,
    row: usize,
    scores: &mut [f32; IN_STEP * MOST],
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [L::splat(0.0); N];
        let mut at = keys.elements.as_ptr().add(row);
        for &q in query {
            let q = L::splat(q);
            for (index, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(q.mul(L::load(at.add(index * L::COUNT))));
            }
            at = at.wrapping_add(keys.stride);
        }
        for (index, sum) in sums.iter().enumerate() {
            sum.store(scores.as_mut_ptr().add(index * L::COUNT));
        }
    }
}

/// The values of the kept rows times their weights, best first.
///
/// # Safety
/// The processor has the instructions of `L`; `out` is whole vectors.
#[inline(always)]
pub(super) unsafe fn add_values<L: Lanes>(best: &TopK, values: &[f32], out: &mut [f32]) {
    let width = out.len();
    let mut channel = 0;
    while channel < width {
        // SAFETY: a row that is not whole within the values is left out, and the channel lies in the row.
        unsafe {
            let mut sum = L::splat(0.0);
            for (&weight, &row) in best.scores.iter().zip(best.rows.iter()) {
                let start = row as usize * width;
                if start + width <= values.len() {
                    let value = L::load(values.as_ptr().add(start + channel));
                    sum = sum.add(L::splat(weight).mul(value));
                }
            }
            sum.store(out.as_mut_ptr().add(channel));
        }
        channel += L::COUNT;
    }
}
