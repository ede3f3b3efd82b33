//! Packed weights: what is packed by the formats' definition is what is read, and nothing outside is read.

use super::symbolic::{any_u8, any_usize, assume};
use crate::codec::{BASE_THREE, POWERS_OF_THREE};
use crate::weights::Codec;
use crate::weights::{Matrix, Trits};

/// -1, 0 or +1.
#[inline(always)]
fn any_trit(name: &'static str) -> i8 {
    let digit = any_u8(name);
    assume(digit < 3);
    digit as i8 - 1
}

const NAMES: [&str; 8] = ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"];

/// For any eight trits: packed two bits each, they are read as they were, one by one and in order.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(10))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_two_bits_are_read_as_packed() {
    let trits = NAMES.map(any_trit);
    let byte = |four: [i8; 4]| four.iter().rev().fold(0, |byte, &trit| byte << 2 | trit as u8 & 3);
    let [a, b, c, d, e, f, g, h] = trits;
    let packed = [byte([a, b, c, d]), byte([e, f, g, h])];
    let Some(matrix) = Matrix::new(&packed, 1.0, 2, 4) else { unreachable!() };
    for (index, &trit) in trits.iter().enumerate() {
        assert!(matrix.weight(index) == trit);
        let Some(next) = Trits::starting_at(&packed, index).next() else { unreachable!() };
        assert!(next.value() == trit);
    }
}

/// For any five trits: packed in base 3, they are read as they were, and nothing is found wrong with them.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(10))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_base_three_is_read_as_packed() {
    let [a, b, c, d, e, ..] = NAMES;
    let trits = [a, b, c, d, e].map(any_trit);
    let byte = trits.iter().rev().fold(0_u32, |byte, &trit| 3 * byte + (trit + 1) as u32);
    let packed = [byte as u8];
    for (index, &trit) in trits.iter().enumerate() {
        assert!((BASE_THREE.weight)(&packed, index) == trit);
    }
    assert!(BASE_THREE.fault(&packed, 5).is_none());
}

/// For any byte: its five weights, packed again, are the byte, or it is refused and read as zeros.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(10))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_every_base_three_byte_is_read_or_refused() {
    let packed = [any_u8("byte")];
    let weight = |index| (BASE_THREE.weight)(&packed, index);
    let again = [4, 3, 2, 1, 0].iter().fold(0, |byte, &index| 3 * byte + i32::from(weight(index)) + 1);
    let is_right = BASE_THREE.fault(&packed, 5).is_none();
    assert!(again == if is_right { i32::from(packed[0]) } else { 121 });
    assert!(is_right == (packed[0] <= 242));
}

/// For any eight codes, seven each: packed three bits each, they are read as the powers that they stand for.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(10))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_powers_of_three_are_read_as_packed() {
    let codes = NAMES.map(|name| any_u8(name) & 7);
    let word = codes.iter().rev().fold(0_u32, |word, &code| word << 3 | u32::from(code));
    let [a, b, c, _] = word.to_le_bytes();
    for (index, &code) in codes.iter().enumerate() {
        let expected = match code {
            0 | 7 => 0,
            1 => 1,
            2 => -1,
            3 => 3,
            4 => -3,
            5 => 9,
            _ => -9,
        };
        assert!((POWERS_OF_THREE.weight)(&[a, b, c], index) == expected);
    }
}

/// A weight of any index is read without overflow, and is 0 from the end on.
#[inline(always)]
fn any_index_is_inside(codec: &Codec, per_group: usize, most: i8) {
    let packed = [any_u8("a"), any_u8("b"), any_u8("c"), any_u8("d"), any_u8("e"), any_u8("f")];
    let index = any_usize("index");
    let weight = (codec.weight)(&packed, index);
    assert!((-most <= weight) & (weight <= most));
    assert!((index < per_group) | (weight == 0));
}

/// For any six bytes and any index of `usize`, in base 3.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(6))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_any_index_in_base_three() {
    any_index_is_inside(&BASE_THREE, 30, 1);
}

/// For any six bytes and any index of `usize`, of powers of three.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_any_index_of_powers_of_three() {
    any_index_is_inside(&POWERS_OF_THREE, 16, 9);
}

/// For any six bytes and any start of `usize`, two bits each.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_any_start_of_two_bits() {
    let packed = [any_u8("a"), any_u8("b"), any_u8("c"), any_u8("d"), any_u8("e"), any_u8("f")];
    let start = any_usize("start");
    let next = Trits::starting_at(&packed, start).next();
    assert!(next.is_some() == (start < 24));
}
