//! Every kernel of this processor against the definition, bit by bit.
//!
//! Which kernel is used is a choice of the whole program, so this is one test.

mod common;

use atome_engine::kernel::{self, Kernel, Keys, Mix, Projection, TopK, Window};
use atome_engine::{Conv, Floats, Matrix, Norm, Packing, Pathways, Ssm};
use common::{bits, pack, weights, Rng};

fn packed(packing: Packing, rng: &mut Rng, rows: usize, cols: usize) -> Vec<u8> {
    match packing {
        // The code 10 included.
        Packing::TwoBits => (0..Matrix::packed_len(rows, cols)).map(|_| rng.next() as u8).collect(),
        _ => pack(packing, &weights(packing, rows * cols, rng)),
    }
}

fn any_packing(rng: &mut Rng) -> Packing {
    Packing::ALL[rng.below(3)]
}

/// Runs `compute` with the definition and then with every other kernel, and compares.
fn compare(what: &str, case: usize, compute: impl Fn() -> Vec<f32>) {
    assert!(Kernel::Portable.select());
    let expected = bits(&compute());
    for kernel in Kernel::ALL {
        if kernel.select() {
            assert_eq!(bits(&compute()), expected, "{what} by {}, case {case}", kernel.name());
        }
    }
}

#[test]
fn every_kernel_equals_the_definition() {
    let mut rng = Rng(5);
    for case in 0..if cfg!(miri) { 8 } else { 6_000 } {
        projection(&mut rng, case);
        norm(&mut rng, case);
        attention(&mut rng, case);
        mix(&mut rng, case);
        embedding(&mut rng, case);
    }
    for case in 0..if cfg!(miri) { 0 } else { 8 } {
        wide_projection(&mut rng, case);
    }
}

fn projection(rng: &mut Rng, case: usize) {
    let cols = if case.is_multiple_of(2) { 4 * rng.below(40) } else { rng.below(70) };
    let positions = 1 + rng.below(20);
    let hostile = rng.below(3) == 0;
    let inputs = rng.values(positions * cols, hostile);
    let rows = [rng.below(70), rng.below(4), rng.below(20)];
    let alike = any_packing(rng);
    let packings = if rng.below(5) == 0 { rows.map(|_| any_packing(rng)) } else { [alike; 3] };
    let codes = [0, 1, 2].map(|i: usize| packed(packings[i], rng, rows[i], cols));
    let scales = rows.map(|_| rng.value(true));
    let matrix =
        |i: usize| Matrix::with_codec(packings[i].codec(), &codes[i], scales[i], rows[i], cols).expect("long enough");
    let matrices = [matrix(0), matrix(1), matrix(2)];
    compare("projection", case, || {
        let [mut a, mut b, mut c] = rows.map(|rows| vec![7.0; positions * rows]);
        // The second one transposed.
        kernel::project(
            &inputs,
            positions,
            &mut [
                Projection::new(&matrices[0], &mut a),
                Projection { matrix: &matrices[1], out: &mut b, row_stride: positions, position_stride: 1 },
                Projection::new(&matrices[2], &mut c),
            ],
        );
        [a, b, c].concat()
    });
    if !hostile {
        let mut y = vec![7.0; rows[0]];
        kernel::matvec(&matrices[0], &inputs[..cols], &mut y);
        let by_row: Vec<f32> = (0..rows[0]).map(|row| kernel::matvec_row(&matrices[0], row, &inputs[..cols])).collect();
        assert_eq!(bits(&y), bits(&by_row), "case {case}");
        assert_eq!(bits(&y), bits(&naive(&matrices[0], &inputs)), "case {case}");
    }
}

/// Rows that start within bytes, end within them or end with the matrix.
fn embedding(rng: &mut Rng, case: usize) {
    let packing = any_packing(rng);
    let (rows, cols) = (1 + rng.below(5), 1 + rng.below(200));
    let codes = packed(packing, rng, rows, cols);
    let hostile = rng.below(3) == 0;
    let scale = rng.value(hostile);
    let matrix = Matrix::with_codec(packing.codec(), &codes, scale, rows, cols).expect("long enough");
    for row in 0..rows {
        let mut x = vec![7.0; cols];
        kernel::embed(&matrix, row, &mut x);
        let products: Vec<f32> =
            (0..cols).map(|column| f32::from(matrix.weight(row * cols + column)) * scale).collect();
        assert_eq!(bits(&x), bits(&products), "{packing:?}, row {row} of {rows}, case {case}");
    }
}

/// A matrix times the first input, in the words of the contract.
fn naive(matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    let rows = (0..matrix.rows()).map(|row| {
        let mut sum = 0.0_f32;
        for (column, &x) in x.iter().enumerate().take(matrix.cols()) {
            let weight = matrix.weight(row * matrix.cols() + column);
            let product = f32::from(weight) * x;
            if weight != 0 {
                sum += product;
            }
        }
        sum * matrix.scale()
    });
    rows.collect()
}

/// Rows so wide, and so many, that a kernel cannot translate all of them at once.
fn wide_projection(rng: &mut Rng, case: usize) {
    let (rows, cols) = [(700, 256), (3, 66_000 / 4 * 4), (90, 1_100), (11, 40_000)][case % 4];
    let cols = cols.min(65_532);
    let packing = [Packing::BaseThree, Packing::PowersOfThree][case / 4 % 2];
    let inputs = rng.values(2 * cols, false);
    let codes = packed(packing, rng, rows, cols);
    let matrix = Matrix::with_codec(packing.codec(), &codes, 0.3, rows, cols).expect("long enough");
    compare("wide projection", case, || {
        let mut out = vec![7.0; 2 * rows];
        kernel::project(&inputs, 2, &mut [Projection::new(&matrix, &mut out)]);
        out
    });
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn norm(rng: &mut Rng, case: usize) {
    let d = if case.is_multiple_of(2) { 16 * rng.below(5) } else { rng.below(40) };
    let rows = 1 + rng.below(13);
    let hostile = rng.below(3) == 0;
    let (gamma, beta) = (bytes(&rng.values(d, hostile)), bytes(&rng.values(d, hostile)));
    let x = rng.values(rows * d, hostile);
    let norm = Norm { gamma: Floats::new(&gamma), beta: Floats::new(&beta) };
    compare("layer norm", case, || {
        let mut out = vec![7.0; rows * d + 1];
        kernel::layer_norm(&norm, &x, &mut out);
        out
    });
}

fn attention(rng: &mut Rng, case: usize) {
    let (h, d) = (1 + rng.below(20), if case.is_multiple_of(2) { 16 } else { 1 + rng.below(40) });
    let stride = 1 + rng.below(150);
    let hostile = rng.below(3) == 0;
    let query = rng.values(h, hostile);
    let elements = rng.values(h * stride, hostile);
    let rows = rng.values(stride * d, hostile);
    let window = Window { newest: rng.below(stride), len: 1 + rng.below(stride) };
    let slots = window.len.min(1 + rng.below(9));
    compare("attention", case, || {
        let (mut scores, mut positions) = (vec![0.0; slots], vec![0; slots]);
        let mut out = vec![7.0; d];
        let best = TopK::new(&mut scores, &mut positions);
        kernel::attend(&query, &Keys { elements: &elements, rows: stride, d_head: h }, &rows, &window, best, &mut out);
        out.extend(scores);
        out.extend(positions.iter().map(|&position| position as f32));
        out
    });
}

fn mix(rng: &mut Rng, case: usize) {
    let d = if case.is_multiple_of(2) { 16 * (1 + rng.below(4)) } else { 1 + rng.below(40) };
    let (taps, positions, pathways) = (1 + rng.below(10), 1 + rng.below(9), 3 + rng.below(3));
    let history_len = if rng.below(3) == 0 { rng.below(taps) } else { taps - 1 };
    let hostile = rng.below(3) == 0;
    let packing = any_packing(rng);
    let codes = packed(packing, rng, d, taps);
    let [a, b, c_out] = [(); 3].map(|()| bytes(&rng.values(d, hostile)));
    let block = Pathways {
        conv: Conv {
            taps: Matrix::with_codec(packing.codec(), &codes, rng.value(hostile), d, taps).expect("long enough"),
        },
        ssm: Ssm { a_raw: Floats::new(&a), b: Floats::new(&b), c_out: Floats::new(&c_out) },
        n_pathways: pathways,
    };
    let history = rng.values(history_len * d, hostile);
    let [state, gate] = [(); 2].map(|()| rng.values(d, hostile));
    let shares = rng.values(positions * pathways, hostile);
    let [inputs, attended, residual] = [(); 3].map(|()| rng.values(positions * d, hostile));
    compare("mix", case, || {
        let (mut history, mut state, mut residual) = (history.clone(), state.clone(), residual.clone());
        let work = Mix {
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
        kernel::mix(work).expect("arrays of the right lengths");
        [history, state, residual].concat()
    });
}
