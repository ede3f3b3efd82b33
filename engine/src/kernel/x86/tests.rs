//! What AVX2 and AVX-512 have besides their vectors.

use std::vec;
use std::vec::Vec;

use super::{one_position, tiled, Kernel};
use crate::kernel::properties::X86;
use crate::kernel::vector::codes::quick_codes;
use crate::kernel::vector::tests::{packed, weights, with_each, written};
use crate::kernel::{project, Projection};
use crate::random::Rng;
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
    project(&vec![1.0; positions * COLS], positions, &mut projections.collect::<Vec<_>>());
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

/// Without, AVX-512 takes longer.
#[test]
fn up_to_256_columns_have_a_way_of_their_own() {
    for (cols, expected) in [(4, true), (256, true), (260, false)] {
        let matrix = Matrix::new(&[0; 65], 0.3, 1, cols).expect("long enough");
        assert_eq!(one_position::suits(&[Projection::new(&matrix, &mut [])]), expected, "{cols}");
    }
    assert!(!one_position::suits(&[]));
}

/// The rest is decoded without vectors, with the same result.
#[test]
fn avx2_translates_whole_bytes_of_base_three_and_nothing_else() {
    with_each(|_| {
        for packing in Packing::ALL {
            let packed = packed(packing, 2000, &mut Rng(1));
            let matrix = Matrix::with_codec(packing.codec(), &packed, 0.3, 20, 100).expect("long enough");
            for start in 0..20 {
                let mut out = [0xaa; 400];
                let done = quick_codes::<X86>(&matrix, start, written(&mut out));
                let has_way = matches!(Kernel::current(), Kernel::Avx2 | Kernel::Avx512);
                assert_eq!(done > 0, has_way && packing == Packing::BaseThree && start % 5 == 0);
                let expected: Vec<i8> = matrix.weights().skip(start).take(4 * done).collect();
                assert_eq!(weights(&out[..done]), expected);
            }
        }
    });
}
