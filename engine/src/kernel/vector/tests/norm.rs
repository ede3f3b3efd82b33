//! Layer norm.

use std::vec;

use super::{bytes, with_each, UNTOUCHED};
use crate::kernel::definition;
use crate::kernel::properties::Current;
use crate::kernel::vector::backend::LayerNorm;
use crate::kernel::vector::instructions::Instructions;
use crate::random::{bits, Rng};
use crate::weights::{Floats, Norm};

/// Whether the kernel in use takes so many floats.
fn is_taken(gamma: usize, beta: usize, x: usize, out: usize) -> bool {
    let mut rng = Rng(1);
    let [gamma, beta] = [gamma, beta].map(|count| bytes(&rng.values(count, false)));
    let norm = Norm { gamma: Floats::new(&gamma), beta: Floats::new(&beta) };
    let x = rng.values(x, false);
    let mut found = vec![UNTOUCHED; out];
    let mut expected = found.clone();
    let taken = Current::run(LayerNorm { norm: &norm, x: &x, out: &mut found }).is_some();
    if taken {
        definition::layer_norm(&norm, &x, &mut expected);
    }
    assert_eq!(bits(&found), bits(&expected));
    taken
}

#[test]
fn rows_with_as_many_parameters_are_taken() {
    with_each(|takes| {
        for rows in 0..14 {
            assert_eq!(is_taken(32, 32, 32 * rows, 32 * rows), takes, "{rows} rows");
        }
        assert_eq!(is_taken(16, 16, 2 * 16 + 3, 2 * 16 + 7), takes);
        assert_eq!(is_taken(18, 18, 18, 18), takes, "no whole vectors");
        assert!(!is_taken(32, 31, 64, 64), "beta is too short");
        assert!(!is_taken(32, 33, 64, 64), "beta is too long");
        assert!(!is_taken(32, 32, 64, 63), "too few outputs");
    });
}
