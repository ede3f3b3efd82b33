//! Rows of keys: tiles, and windows that wrap around.

use super::attention::{Keys, Window};
use crate::proofs::symbolic::{any_u16, assume, one_of};

/// A place of a row, and how many rows there are.
#[inline(always)]
fn any_row() -> (usize, usize) {
    let (row, rows) = (usize::from(any_u16("row")), usize::from(any_u16("rows")));
    assume(row < rows);
    (row, rows)
}

/// For any rows, and any window of up to as many of them: its rows are inside, disjoint, and as many as it has
/// positions.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_window_has_its_rows() {
    let (newest, rows) = any_row();
    let len = usize::from(any_u16("len"));
    assume((len >= 1) & (len <= rows));
    let [older, newer] = Window { newest, len }.rows(rows);
    assert!((older.start <= older.end) & (older.end <= rows));
    assert!((newer.start <= newer.end) & (newer.end <= rows));
    assert!(older.len() + newer.len() == len);
    assert!(newer.is_empty() | (newer.end <= older.start));
    assert!((if newer.is_empty() { older.end } else { newer.end }) == newest + 1);
}

/// For any rows: a row is in its tile, which is inside, and what is left of the tile reaches to its end or beyond all
/// rows.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_tile_has_its_rows() {
    let (row, rows) = any_row();
    let tile = Keys { elements: &[], rows, d_head: 1 }.tile(row);
    assert!((tile.start <= row) & (row < tile.end) & (tile.end <= rows));
    assert!((Keys::left_in_tile(row) >= 1) & (Keys::left_in_tile(row) >= tile.end - row));
}

/// For 1, 2, 3, 16, 64 and 65,535 elements a key and any rows: the first and the last element of a row, and so those
/// between them, are inside the keys.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_every_element_of_a_key_is_inside() {
    let (row, rows) = any_row();
    let d_head = one_of("which d_head", [1, 2, 3, 16, 64, 65_535]);
    let (first, step) = Keys::place(rows, d_head, row);
    assert!(first < rows * d_head);
    assert!(first + (d_head - 1) * step < rows * d_head);
}
