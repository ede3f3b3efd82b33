//! The sums of attention.

use super::products::{add_scaled, eight_dots, ROWS};
use crate::kernel::attention::{score, Keys, TopK, Window};

/// Scores the rows of the window eight at a time. Always does all of them.
pub(in crate::kernel) fn offer_scores(
    query: &[f32],
    keys: &Keys,
    window: &Window,
    scale: f32,
    best: &mut TopK,
) -> bool {
    for rows in window.rows(keys.stride) {
        for first in rows.clone().step_by(ROWS) {
            let last = rows.end.min(first + ROWS);
            // Where fewer rows are left, earlier or later ones make up the eight: what they give is thrown away.
            let from = first.min(keys.stride.saturating_sub(ROWS));
            let dots = keys.elements.get(from..).and_then(|elements| eight_dots(query, elements, keys.stride));
            for row in first..last {
                let known = dots.and_then(|dots| dots.get(row - from).copied());
                let score = known.unwrap_or_else(|| score(query, keys, row)) * scale;
                if best.admits(score) {
                    best.offer(score, row as u32);
                }
            }
        }
    }
    true
}

/// The values of the kept rows times their weights, best first. Always does all of them.
pub(in crate::kernel) fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) -> bool {
    out.fill(0.0);
    let width = out.len();
    for (&weight, &row) in best.scores.iter().zip(best.rows.iter()) {
        let start = (row as usize).checked_mul(width);
        if let Some(value) = start.and_then(|start| values.get(start..)) {
            add_scaled(out, weight, value);
        }
    }
    true
}
