//! Whether tiles are read. They show where a matrix has those of another.

use std::vec;
use std::vec::Vec;

use super::with_each;
use crate::kernel::{host, tiled, Kernel, Projection};
use crate::weights::{Matrix, Packing};

const ROWS: usize = 20;
const COLS: usize = 12;

/// The outputs of matrices of zeros, of which some have the tiles of one of ones, for inputs of 1.
fn outputs(packing: Packing, positions: usize, have_tiles: &[bool]) -> Vec<f32> {
    let ones = [0b0101_0101; Matrix::packed_len(ROWS, COLS)];
    let mut tiles = [0xaa; tiled::len(ROWS, COLS)];
    tiled::write(&Matrix::new(&ones, 1.0, ROWS, COLS).expect("long enough"), &mut tiles);
    // Five zeros in base 3 are 11111, which is 121.
    let zeros = [if packing == Packing::BaseThree { 121 } else { 0 }; ROWS * COLS];
    let matrix = Matrix::with_codec(packing.codec(), &zeros, 1.0, ROWS, COLS).expect("long enough");
    let matrices: Vec<_> = have_tiles
        .iter()
        .map(|&has_tiles| if has_tiles { tiled::with_tiles(matrix, &tiles) } else { matrix })
        .collect();
    let mut out = vec![vec![0.0; positions * ROWS]; matrices.len()];
    let projections = matrices.iter().zip(&mut out).map(|(matrix, out)| Projection::new(matrix, out));
    host::project(&vec![1.0; positions * COLS], positions, &mut projections.collect::<Vec<_>>());
    out.concat()
}

#[test]
fn avx512_reads_them_where_all_matrices_have_some_and_no_other_kernel_does() {
    with_each(|_| {
        let sum = if Kernel::current() == Kernel::Avx512 { COLS as f32 } else { 0.0 };
        // A few positions by 2-bit weights take less time without.
        for (packing, positions) in
            [(Packing::TwoBits, 1), (Packing::TwoBits, 16), (Packing::BaseThree, 1), (Packing::BaseThree, 7)]
        {
            assert_eq!(outputs(packing, positions, &[true; 2]), vec![sum; 2 * positions * ROWS], "{packing:?}");
            for some in [[true, false], [false, true]] {
                assert!(outputs(packing, positions, &some).iter().all(|&out| out == 0.0), "{packing:?}, {some:?}");
            }
        }
    });
}
