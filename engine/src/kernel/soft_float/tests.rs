//! Against the definition, bit by bit.

use std::vec::Vec;

use super::project::project;
use crate::codec::{Codec, BASE_THREE, POWERS_OF_THREE};
use crate::kernel::{matvec_row, Projection};
use crate::random::{bits, Rng, HOSTILE};
use crate::weights::Matrix;

/// Where the miri interpreter stands in for the processor, a sample has to do.
const CASES: usize = if cfg!(miri) { 20 } else { 40_000 };

/// Ways of choosing an input vector.
const KINDS: usize = 12;

fn inputs(rng: &mut Rng, kind: usize, cols: usize) -> Vec<f32> {
    let base = rng.normal();
    let mut x: Vec<f32> = (0..cols).map(|_| one(rng, kind, base)).collect();
    if kind == 9 {
        // Sums that come back to exactly nothing.
        for i in 1..cols {
            if rng.below(2) == 0 {
                x[i] = -x[rng.below(i)];
            }
        }
    }
    x
}

fn one(rng: &mut Rng, kind: usize, base: f32) -> f32 {
    match kind {
        0 | 1 | 9 => rng.normal(),
        // Bits at random: all exponents, subnormals, NaN.
        2 => f32::from_bits(rng.word()),
        3 if rng.below(6) == 0 => HOSTILE[rng.below(HOSTILE.len())],
        3 => rng.normal(),
        // Few significant bits: ties at every step.
        4 => rng.sign() * (1 + rng.below(7)) as f32 * 2f32.powi(-(rng.below(26) as i32)),
        5 => rng.sign() * (0x0080_0001u32 + rng.word() % 6) as f32 * 2f32.powi(-(rng.below(30) as i32)),
        // Always up: the sum leaves every window at the top.
        6 => base.abs() + rng.normal().abs() * 1e-3,
        // Near cancellation of two values far above the others.
        7 => match rng.below(8) {
            0 => 3e5,
            1 => -3e5 - 0.03,
            _ => rng.normal() * 1e-4,
        },
        // Near the end of the range, and near its beginning.
        8 => rng.normal() * 1.2e38,
        10 => rng.normal() * 1e-39,
        // Widely spread.
        _ => rng.normal() * 2f32.powi(rng.below(40) as i32 - 20),
    }
}

fn packed(rng: &mut Rng, rows: usize, cols: usize) -> Vec<u8> {
    let style = rng.below(4);
    let byte = |rng: &mut Rng| match style {
        // Rows of one sign, and sparse ones.
        0 => [0x55, 0x55, 0x15, 0xd5][rng.below(4)],
        1 => (rng.next() & rng.next() & rng.next()) as u8,
        _ => rng.next() as u8,
    };
    // Enough for any format.
    (0..3 + rows * cols / 2).map(|_| byte(rng)).collect()
}

#[test]
fn every_matrix_equals_its_rows() {
    let mut rng = Rng(11);
    let mut terms = 0;
    for case in 0..CASES {
        let kind = case % KINDS;
        let cols = match rng.below(8) {
            0 => rng.below(70),
            1 => 4 * rng.below(160),
            2 => 256,
            _ => 4 * rng.below(20),
        };
        let x = inputs(&mut rng, kind, cols);
        let shapes: Vec<usize> = (0..3).map(|_| rng.below(12)).collect();
        let weights: Vec<Vec<u8>> = shapes.iter().map(|&rows| packed(&mut rng, rows, cols)).collect();
        // All bytes read as something.
        let codec: Option<&'static Codec> = [None, None, Some(&BASE_THREE), Some(&POWERS_OF_THREE)][rng.below(4)];
        let scale = if rng.below(10) == 0 { HOSTILE[rng.below(HOSTILE.len())] } else { rng.normal() };
        let matrices: Vec<Matrix> = shapes
            .iter()
            .zip(&weights)
            .map(|(&rows, w)| Matrix::with_codec(codec, w, scale, rows, cols).expect("long enough"))
            .collect();
        let mut results: Vec<Vec<f32>> = shapes.iter().map(|&rows| [7.0].repeat(3 * rows)).collect();
        let mut outputs: Vec<Projection> =
            matrices.iter().zip(&mut results).map(|(matrix, y)| Projection::new(matrix, y)).collect();
        // Side by side, or every third of an array.
        let stride = 1 + 2 * rng.below(2);
        outputs.iter_mut().for_each(|output| output.row_stride = stride);
        let done = project(&x, 1, &mut outputs);
        assert_eq!(done, shapes.iter().sum::<usize>() >= 8 && cols % 4 == 0, "{shapes:?} x {cols}");
        if !done {
            continue;
        }
        for (matrix, y) in matrices.iter().zip(&results) {
            let expected: Vec<f32> = (0..matrix.rows()).map(|row| matvec_row(matrix, row, &x)).collect();
            let y: Vec<f32> = y.iter().copied().step_by(stride).take(matrix.rows()).collect();
            assert_eq!(bits(&y), bits(&expected), "case {case}, kind {kind}: {} x {cols}, {x:?}", matrix.rows());
        }
        terms += shapes.iter().sum::<usize>() * cols;
    }
    assert!(cfg!(miri) || terms > 15_000_000, "{terms} terms are too few");
}
