//! Every way against the definition.

use std::vec;
use std::vec::Vec;

use super::{by_definition, tables};
use crate::random::Rng;
use crate::weights::{Matrix, Packing};

/// Inputs at both ends of their range, and between them.
fn inputs(rng: &mut Rng, count: usize) -> Vec<i16> {
    let kind = rng.word() % 4;
    let value = |rng: &mut Rng| match kind {
        0 => [32_767, -32_767][rng.word() as usize % 2],
        1 => 32_767,
        2 => [0, 1, -1, 32_640, 32_639, -32_640, 127, 128, -128, -129][rng.word() as usize % 10],
        _ => (rng.word() >> 8) as i16,
    };
    (0..count).map(|_| value(rng).max(-32_767)).collect()
}

/// Bytes that any format reads as weights, those among them that no exporter writes.
fn packed(rng: &mut Rng, packing: Packing, count: usize) -> Vec<u8> {
    let kind = rng.word() % 4;
    let byte = |rng: &mut Rng| match kind {
        0 => 0x55,
        1 => 0xff,
        _ => (rng.word() >> 16) as u8,
    };
    (0..packing.len(count)).map(|_| byte(rng)).collect()
}

/// Compares a way on matrices of some shapes and formats: of each it may decline some.
fn compare(way: impl Fn(&[Matrix], &[i16], &mut [i32]) -> bool) -> usize {
    let mut rng = Rng(20);
    let mut done = 0;
    let columns = [1, 2, 3, 4, 5, 8, 12, 16, 30, 32, 60, 64, 100, 128, 252, 256, 260, 512, 1000, 1024];
    for cols in columns {
        for rows in [&[1][..], &[3, 4, 5], &[16, 64, 16, 3], &[7, 1, 33]] {
            for packing in Packing::ALL {
                let data: Vec<_> = rows.iter().map(|rows| packed(&mut rng, packing, rows * cols)).collect();
                let matrices: Vec<Matrix> = data
                    .iter()
                    .zip(rows)
                    .map(|(data, &rows)| {
                        Matrix::with_codec(packing.codec(), data, 1.0, rows, cols).expect("long enough")
                    })
                    .collect();
                let inputs = inputs(&mut rng, cols);
                let mut expected = vec![0; rows.iter().sum()];
                by_definition(&matrices, &inputs, &mut expected);
                let mut found = vec![-1; expected.len()];
                if way(&matrices, &inputs, &mut found) {
                    assert_eq!(found, expected, "{packing:?}, {cols} columns, rows {rows:?}");
                    done += 1;
                }
            }
        }
    }
    done
}

#[test]
fn tables_have_the_definitions_sums() {
    for room in [256, 0] {
        let done = compare(|matrices, inputs, sums| tables::project(matrices, inputs, sums, &mut vec![7; room]));
        assert!(done > 40, "{done}");
    }
}

/// The way of this target.
#[test]
fn this_target_has_the_definitions_sums() {
    for room in [1000, 256, 0] {
        let way = |matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]| {
            super::project(matrices, inputs, sums, &mut vec![7; room]);
            true
        };
        assert_eq!(compare(way), 240);
    }
}
