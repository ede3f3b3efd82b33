//! Attention, several positions or channels side by side.

use core::ops::Range;

use super::lanes::{Lanes, MAX_LANES};
use crate::kernel::attention::score;
use crate::kernel::properties::{Current, Properties};
use crate::kernel::{Keys, TopK, Window};

/// Vectors of scores that are summed in step.
const IN_STEP: usize = 4;

/// Some rows of one tile, as many as there are lanes.
#[derive(Clone, Copy)]
struct Vector {
    /// Their first elements.
    start: *const f32,
    /// From one element to the next.
    step: usize,
    first_row: usize,
}

impl Vector {
    /// The rows around `row`, which is among them; `None` where the tile has too few.
    fn around(keys: &Keys, row: usize, lanes: usize) -> Option<Self> {
        let (_, step) = Keys::place(keys.rows, keys.d_head, row);
        let last_in_tile = step.checked_sub(lanes)?;
        let in_tile = row % Current::KEY_TILE;
        let first_row = row - in_tile + (in_tile - in_tile % lanes).min(last_in_tile);
        let (at, _) = Keys::place(keys.rows, keys.d_head, first_row);
        Some(Self { start: keys.elements.as_ptr().wrapping_add(at), step, first_row })
    }
}

/// Offers the scaled scores of the window's rows, oldest first.
///
/// # Safety
/// The processor has the instructions of `L`; the keys have as many elements as `query`, and hold all rows of the window.
#[inline(always)]
pub(in crate::kernel) unsafe fn offer_scores<L: Lanes>(
    query: &[f32],
    keys: &Keys,
    window: &Window,
    scale: f32,
    best: &mut TopK,
) {
    for rows in window.rows(keys.rows) {
        let mut row = rows.start;
        while row < rows.end {
            let Some(first) = Vector::around(keys, row, L::COUNT) else {
                best.offer(score(query, keys, row) * scale, row as u32);
                row += 1;
                continue;
            };
            let mut vectors = [first; IN_STEP];
            let mut count = 0;
            let start = row;
            for slot in &mut vectors {
                let Some(vector) = Vector::around(keys, row, L::COUNT).filter(|_| row < rows.end) else { break };
                *slot = vector;
                row = vector.first_row + L::COUNT;
                count += 1;
            }
            // SAFETY: as the caller promises: `around` gives vectors of rows that there is room for. What is behind the
            // window's end may be read, but is no part of the result.
            unsafe {
                match count {
                    1 => offer::<L, 1>(query, &vectors, start..rows.end, scale, best),
                    2 => offer::<L, 2>(query, &vectors, start..rows.end, scale, best),
                    _ => offer::<L, IN_STEP>(query, &vectors, start..rows.end, scale, best),
                }
            }
        }
    }
}

/// Offers the scores of the first `N` vectors, of their rows within `rows` that no vector before them has. Vectors may be
/// the same.
///
/// # Safety
/// As [`offer_scores`]; the vectors' rows are within the keys.
#[inline(always)]
unsafe fn offer<L: Lanes, const N: usize>(
    query: &[f32],
    vectors: &[Vector; IN_STEP],
    rows: Range<usize>,
    scale: f32,
    best: &mut TopK,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let products = products::<L, N>(query, vectors);
        let mut next = rows.start;
        for (product, vector) in products.into_iter().zip(vectors) {
            let scores = product.mul(L::splat(scale));
            // Few scores enter: the others are passed over a vector at a time.
            let Some(least) = best.least() else { break };
            let above = scores.lanes_above(L::splat(least)) & lanes(vector, next..rows.end);
            if above != 0 {
                let mut values = [0.0; MAX_LANES];
                scores.store(values.as_mut_ptr());
                if !L::enter(best, &values, above, vector.first_row as u32) {
                    enter(best, &values, above, vector.first_row);
                }
            }
            next = next.max(vector.first_row + L::COUNT);
        }
    }
}

/// The lanes of the vector's rows within `rows`, the first row's lowest. No vector has more rows than there are lanes.
#[inline(always)]
fn lanes(vector: &Vector, rows: Range<usize>) -> u32 {
    let below = |row: usize| (1_u32 << row.saturating_sub(vector.first_row).min(MAX_LANES)) - 1;
    below(rows.end) & !below(rows.start)
}

/// [`TopK::offer`] of the values of some lanes. It compares with the best kept first, this from the last one on: most scores
/// that enter do not rise far.
#[inline(always)]
fn enter(best: &mut TopK, values: &[f32; MAX_LANES], mut lanes: u32, first_row: usize) {
    while lanes != 0 {
        let lane = lanes.trailing_zeros() as usize;
        lanes &= lanes - 1;
        let (score, row) = (values[lane % MAX_LANES], (first_row + lane) as u32);
        let slots = best.scores.iter_mut().zip(best.rows.iter_mut()).rev();
        let mut place: Option<(&mut f32, &mut u32)> = None;
        for (kept, at) in slots.take_while(|(kept, _)| score > **kept) {
            if let Some((below, at_below)) = place {
                (*below, *at_below) = (*kept, *at);
            }
            place = Some((kept, at));
        }
        if let Some((kept, at)) = place {
            (*kept, *at) = (score, row);
        }
    }
}

/// The products of the query with the first `N` vectors of rows.
///
/// # Safety
/// As [`offer`].
#[inline(always)]
unsafe fn products<L: Lanes, const N: usize>(query: &[f32], vectors: &[Vector; IN_STEP]) -> [L; N] {
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [L::splat(0.0); N];
        let mut vectors = *vectors;
        for &q in query {
            let q = L::splat(q);
            for (sum, vector) in sums.iter_mut().zip(&mut vectors) {
                *sum = sum.add(q.mul(L::load(vector.start)));
                vector.start = vector.start.wrapping_add(vector.step);
            }
        }
        sums
    }
}

/// The values of the kept rows times their weights, best first.
///
/// # Safety
/// The processor has the instructions of `L`; `out` is whole vectors.
#[inline(always)]
pub(in crate::kernel) unsafe fn add_values<L: Lanes>(best: &TopK, values: &[f32], out: &mut [f32]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::vec;

    /// Vectors start at whole numbers of them, so that few rows are in two; only the last one of a short tile does not.
    #[test]
    fn a_row_has_a_vector_around_it_where_its_tile_has_as_many_rows() {
        for (rows, lanes) in [4, 8, 16].into_iter().flat_map(|lanes| (1..40).map(move |rows| (rows, lanes))) {
            let elements = vec![0.0; 3 * rows];
            let keys = Keys { elements: &elements, rows, d_head: 3 };
            for row in 0..rows {
                let tile = keys.tile(row);
                let Some(vector) = Vector::around(&keys, row, lanes) else {
                    assert!(tile.len() < lanes, "row {row} of {rows}, {lanes} lanes");
                    continue;
                };
                let whole = tile.start + (row - tile.start) / lanes * lanes;
                assert_eq!(vector.first_row, whole.min(tile.end - lanes), "row {row} of {rows}, {lanes} lanes");
                let (at, step) = Keys::place(rows, 3, vector.first_row);
                assert!(vector.start == &raw const elements[at] && vector.step == step);
            }
        }
    }
}
