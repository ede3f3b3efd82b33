//! Ternary weights as 2-bit codes.

use std::vec;
use std::vec::Vec;

use super::{packed, weights, with_each, written};
use crate::kernel::properties::Current;
use crate::kernel::vector::codes::{as_two_bits, quick_codes, write_codes, BEHIND};
use crate::random::Rng;
use crate::weights::{Matrix, Packing};

#[test]
fn codes_of_weights_from_anywhere_on_are_written() {
    const ROWS: usize = 40;
    const COLS: usize = 40;
    with_each(|_| {
        for packing in [Packing::TwoBits, Packing::BaseThree] {
            let packed = packed(packing, ROWS * COLS, &mut Rng(1));
            let matrix = Matrix::with_codec(packing.codec(), &packed, 0.3, ROWS, COLS).expect("long enough");
            let all: Vec<i8> = matrix.weights().collect();
            for start in (0..ROWS * COLS).step_by(if cfg!(miri) { 1000 } else { 4 }) {
                for len in [0, 1, 30, 77, 200, ROWS * COLS / 4] {
                    let len = len.min((ROWS * COLS - start) / 4);
                    for behind in [0, 3, BEHIND, 40] {
                        let mut out = vec![0xaa; len + behind];
                        assert_eq!(write_codes::<Current>(&matrix, start, len, written(&mut out)), Some(()));
                        let (codes, rest) = out.split_at(len);
                        assert_eq!(weights(codes), all[start..][..4 * len], "{packing:?}, {len} from {start}");
                        assert!(rest.iter().skip(BEHIND).all(|&byte| byte == 0xaa), "{behind} bytes behind");
                    }
                }
            }
            let mut out = [0xaa; ROWS * COLS / 4 + 1];
            if packing == Packing::TwoBits {
                let len = out.len();
                assert!(write_codes::<Current>(&matrix, 0, len, written(&mut out)).is_none(), "there are too few");
                continue;
            }
            for room in [ROWS * COLS / 4, out.len()] {
                let matrix_of_codes =
                    as_two_bits(&matrix, &mut out[..room], quick_codes::<Current>).expect("there is room");
                assert!(matrix_of_codes.codec().is_none() && matrix_of_codes.scale() == 0.3);
                assert!(matrix_of_codes.rows() == ROWS && matrix_of_codes.weights().eq(all.iter().copied()));
            }
            assert!(
                as_two_bits(&matrix, &mut out[..ROWS * COLS / 4 - 1], quick_codes::<Current>).is_none(),
                "there is no room"
            );
        }
    });
}
