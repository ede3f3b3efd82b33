//! Ternary weights as 2-bit codes.

use core::mem::MaybeUninit;
use std::vec;
use std::vec::Vec;

use super::{packed, with_each};
use crate::kernel::host::codes::{translate, translate_all, BEHIND};
use crate::random::Rng;
use crate::weights::{Matrix, Packing, Trit};

/// All bytes were written before.
fn written(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: bytes may be written as if they were uninitialised, as long as they are.
    unsafe { core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}

fn weights(codes: &[u8]) -> Vec<i8> {
    codes.iter().flat_map(|&byte| [0, 2, 4, 6].map(|place| Trit::from_code(byte >> place).value())).collect()
}

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
                        assert_eq!(translate(&matrix, start, len, written(&mut out)), Some(()));
                        let (codes, rest) = out.split_at(len);
                        assert_eq!(weights(codes), all[start..][..4 * len], "{packing:?}, {len} from {start}");
                        assert!(rest.iter().skip(BEHIND).all(|&byte| byte == 0xaa), "{behind} bytes behind");
                    }
                }
            }
            let mut out = [0xaa; ROWS * COLS / 4 + 1];
            if packing == Packing::TwoBits {
                let len = out.len();
                assert!(translate(&matrix, 0, len, written(&mut out)).is_none(), "there are too few");
                continue;
            }
            for room in [ROWS * COLS / 4, out.len()] {
                let translated = translate_all(&matrix, &mut out[..room]).expect("there is room");
                assert!(translated.codec().is_none() && translated.scale() == 0.3);
                assert!(translated.rows() == ROWS && translated.weights().eq(all.iter().copied()));
            }
            assert!(translate_all(&matrix, &mut out[..ROWS * COLS / 4 - 1]).is_none(), "there is no room");
        }
    });
}

/// The rest is decoded without vectors, with the same result.
#[cfg(target_arch = "x86_64")]
#[test]
fn avx2_translates_whole_bytes_of_base_three_and_nothing_else() {
    use crate::kernel::host::codes::quick_codes;
    use crate::kernel::Kernel;

    with_each(|_| {
        for packing in Packing::ALL {
            let packed = packed(packing, 2000, &mut Rng(1));
            let matrix = Matrix::with_codec(packing.codec(), &packed, 0.3, 20, 100).expect("long enough");
            for start in 0..20 {
                let mut out = [0xaa; 400];
                let done = quick_codes(&matrix, start, written(&mut out));
                let has_way = matches!(Kernel::current(), Kernel::Avx2 | Kernel::Avx512);
                assert_eq!(done > 0, has_way && packing == Packing::BaseThree && start % 5 == 0);
                let expected: Vec<i8> = matrix.weights().skip(start).take(4 * done).collect();
                assert_eq!(weights(&out[..done]), expected);
            }
        }
    });
}
