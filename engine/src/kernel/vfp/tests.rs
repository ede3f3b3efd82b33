//! Against the definition: every bit, whatever the values, whatever the shape.

use std::vec;
use std::vec::Vec;

use super::five_taps::five_taps;
use super::four_rows::four_rows;
use super::powers;
use super::products::{add_scaled, eight_dots};
use super::{
    attention,
    mix::mix,
    project::{matvec, project},
    rows,
};
use crate::codec::{BASE_THREE, POWERS_OF_THREE};
use crate::kernel::attention::{score, Keys, TopK, Window};
use crate::kernel::{conv_taps, matvec_row, ssm_step, Mix, Projection};
use crate::random::{bits, Rng};
use crate::weights::{Codec, Conv, Floats, Matrix, Pathways, Ssm};

/// Half of the matrices in base 3: in no more bytes than of two bits, and all bytes read as something.
fn codec(rng: &mut Rng) -> Option<&'static Codec> {
    Some(&BASE_THREE).filter(|_| rng.below(2) == 0)
}

/// As [`project`].
type Way = fn(&[f32], usize, &mut [Projection]) -> bool;

/// For speed, and in little code.
const WAYS: [Way; 2] = [project, rows::project];

/// Projects two positions by a random matrix and returns whether the kernel took it.
fn compare(way: Way, rng: &mut Rng, rows: usize, cols: usize, row_stride: usize) -> bool {
    const UNTOUCHED: f32 = 1234.5;
    let hostile = rng.below(2) == 0;
    let packed: Vec<u8> = (0..Matrix::packed_len(rows, cols)).map(|_| rng.word() as u8).collect();
    let codec = codec(rng);
    let matrix = Matrix::with_codec(codec, &packed, rng.value(false), rows, cols).unwrap();
    let inputs: Vec<f32> = (0..2 * cols).map(|_| rng.value(hostile)).collect();
    let position_stride = if row_stride == 1 { rows + 1 } else { 1 };
    let mut out = vec![UNTOUCHED; rows * row_stride + position_stride];
    let mut expected = out.clone();
    let taken = way(&inputs, 2, &mut [Projection { matrix: &matrix, out: &mut out, row_stride, position_stride }]);
    for position in 0..2 {
        for row in 0..if taken { rows } else { 0 } {
            expected[position * position_stride + row * row_stride] =
                matvec_row(&matrix, row, &inputs[position * cols..]);
        }
    }
    assert!(bits(&out) == bits(&expected), "{rows} x {cols}: {out:?}, expected {expected:?}");
    taken
}

#[test]
fn rows_that_start_on_bytes_are_all_taken() {
    let mut rng = Rng(1);
    for rows in (1..=13).chain([31, 32, 33]) {
        for cols in (4..=64).step_by(4) {
            for stride in [1, 2, 5] {
                for _ in 0..if cfg!(miri) { 1 } else { 10 } {
                    assert!(WAYS.iter().all(|way| compare(*way, &mut rng, rows, cols, stride)));
                }
            }
        }
    }
}

#[test]
fn other_columns_are_left_to_the_definition() {
    let mut rng = Rng(2);
    for cols in [1, 2, 3, 5, 6, 7, 19, 33] {
        for rows in [1, 2, 4, 7] {
            assert!(!WAYS.iter().any(|way| compare(*way, &mut rng, rows, cols, 1)));
        }
    }
}

#[test]
fn what_does_not_fit_is_left_to_the_definition() {
    let matrix = Matrix::new(&[0x55; 8], 1.0, 4, 8).unwrap();
    for (inputs, outputs) in [(7, 4), (0, 4), (8, 3), (8, 0)] {
        let mut y = vec![7.0; outputs];
        assert!(!WAYS.iter().any(|way| way(&vec![1.0; inputs], 1, &mut [Projection::new(&matrix, &mut y)])));
    }
}

#[test]
fn powers_of_three_are_multiplied() {
    let mut rng = Rng(9);
    for case in 0..if cfg!(miri) { 20 } else { 4_000 } {
        let (rows, cols, row_stride) = (1 + case % 21, 8 * (1 + rng.below(12)), 1 + case % 3);
        let packed: Vec<u8> = (0..rows * cols / 8 * 3).map(|_| rng.word() as u8).collect();
        let matrix = Matrix::with_codec(Some(&POWERS_OF_THREE), &packed, rng.value(false), rows, cols).unwrap();
        // Ordinary ones, ones whose multiples overflow or whose sums do, and ones with no more than a few bits.
        let range = [1.0, 1e38, 1e-42][rng.below(3)];
        let mut x: Vec<f32> = (0..cols).map(|_| rng.normal().clamp(-3.0, 3.0) * range).collect();
        let mut y = vec![7.0; rows * row_stride];
        let way = WAYS[case / 2 % 2];
        let mut taken = |x: &[f32]| {
            let mut output = Projection::new(&matrix, &mut y);
            output.row_stride = row_stride;
            way(x, 1, &mut [output])
        };
        x[0] = [f32::NAN, f32::INFINITY][case % 2];
        assert!(!taken(&x));
        x[0] = 0.0;
        assert!(taken(&x));
        let expected: Vec<f32> = (0..rows).map(|row| matvec_row(&matrix, row, &x)).collect();
        let y: Vec<f32> = y.iter().copied().step_by(row_stride).collect();
        assert!(bits(&y) == bits(&expected), "{rows} x {cols}: {y:?}, expected {expected:?}");
    }
}

#[test]
fn long_translated_rows_and_powers_of_three_between_groups_are_left_to_the_definition() {
    let mut y = [7.0; 4];
    for (codec, cols, is_taken) in [
        (&BASE_THREE, 512, true),
        (&BASE_THREE, 516, false),
        (&POWERS_OF_THREE, 16, true),
        (&POWERS_OF_THREE, 20, false),
    ] {
        let matrix = Matrix::with_codec(Some(codec), &[121; 512], 1.0, 4, cols).unwrap();
        for way in WAYS {
            assert_eq!(way(&vec![1.0; cols], 1, &mut [Projection::new(&matrix, &mut y)]), is_taken, "{cols}");
        }
    }
}

#[test]
fn products_are_summed_in_order() {
    let mut rng = Rng(4);
    for len in 0..40 {
        for round in 0..20 {
            let mut values = |count| -> Vec<f32> { (0..count).map(|_| rng.value(round % 2 == 0)).collect() };
            let (a, stride) = (values(len), 8 + round % 4);
            let elements = values(stride * len);
            let keys = Keys { elements: &elements, rows: stride, d_head: len };
            let dots = eight_dots(&a, &elements, stride);
            assert_eq!(dots.is_some(), len > 0);
            let scores: [f32; 8] = core::array::from_fn(|row| score(&a, &keys, row));
            assert!(dots.is_none_or(|dots| bits(&dots) == bits(&scores)));
            assert_eq!(eight_dots(&a, &elements[1.min(len)..], 8 + round % 4).is_some(), len > 0 && stride > 8);

            let mut out = values(len);
            let expected: Vec<f32> = out.iter().zip(&a).map(|(out, a)| out + 0.3 * a).collect();
            add_scaled(&mut out, 0.3, &a);
            assert!(bits(&out) == bits(&expected), "{a:?}");
        }
    }
    assert!(eight_dots(&[1.0], &[1.0; 8], 7).is_none());
}

#[test]
fn windows_are_scored_like_single_rows() {
    let mut rng = Rng(5);
    for stride in [1, 3, 8, 9, 16, 21] {
        for newest in 0..stride {
            for len in 1..=stride {
                let query: Vec<f32> = (0..5).map(|_| rng.value(len % 4 == 0)).collect();
                let elements: Vec<f32> = (0..5 * stride).map(|_| rng.value(len % 4 == 0)).collect();
                let (keys, window) =
                    (Keys { elements: &elements, rows: stride, d_head: query.len() }, Window { newest, len });
                let (mut scores, mut rows) = ([[0.0; 3]; 2], [[0; 3]; 2]);
                let [mine, other] = &mut scores;
                let [my_rows, other_rows] = &mut rows;
                attention::offer_scores(&query, &keys, &window, 0.5, &mut TopK::new(mine, my_rows));
                let mut best = TopK::new(other, other_rows);
                for row in window.rows(stride).into_iter().flatten() {
                    best.offer(score(&query, &keys, row) * 0.5, row as u32);
                }
                assert!(bits(&scores[0]) == bits(&scores[1]) && rows[0] == rows[1], "{window:?} of {stride}");
            }
        }
    }
}

#[test]
fn values_of_kept_rows_are_added_best_first() {
    let values: Vec<f32> = (0..3 * 11).map(|i| 0.1 * i as f32).collect();
    let (mut scores, mut rows) = ([0.0; 3], [0; 3]);
    let mut best = TopK::new(&mut scores, &mut rows);
    best.offer(0.25, 2);
    best.offer(0.5, 0);
    let mut out = [7.0; 11];
    attention::add_values(&best, &values, &mut out);
    let expected: Vec<f32> = (0..11).map(|c| 0.0 + 0.5 * values[c] + 0.25 * values[2 * 11 + c]).collect();
    assert_eq!(bits(&out), bits(&expected));
}

#[test]
fn pathways_are_mixed_channel_by_channel() {
    let mut rng = Rng(6);
    for case in 0..400 {
        let (d, k, positions) = (1 + case % 37, 1 + case % 14, 1 + case % 3);
        let hostile = case % 2 == 0;
        let mut floats = |count: usize| -> Vec<f32> { (0..count).map(|_| rng.value(hostile)).collect() };
        let params: Vec<Vec<u8>> =
            (0..3).map(|_| floats(d).iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
        let (inputs, attended, gate) = (floats(positions * d), floats(positions * d), floats(d));
        let (mut history, mut state, mut residual) = (floats((k - 1) * d), floats(d), floats(positions * d));
        let shares = floats(positions * 4);
        let packed: Vec<u8> = (0..Matrix::packed_len(d, k)).map(|_| rng.word() as u8).collect();
        let taps = Matrix::with_codec(codec(&mut rng), &packed, 0.7, d, k).unwrap();
        let [a_raw, b, c_out] = [0, 1, 2].map(|i| Floats::new(&params[i]));
        let block = Pathways { conv: Conv { taps }, ssm: Ssm { a_raw, b, c_out }, n_pathways: 4 };

        let (mut old_state, mut expected, mut earlier) = (state.clone(), residual.clone(), history.clone());
        for t in 0..if k <= 12 { positions } else { 0 } {
            for c in 0..d {
                let at = t * d + c;
                let newest = core::iter::once(inputs[at]).chain((0..k - 1).map(|j| earlier[j * d + c]));
                let local = conv_taps(&block.conv, c, newest);
                let [b, c_out] = [b, c_out].map(|values| values.iter().nth(c).unwrap());
                let recurrent = ssm_step(gate[c], b, c_out, inputs[at], &mut old_state[c]);
                expected[at] +=
                    (shares[4 * t] * local + shares[4 * t + 1] * recurrent) + shares[4 * t + 2] * attended[at];
            }
            earlier.splice(0..0, inputs[t * d..(t + 1) * d].iter().copied());
            earlier.truncate((k - 1) * d);
        }
        let mut work = Mix {
            positions,
            block: &block,
            history: &mut history,
            state: &mut state,
            gate: &gate,
            shares: &shares,
            inputs: &inputs,
            attended: &attended,
            residual: &mut residual,
        };
        assert_eq!(mix(&mut work), k <= 12);
        assert!(bits(&residual) == bits(&expected) && bits(&state) == bits(&old_state), "{d} channels, {k} taps");
        assert!(bits(&history) == bits(&earlier), "{d} channels, {k} taps");
    }
}

/// Channels 2 to 5 of seven, of which eight bytes hold the taps.
#[test]
fn five_taps_are_taken_where_all_arrays_are_long_enough() {
    let mut rng = Rng(7);
    let packed = [0x1d, 0x47, 0xd3, 0x74, 0x5f, 0x31, 0xc7, 0x1d];
    let (u, history) = (rng.values(4, false), rng.values(28, false));
    let (mut moved, mut sums) = (history.clone(), [7.0; 4]);
    assert_eq!(five_taps(&packed, 2, &u, &mut moved, 7, &mut sums), Some(()));
    let conv = Conv { taps: Matrix::new(&packed, 1.0, 6, 5).unwrap() };
    for (channel, u) in (2..).zip(&u) {
        let inputs: Vec<f32> = core::iter::once(*u).chain((0..4).map(|row| history[7 * row + channel])).collect();
        assert_eq!(sums[channel - 2].to_bits(), conv_taps(&conv, channel, inputs.iter().copied()).to_bits());
        let rows: Vec<f32> = (0..4).map(|row| moved[7 * row + channel]).collect();
        assert_eq!(bits(&rows), bits(&inputs[..4]));
    }
    let is_taken = |bytes: usize, channels: usize, history: usize, d: usize, room: usize| {
        five_taps(&packed[..bytes], 2, &u[..channels], &mut vec![0.0; history], d, &mut vec![0.0; room]).is_some()
    };
    assert!(is_taken(8, 4, 28, 7, 4) && is_taken(8, 4, 24, 6, 5));
    assert!(!is_taken(7, 4, 28, 7, 4), "taps");
    assert!(!is_taken(8, 0, 28, 7, 4), "channels");
    assert!(!is_taken(8, 4, 27, 7, 4) && !is_taken(8, 4, 29, 7, 4) && !is_taken(8, 4, 42, 7, 4), "history");
    assert!(!is_taken(8, 4, 20, 5, 4), "channels of the history");
    assert!(!is_taken(8, 4, 28, 7, 3), "sums");
}

#[test]
fn groups_of_rows_lie_within_the_bytes() {
    let is_taken = |bytes: usize, cols: usize, groups: usize| {
        four_rows(&vec![0x55; bytes], [2, 4, 6], &vec![[1.0; 4]; cols], 0.5, &mut vec![[7.0; 4]; groups]).is_some()
    };
    assert!(is_taken(8, 2, 1) && is_taken(16, 2, 2));
    assert!(!is_taken(7, 2, 1) && !is_taken(15, 2, 2) && !is_taken(8, 0, 1) && !is_taken(8, 2, 0));
}

#[test]
fn rows_of_powers_are_as_long_as_the_input_and_all_there() {
    let matrix = Matrix::with_codec(Some(&POWERS_OF_THREE), &[0x49; 24], 1.0, 4, 16).unwrap();
    let is_taken = |values: usize, first: usize, outputs: usize| {
        powers::rows(&matrix, &vec![1.0; values], first, &mut vec![7.0; outputs]).is_some()
    };
    assert!(is_taken(16, 0, 4) && is_taken(16, 1, 3));
    assert!(!is_taken(17, 0, 4) && !is_taken(24, 0, 2) && !is_taken(8, 0, 4) && !is_taken(0, 0, 4), "input");
    assert!(!is_taken(16, 0, 5) && !is_taken(16, 1, 4) && !is_taken(16, 5, 1), "rows");
}

#[test]
fn rows_of_trits_are_as_long_as_the_input() {
    let matrix = Matrix::new(&[0x55; 16], 1.0, 8, 8).unwrap();
    let is_taken = |values: usize| matvec(&matrix, &vec![1.0; values], 0, &mut [7.0; 4]).is_some();
    assert!(is_taken(8) && !is_taken(9) && !is_taken(4) && !is_taken(12));
}
