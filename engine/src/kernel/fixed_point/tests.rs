//! Against the definition, bit by bit.

use std::vec::Vec;

use super::accumulate::row_sum;
use super::project::{project, project_one};
use super::sum::Sum;
use super::tables::{Tables, LEVELS, MISFIT};
use crate::codec::{BASE_THREE, POWERS_OF_THREE};
use crate::kernel::project::accumulate;
use crate::kernel::properties::{FixedPoint, Properties};
use crate::kernel::{matvec_row, Projection};
use crate::random::{bits, Rng, HOSTILE};
use crate::weights::{Codec, Matrix, Trit};

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
        // Tables on the stack, in room that all columns have a place in, and in room that they have not.
        let mut room = [7.0].repeat([0, FixedPoint::WORTHWHILE_ROOM + 3 * cols, rng.below(3 * cols + 1)][case % 3]);
        let is_left = match case % 3 {
            0 => project(&x, 1, &mut outputs).then_some(false),
            _ => project_one(&x, &mut outputs, &mut room, false),
        };
        let done = is_left.is_some();
        assert_eq!(done, shapes.iter().sum::<usize>() >= 8 && cols > 0 && cols % 4 == 0, "{shapes:?} x {cols}");
        if !done {
            continue;
        }
        if case % 3 > 0 && case % 2 == 1 {
            // Again, with what that left: tables of terms are none for others.
            assert_eq!(is_left, Some(!matrices.iter().any(Matrix::has_terms)));
            outputs.iter_mut().for_each(|output| output.out.fill(7.0));
            assert_eq!(project_one(&x, &mut outputs, &mut room, is_left == Some(true)), is_left);
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

/// Tables of an input. Where its greatest value is in [0.5, 1) and it is long, a sum has a place below 64, as a multiple
/// of 2^-32.
fn tables<'r>(x: &'r [f32], room: &'r mut Vec<f32>) -> Tables<'r> {
    *room = [7.0].repeat(3 * x.len().next_multiple_of(4));
    Tables::of(x, room, false)
}

#[test]
fn a_value_with_a_place_on_a_level_enters_and_is_the_same() {
    let mut rng = Rng(12);
    let mut room = Vec::new();
    let tables = tables(&[0.75; 68], &mut room);
    let mut entered = 0;
    for case in 0..CASES {
        let value = match case % 4 {
            0 => f32::from_bits(rng.word()),
            1 => rng.sign() * (rng.word() >> 8 >> rng.below(24)) as f32 * 2f32.powi(-16 - rng.below(20) as i32),
            2 => rng.sign() * 2f32.powi(rng.below(44) as i32 - 36),
            _ => [0.0, -0.0, 63.999996, 64.0, -64.0, f32::MIN_POSITIVE, f32::NAN, f32::INFINITY][rng.below(8)],
        };
        let units = f64::from(value.abs()) * 2f64.powi(32);
        let has_place = value.to_bits() == 0 || value.is_normal() && units < 2f64.powi(38) && units.fract() == 0.0;
        let sum = Sum::enter(&tables, value);
        assert_eq!(sum.is_some(), has_place, "{value:e}");
        entered += usize::from(has_place);
        assert!(sum.is_none_or(|sum| sum.value(&tables).to_bits() == value.to_bits()), "{value:e}");
    }
    assert!(entered > CASES / 4);
}

/// Where sums cancel to little, which takes finer units, and where they grow.
#[test]
fn sums_of_large_and_small_terms_are_those_of_the_definition() {
    let mut rng = Rng(13);
    for case in 0..CASES {
        let cols = 4 * (1 + rng.below(16));
        let mut x: Vec<f32> = (0..cols)
            .map(|_| match rng.below(1 + case % 4) {
                // At least one value in [0.5, 1) is there.
                0 => 0.5 + (rng.word() % (1 << 23)) as f32 * 2f32.powi(-24),
                _ => (rng.word() % (1 << 22)) as f32 * 2f32.powi(-32),
            })
            .collect();
        x[0] = 0.75;
        for i in 1..cols {
            if rng.below(2) == 0 {
                x[i] = x[i - 1];
            }
        }
        // Pairs that cancel, and signs at random.
        let row: Vec<u8> = (0..cols / 4).map(|_| [0x7d, 0xd7, rng.next() as u8][rng.below(3)]).collect();
        let start = [0.0, 0.25, -1.0 - 2f32.powi(-23)][rng.below(3)];
        let expected = (0..cols).fold(start, |sum, column| {
            accumulate(sum, Trit::from_code(row[column / 4] >> (2 * (column % 4))), x[column])
        });
        let mut room = Vec::new();
        let tables = tables(&x, &mut room);
        let sum = row_sum(&tables, &row, 0, start);
        assert_eq!(sum.to_bits(), expected.to_bits(), "{x:?} {row:x?}");
    }
}

#[test]
fn the_largest_finite_value_decides_the_unit() {
    for (x, exponent) in [
        (&[-3.0, 0.75, f32::INFINITY, f32::NAN][..], 1),
        (&[0.25, f32::NEG_INFINITY, -0.49][..], -2),
        (&[1e-39][..], -90),
        (&[-3e38][..], 120),
        (&[][..], -90),
    ] {
        let mut room = Vec::new();
        let finest = tables(x, &mut room).unit(0);
        assert_eq!(finest, exponent - 33);
        let long = [x, &[0.0; 64]].concat();
        let tables = tables(&long, &mut room);
        let fewer_columns = i32::from(x.is_empty());
        assert_eq!(
            [0, 1, 2].map(|level| tables.unit(level) + fewer_columns),
            [exponent - 32, exponent - 28, exponent - 24]
        );
    }
}

#[test]
fn an_entry_is_the_value_in_units_or_the_odd_number_beside_it() {
    let mut rng = Rng(14);
    for case in 0..CASES / 40 {
        let x: Vec<f32> = (0..20).map(|_| one(&mut rng, [0, 2, 3, 4, 5, 8, 10, 11][case % 8], 1.0)).collect();
        let mut room = Vec::new();
        let tables = tables(&x, &mut room);
        assert_eq!(tables.len(), x.len());
        for level in 0..LEVELS {
            for (column, &x) in x.iter().enumerate() {
                let entry = tables.entry(level, column);
                let units = f64::from(x) * 2f64.powi(-tables.unit(level));
                let expected = if units.abs() < 2f64.powi(31) {
                    let even = 2 * (units / 2.0) as i64;
                    even + if units == even as f64 { 0 } else { units.signum() as i64 }
                } else {
                    i64::from(MISFIT)
                } as u32;
                assert_eq!(entry, expected, "{x:e} on level {level}, in units of 2^{}", tables.unit(level));
            }
        }
    }
}

#[test]
fn matrices_that_differ_in_columns_or_kind_are_left_to_the_definition() {
    let (trits, wider) = (Matrix::new(&[0x55; 64], 1.0, 8, 8), Matrix::new(&[0x55; 64], 1.0, 8, 12));
    let powers = Matrix::with_codec(Some(&POWERS_OF_THREE), &[0x49; 64], 1.0, 8, 8);
    let [trits, wider, powers] = [trits, wider, powers].map(Option::unwrap);
    for (second, is_done) in [(&trits, true), (&wider, false), (&powers, false)] {
        let (mut y, mut z) = ([7.0; 8], [7.0; 8]);
        let done = project(&[1.0; 12], 1, &mut [Projection::new(&trits, &mut y), Projection::new(second, &mut z)]);
        assert_eq!((done, y[0] == 7.0), (is_done, !is_done));
    }
}
