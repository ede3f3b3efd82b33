//! Every way against the definition.

use std::vec;
use std::vec::Vec;

use super::{by_definition, tables};
use crate::integer::{Layout, Workspace};
use crate::kernel::{Kernel, CHOICE};
use crate::random::Rng;
use crate::weights::{Matrix, Packing};
use crate::{predict_next, Dims, Model, Plan, Shape};

/// Inputs at both ends of their range, and between them.
fn inputs(rng: &mut Rng, count: usize) -> Vec<i16> {
    let kind = rng.word() % 6;
    let value = |rng: &mut Rng| match kind {
        4 => (rng.word() >> 8) as i16 / 2,
        5 => [32_639, -32_767, -32_640, -32_641, -128, -129, 127, 128][rng.word() as usize % 8],
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
pub(super) fn compare(way: impl Fn(&[Matrix], &[i16], &mut [i32]) -> bool) -> usize {
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

/// Compares a way of multiplying several positions' inputs: of some it may decline.
#[cfg(vectors)]
pub(super) fn compare_together(way: impl Fn(&[Matrix], usize, &[i16], &mut [i32]) -> bool) -> usize {
    let mut rng = Rng(24);
    let mut done = 0;
    for cols in [4, 12, 16, 60, 64, 72, 128, 256, 260, 512, 1024] {
        for rows in [&[1][..], &[3, 4, 5], &[16, 64, 16, 3], &[7, 1, 33]] {
            for positions in [1, 2] {
                let data: Vec<_> = rows.iter().map(|rows| packed(&mut rng, Packing::TwoBits, rows * cols)).collect();
                let matrices = data.iter().zip(rows).map(|(data, &rows)| Matrix::new(data, 1.0, rows, cols).unwrap());
                let matrices: Vec<Matrix> = matrices.collect();
                let all: usize = rows.iter().sum();
                let inputs: Vec<i16> = (0..positions).flat_map(|_| inputs(&mut rng, cols)).collect();
                let mut expected = vec![0; all * positions];
                for (inputs, expected) in inputs.chunks(cols).zip(expected.chunks_mut(all)) {
                    by_definition(&matrices, inputs, expected);
                }
                let mut found = vec![-1; expected.len()];
                if way(&matrices, cols, &inputs, &mut found) {
                    assert_eq!(found, expected, "{positions} of {cols} columns, rows {rows:?}");
                    done += 1;
                }
            }
        }
    }
    done
}

#[cfg(vectors)]
#[test]
fn this_target_has_the_definitions_sums_of_several_positions() {
    with_each_kernel(|kernel| {
        let way = |matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]| {
            super::project_together(matrices, cols, inputs, sums);
            true
        };
        assert_eq!(compare_together(way), 88, "{}", kernel.name());
    });
}

#[test]
fn tables_have_the_definitions_sums() {
    for room in [256, 0] {
        let done = compare(|matrices, inputs, sums| tables::project(matrices, inputs, sums, &mut vec![7; room]));
        assert!(done > 40, "{done}");
    }
}

/// The ways of this target.
#[test]
fn this_target_has_the_definitions_sums() {
    with_each_kernel(|kernel| {
        let way = |matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]| {
            super::project(matrices, inputs, sums, &mut [7; 300]);
            true
        };
        assert_eq!(compare(way), 240, "{}", kernel.name());
    });
}

/// Does something with every kernel of this target, one after the other.
fn with_each_kernel(mut what: impl FnMut(Kernel)) {
    let _one_at_a_time = CHOICE.lock();
    let before = Kernel::current();
    Kernel::ALL.into_iter().filter(|kernel| kernel.select()).for_each(&mut what);
    before.select();
}

#[test]
fn this_target_has_the_definitions_convolutions() {
    with_each_kernel(|kernel| {
        compare_convolutions(kernel.name(), |taps, newest, history, sums| {
            super::convolve(taps, newest, history, sums);
            sums.len()
        });
    });
}

#[test]
fn five_taps_have_the_definitions_convolutions() {
    let mut done = 0;
    compare_convolutions("five taps", |taps, newest, history, sums| {
        let channels = super::five_taps::convolve(taps, newest, history, sums);
        done += channels;
        channels
    });
    // Of some of the shapes, all fours.
    assert!(done >= 4 + 8 + 20 + 64 + 100 + 256, "{done}");
}

/// Compares a way on taps of some shapes and formats: it may do some of the first channels.
fn compare_convolutions(name: &str, mut way: impl FnMut(&Matrix, &[i16], &[i16], &mut [i32]) -> usize) {
    let mut rng = Rng(21);
    for d in [1, 7, 8, 20, 64, 100, 256] {
        for taps in 1..=16 {
            for packing in Packing::ALL {
                let data = packed(&mut rng, packing, d * taps);
                let matrix = Matrix::with_codec(packing.codec(), &data, 1.0, d, taps).expect("long enough");
                for rows in [rng.word() as usize % taps, taps - 1] {
                    let (newest, history) = (inputs(&mut rng, d), inputs(&mut rng, d * rows));
                    let mut found = vec![-1; d];
                    let done = way(&matrix, &newest, &history, &mut found);
                    let input = |tap: usize, channel: usize| match tap {
                        0 => newest[channel],
                        _ => history.get((tap - 1) * d + channel).copied().unwrap_or(0),
                    };
                    for (channel, &found) in found.iter().enumerate().take(done) {
                        let weight = |tap| i32::from(matrix.weight(channel * taps + tap));
                        let expected: i32 = (0..taps).map(|tap| weight(tap) * i32::from(input(tap, channel))).sum();
                        assert_eq!(found, expected, "{name}, {packing:?}, {taps} taps, {channel} of {d}");
                    }
                }
            }
        }
    }
}

#[cfg(vectors)]
#[test]
fn this_target_has_the_definitions_products_of_keys() {
    let mut rng = Rng(23);
    with_each_kernel(|kernel| {
        for h in [1, 3, 8, 16, 24, 32, 64, 100, 128, 255, 256] {
            for rows in [1, 3, 4, 9, 64] {
                let mut bytes = |count: usize, kind| -> Vec<i8> {
                    let byte = |rng: &mut Rng| if kind == 0 { -128 } else { (rng.word() >> 20) as i8 };
                    (0..count).map(|_| byte(&mut rng)).collect()
                };
                let (query, keys) = (bytes(h, rows % 2), bytes(h * rows, rows % 4));
                let order: Vec<u16> = (0..rows as u16).map(|row| (row * 7) % rows as u16).collect();
                let mut found = vec![-1; rows];
                super::dots(&query, &keys, &order, &mut found);
                for (&row, &found) in order.iter().zip(&found) {
                    let keys = &keys[usize::from(row) * h..];
                    let expected: i32 = query.iter().zip(keys).map(|(&q, &k)| i32::from(q) * i32::from(k)).sum();
                    assert_eq!(found, expected, "{}, {h} columns, row {row} of {rows}", kernel.name());
                }
            }
        }
    });
}

/// All steps, which compilers turn into other instructions for each of them.
#[test]
fn every_kernel_predicts_the_same_bits() {
    let shape = Shape::new(Dims { d_model: 72, n_layers: 2, d_head: 24, ..Dims::DEFAULT }).unwrap();
    let mut rng = Rng(22);
    for hostile in [false, true] {
        let mut blob = vec![0; Model::blob_len(&shape)];
        blob.iter_mut().for_each(|byte| *byte = rng.word() as u8);
        if !hostile {
            // Floats of about 1, at any place that is one of a float's four bytes.
            blob.iter_mut().for_each(|byte| *byte = if rng.word().is_multiple_of(2) { 0x3f } else { *byte });
        }
        blob[..7].copy_from_slice(b"ATOME01");
        let model = Model::new(shape, &blob).unwrap();
        let layout = Layout::new(shape, 24, Plan::Cached).unwrap();
        let mut first: Option<Vec<u32>> = None;
        with_each_kernel(|kernel| {
            let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
            let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
            let mut all = Vec::new();
            for n in 1..=24 {
                predict_next(&model, &mut workspace, (0..n).map(|index| index * 37 % 256)).unwrap();
                all.extend(workspace.logits().iter().map(|logit| logit.to_bits()));
            }
            assert_eq!(first.get_or_insert_with(|| all.clone()), &all, "{}", kernel.name());
        });
    }
}
