//! Matrices times vectors.

use std::vec;
use std::vec::Vec;

use super::{packed, with_each, UNTOUCHED};
use crate::kernel::properties::Current;
use crate::kernel::vector::project::wasted;
use crate::kernel::vector::projections::project;
use crate::kernel::{definition, Projection};
use crate::random::{bits, Rng};
use crate::weights::{Matrix, Packing};

/// Whether the kernel in use takes this.
fn is_taken(inputs: &[f32], positions: usize, matrices: &[Matrix]) -> bool {
    let outputs = |compute: &dyn Fn(&mut [Projection])| {
        let mut out: Vec<_> = matrices.iter().map(|matrix| vec![UNTOUCHED; positions * matrix.rows()]).collect();
        let projections = matrices.iter().zip(&mut out).map(|(matrix, out)| Projection::new(matrix, out));
        compute(&mut projections.collect::<Vec<_>>());
        bits(&out.concat())
    };
    let taken = core::cell::Cell::new(false);
    let found = outputs(&|projections| taken.set(project::<Current>(inputs, positions, projections)));
    let expected = outputs(&|projections| {
        if taken.get() {
            definition::project(inputs, positions, projections);
        }
    });
    assert!(found == expected, "{positions} positions, {matrices:?}");
    taken.get()
}

/// [`is_taken`] for random matrices of such `(rows, cols)`.
fn is_taken_of(packing: Packing, sizes: &[(usize, usize)], positions: usize, inputs: &[f32]) -> bool {
    let mut rng = Rng(1);
    let packed: Vec<_> = sizes.iter().map(|(rows, cols)| packed(packing, rows * cols, &mut rng)).collect();
    let pairs = sizes.iter().zip(&packed);
    let matrices: Option<Vec<_>> =
        pairs.map(|(&(rows, cols), packed)| Matrix::with_codec(packing.codec(), packed, 0.3, rows, cols)).collect();
    is_taken(inputs, positions, &matrices.expect("long enough"))
}

#[cfg_attr(miri, ignore = "there is nothing but the definition")]
#[test]
fn rows_that_start_on_bytes_are_taken() {
    with_each(|takes| {
        for packing in Packing::ALL {
            for cols in [4, 60, 256, 260] {
                for positions in [1, 5, 20] {
                    let inputs = Rng(2).values(positions * cols, false);
                    let sizes = [33, 1, 0, 16].map(|rows| (rows, cols));
                    let taken = is_taken_of(packing, &sizes, positions, &inputs);
                    assert_eq!(taken, takes, "{packing:?}, {cols} columns, {positions} positions");
                }
            }
        }
    });
}

#[test]
fn other_sizes_are_not_taken() {
    with_each(|takes| {
        let inputs = Rng(2).values(3 * 12, false);
        for packing in Packing::ALL {
            let taken = |sizes: &[(usize, usize)], positions| is_taken_of(packing, sizes, positions, &inputs);
            assert_eq!(taken(&[(20, 12), (3, 12)], 3), takes);
            assert!(!taken(&[(20, 12), (3, 8)], 3), "other columns");
            assert!(!taken(&[(20, 10)], 3), "rows within bytes");
            assert!(!taken(&[(20, 0)], 3), "no columns");
            assert!(!taken(&[], 3), "no matrices");
            assert!(!taken(&[(20, 12)], 4), "too few inputs");
        }
        // There is room for the codes of four matrices; others need none.
        assert!(!is_taken_of(Packing::BaseThree, &[(2, 12); 5], 3, &inputs));
        assert_eq!(is_taken_of(Packing::TwoBits, &[(2, 12); 5], 3, &inputs), takes);
    });
}

/// Twice the sums of 65,535 such values stay below the greatest float.
#[cfg_attr(miri, ignore = "there is nothing but the definition")]
#[test]
fn values_from_2_to_the_100_on_are_not_taken() {
    let limit = 2.0_f32.powi(100);
    with_each(|takes| {
        for packing in Packing::ALL {
            let taken = |value, at: usize| {
                let mut inputs = [0.5; 2 * 8 + 1];
                inputs[at] = value;
                is_taken_of(packing, &[(5, 8)], 2, &inputs)
            };
            for at in [0, 7, 15] {
                for value in [limit.next_down(), -limit.next_down(), 0.0, -0.0, 1e-45] {
                    assert_eq!(taken(value, at), takes, "{value} at {at}");
                }
                for value in [limit, -limit, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
                    assert!(!taken(value, at), "{value} at {at}");
                }
            }
            assert_eq!(taken(f32::NAN, 16), takes, "behind the last position");
        }
    });
}

#[test]
fn places_that_stay_empty_are_counted() {
    assert_eq!([0, 1, 5, 7].map(|count| wasted(count, 5)), [0, 4, 0, 3]);
}
