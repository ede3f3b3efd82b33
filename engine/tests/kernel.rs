//! Faster kernels against the definition, bit by bit.

mod common;

use atome_engine::{kernel, Matrix};
use common::{bits, Rng};

/// Values that no model should meet, and that show when an addition is left out, added or moved.
const HOSTILE: [f32; 10] =
    [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, 1e-45, -1e-40, 1e30];

#[test]
fn matvec_equals_its_rows() {
    let mut rng = Rng(5);
    for case in 0..if cfg!(miri) { 20 } else { 20_000 } {
        let rows = rng.below(40);
        let cols = if case % 2 == 0 { 4 * rng.below(20) } else { rng.below(70) };
        let packed: Vec<u8> = (0..Matrix::packed_len(rows, cols)).map(|_| rng.next() as u8).collect();
        let scale = if rng.below(10) == 0 { HOSTILE[rng.below(10)] } else { rng.float() };
        let hostile = rng.below(3) == 0;
        let x: Vec<f32> = (0..cols)
            .map(|_| if hostile && rng.below(8) == 0 { HOSTILE[rng.below(10)] } else { rng.float() })
            .collect();
        let matrix = Matrix::new(&packed, scale, rows, cols).expect("long enough");
        let mut y = vec![7.0; rows];
        kernel::matvec(&matrix, &x, &mut y);
        let expected: Vec<f32> = (0..rows).map(|row| kernel::matvec_row(&matrix, row, &x)).collect();
        assert_eq!(bits(&y), bits(&expected), "case {case}: {rows} x {cols}, scale {scale}");
    }
}
