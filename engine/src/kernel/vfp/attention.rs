//! The sums of attention.

use super::products::{add_scaled, eight_dots, ROWS};
use crate::kernel::attention::{score, Keys, TopK, Window};

/// Offers the scores of the rows of the window, which are computed eight at a time.
pub(in crate::kernel) fn offer_scores(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
    for rows in window.rows(keys.rows) {
        let mut row = rows.start;
        while row < rows.end {
            let tile = keys.tile(row);
            let last = rows.end.min(tile.end).min(row + ROWS);
            // Where fewer rows are left, earlier or later ones make up the eight: what they give is thrown away.
            let from = row.min(tile.end.saturating_sub(ROWS)).max(tile.start);
            let (at, step) = Keys::place(keys.rows, keys.d_head, from);
            let dots = keys.elements.get(at..).and_then(|elements| eight_dots(query, elements, step));
            for row in row..last {
                let known = dots.and_then(|dots| dots.get(row - from).copied());
                let score = known.unwrap_or_else(|| score(query, keys, row)) * scale;
                if best.least().is_some_and(|least| score > least) {
                    best.offer(score, row as u32);
                }
            }
            row = last;
        }
    }
}

/// The values of the kept rows times their weights, best first.
pub(in crate::kernel) fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    let width = out.len();
    for (&weight, &row) in best.scores.iter().zip(best.rows.iter()) {
        let start = (row as usize).checked_mul(width);
        if let Some(value) = start.and_then(|start| values.get(start..)) {
            add_scaled(out, weight, value);
        }
    }
}
