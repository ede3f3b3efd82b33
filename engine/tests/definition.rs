//! Small functions of the numeric contract against what it says of them.

mod common;

use atome_engine::kernel::{embed, gate, softmax};
use atome_engine::{math, Matrix, Packing};
use common::{bits, pack, weights, Rng};

#[test]
fn an_embedding_is_a_row_of_weights_times_the_scale() {
    let mut rng = Rng(1);
    let (rows, cols, scale) = (5, 150, 0.3);
    for packing in Packing::ALL {
        let all = weights(packing, rows * cols, &mut rng);
        let packed = pack(packing, &all);
        let matrix = Matrix::with_codec(packing.codec(), &packed, scale, rows, cols).expect("whole");
        for (token, row) in all.chunks(cols).enumerate() {
            let mut x = vec![f32::NAN; cols];
            embed(&matrix, token, &mut x);
            let expected: Vec<f32> = row.iter().map(|&weight| f32::from(weight) * scale).collect();
            assert_eq!(bits(&x), bits(&expected), "{packing:?}, token {token}");
        }
    }
}

#[test]
fn a_gate_is_the_hyperbolic_tangent() {
    for a_raw in [-3.0, -0.5, -0.0, 0.0, 0.1, 2.0] {
        assert_eq!(gate(a_raw).to_bits(), math::tanh(a_raw).to_bits());
    }
}

/// Also where the exponentials of the scores themselves would overflow.
#[test]
fn softmax_starts_from_the_greatest_score() {
    for scores in [&[0.0, 1.5, -2.0][..], &[0.0, 200.0, 199.0], &[200.0, 0.0], &[-300.0, -200.0], &[7.0]] {
        let mut shares = scores.to_vec();
        softmax(&mut shares);
        let greatest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let parts: Vec<f32> = scores.iter().map(|&score| math::exp(score - greatest)).collect();
        let factor = 1.0 / (parts.iter().fold(0.0, |sum, part| sum + part) + 1e-10_f32);
        assert_eq!(bits(&shares), bits(&parts.iter().map(|part| part * factor).collect::<Vec<_>>()), "{scores:?}");
    }
    softmax(&mut []);
}
