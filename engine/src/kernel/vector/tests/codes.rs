//! Ternary weights as 2-bit codes.

use std::vec;
use std::vec::Vec;

use super::{packed, weights, with_each, written};
use crate::kernel::properties::Current;
use crate::kernel::vector::codes::{quick_codes, translate, translate_all, BEHIND};
use crate::random::Rng;
use crate::weights::{Matrix, Packing};

#[test]
fn weights_from_anywhere_on_are_translated() {
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
                        assert_eq!(translate::<Current>(&matrix, start, len, written(&mut out)), Some(()));
                        let (codes, rest) = out.split_at(len);
                        assert_eq!(weights(codes), all[start..][..4 * len], "{packing:?}, {len} from {start}");
                        assert!(rest.iter().skip(BEHIND).all(|&byte| byte == 0xaa), "{behind} bytes behind");
                    }
                }
            }
            let mut out = [0xaa; ROWS * COLS / 4 + 1];
            if packing == Packing::TwoBits {
                let len = out.len();
                assert!(translate::<Current>(&matrix, 0, len, written(&mut out)).is_none(), "there are too few");
                continue;
            }
            for room in [ROWS * COLS / 4, out.len()] {
                let translated =
                    translate_all(&matrix, &mut out[..room], quick_codes::<Current>).expect("there is room");
                assert!(translated.codec().is_none() && translated.scale() == 0.3);
                assert!(translated.rows() == ROWS && translated.weights().eq(all.iter().copied()));
            }
            assert!(
                translate_all(&matrix, &mut out[..ROWS * COLS / 4 - 1], quick_codes::<Current>).is_none(),
                "there is no room"
            );
        }
    });
}
