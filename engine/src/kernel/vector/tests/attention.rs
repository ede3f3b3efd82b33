//! The scores of keys, and the values of those that are kept.

use std::vec;
use std::vec::Vec;

use super::{with_each, UNTOUCHED};
use crate::kernel::attention::score;
use crate::kernel::properties::Current;
use crate::kernel::vector::backend::{AddValues, OfferScores};
use crate::kernel::vector::instructions::Instructions;
use crate::kernel::{Keys, TopK, Window};
use crate::random::{bits, Rng};

const SCALE: f32 = 0.3;

/// Whether the kernel in use takes a query of `query` elements, with keys of `d_head` in a cache of `rows`, whose array has
/// `elements`.
fn is_taken(query: usize, d_head: usize, rows: usize, elements: usize, window: Window, slots: usize) -> bool {
    let mut rng = Rng(1);
    let (query, elements) = (rng.values(query, false), rng.values(elements, false));
    let keys = Keys { elements: &elements, rows, d_head };
    let (mut scores, mut kept) = (vec![UNTOUCHED; slots], vec![0; slots]);
    let (query, keys, window) = (&query[..], &keys, &window);
    let best = &mut TopK::new(&mut scores, &mut kept);
    let taken = Current::run(OfferScores { query, keys, window, scale: SCALE, best }).is_some();
    let (mut expected_scores, mut expected) = (vec![UNTOUCHED; slots], vec![0; slots]);
    let mut best = TopK::new(&mut expected_scores, &mut expected);
    for row in window.rows(rows).into_iter().flatten().filter(|_| taken) {
        best.offer(score(query, keys, row) * SCALE, row as u32);
    }
    assert_eq!((bits(&scores), kept), (bits(&expected_scores), expected), "{rows} rows of {d_head}, {window:?}");
    taken
}

#[test]
fn all_windows_of_the_rows_are_taken() {
    with_each(|takes| {
        for rows in [1_usize, 7, 16, 40, 100].into_iter().take(if cfg!(miri) { 2 } else { 5 }) {
            for newest in [0, rows / 2, rows - 1] {
                for len in [1, rows.div_ceil(2), rows] {
                    for slots in [1, 5, 20] {
                        assert_eq!(is_taken(5, 5, rows, 5 * rows, Window { newest, len }, slots), takes);
                    }
                }
            }
        }
    });
}

#[test]
fn keys_that_are_not_there_are_not_taken() {
    let window = Window { newest: 39, len: 40 };
    with_each(|takes| {
        assert_eq!(is_taken(5, 5, 40, 200, window, 3), takes);
        assert_eq!(is_taken(5, 5, 40, 207, window, 3), takes);
        assert!(!is_taken(5, 5, 40, 199, window, 3), "too few elements");
        assert!(!is_taken(4, 5, 40, 200, window, 3), "a shorter query");
        assert!(!is_taken(5, 4, 40, 200, window, 3), "shorter keys");
        for newest in [40, 41] {
            assert!(!is_taken(5, 5, 40, 200, Window { newest, len: 1 }, 3), "row {newest} of 40");
        }
        assert!(!is_taken(5, 5, 40, 200, Window { newest: 39, len: 41 }, 3), "more positions than rows");
    });
}

/// A row that is not there adds nothing.
#[test]
fn whole_vectors_of_channels_are_taken() {
    with_each(|takes| {
        for width in [16, 48, 18] {
            let values = Rng(1).values(9 * width + 2, false);
            let (mut scores, mut rows) = ([0.5, -0.25, 0.3, 7.0], [4, 8, 0, 9]);
            let best = TopK { scores: &mut scores, rows: &mut rows };
            let mut out = vec![UNTOUCHED; width];
            let taken = Current::run(AddValues { best: &best, values: &values, out: &mut out }).is_some();
            assert_eq!(taken, takes && width != 18);
            let sum = |channel: usize| {
                let products =
                    [(0.5, 4), (-0.25, 8), (0.3, 0)].map(|(weight, row)| weight * values[row * width + channel]);
                products.into_iter().fold(0.0, |sum, product| sum + product)
            };
            let expected = (0..width).map(|channel| if taken { sum(channel) } else { UNTOUCHED });
            assert_eq!(bits(&out), bits(&expected.collect::<Vec<f32>>()));
        }
    });
}
