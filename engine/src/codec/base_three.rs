//! ATOME02: base 3, five weights to a byte. A byte is the sum of (t_i + 1) * 3^i, i = 0..4, t in -1, 0, +1.

use super::add_product;
use crate::kernel::multiply_coded;
#[cfg(any(test, not(backend = "portable")))]
use crate::weights::Trits;
use crate::weights::{Codec, Expected, Fault, Packing};

/// Weights of a byte.
const WEIGHTS: usize = 5;

/// The greatest byte: five weights of +1.
const MAX_BYTE: u8 = 242;

/// Five weights of 0.
const ZEROS: u8 = 121;

/// Reads ATOME02's weights.
pub static BASE_THREE: Codec = Codec {
    packing: Packing::BaseThree,
    len,
    weight,
    add,
    multiply: multiply_coded,
    #[cfg(backend = "portable")]
    sum: sum_by_digits,
    #[cfg(not(backend = "portable"))]
    sum: sum_by_codes,
    #[cfg(any(test, not(backend = "portable")))]
    codes: Some(codes),
    #[cfg(any(test, backend = "vfp"))]
    rows: None,
    #[cfg(any(test, backend = "fixed_point"))]
    row_sum: crate::kernel::fixed_point::translated_sum,
    #[cfg(any(test, backend = "fixed_point"))]
    terms: None,
    #[cfg(any(test, vectors))]
    unpack,
    fault,
};

fn len(count: usize) -> usize {
    Packing::BaseThree.len(count)
}

/// The weight that a byte starts with, and the byte without it.
#[inline]
fn next(byte: u8) -> (i8, u8) {
    let rest = byte / 3;
    ((byte - 3 * rest) as i8 - 1, rest)
}

fn weight(packed: &[u8], index: usize) -> i8 {
    let mut byte = byte(packed, index / WEIGHTS);
    for _ in 0..index % WEIGHTS {
        byte /= 3;
    }
    next(byte).0
}

/// What is not there, or stands for no weights, reads as zeros.
#[inline]
fn byte(packed: &[u8], index: usize) -> u8 {
    packed.get(index).copied().filter(|&byte| byte <= MAX_BYTE).unwrap_or(ZEROS)
}

fn add(packed: &[u8], index: usize, sum: f32, value: f32) -> f32 {
    add_product(sum, weight(packed, index), value)
}

/// The weights from index `start` on: ternary weights are seldom asked for as numbers.
#[cfg(any(test, vectors))]
fn unpack(packed: &[u8], start: usize, out: &mut [i8]) {
    for (index, out) in (start..).zip(out) {
        *out = weight(packed, index);
    }
}

/// A digit at a time, where nothing but this function would need the table.
#[cfg(any(test, backend = "portable"))]
fn sum_by_digits(packed: &[u8], start: usize, x: &[f32]) -> f32 {
    let mut index = start / WEIGHTS;
    let mut left = WEIGHTS - start % WEIGHTS;
    let mut rest = byte(packed, index);
    for _ in left..WEIGHTS {
        rest /= 3;
    }
    let mut sum = 0.0;
    for &value in x {
        if left == 0 {
            index += 1;
            (rest, left) = (byte(packed, index), WEIGHTS);
        }
        let weight;
        (weight, rest) = next(rest);
        sum = add_product(sum, weight, value);
        left -= 1;
    }
    sum
}

/// By way of 2-bit codes.
#[cfg(any(test, not(backend = "portable")))]
fn sum_by_codes(packed: &[u8], start: usize, x: &[f32]) -> f32 {
    const BYTES: usize = 16;
    let (mut sum, mut start) = (0.0, start);
    for x in x.chunks(4 * BYTES) {
        let mut block = [0; BYTES];
        codes(packed, start, &mut block);
        start += x.len();
        sum = crate::kernel::add_all(sum, x, &mut Trits::starting_at(&block, 0));
    }
    sum
}

#[cfg(any(test, not(backend = "portable")))]
/// The 2-bit codes of each byte's weights, the first lowest; malformed bytes read as zeros.
static CODES: [u16; 256] = table();

#[cfg(any(test, not(backend = "portable")))]
const fn table() -> [u16; 256] {
    let mut codes = [0; 256];
    let mut byte = 0;
    while byte <= MAX_BYTE as usize {
        let (mut rest, mut place) = (byte, 0);
        while place < WEIGHTS {
            // The digits 0, 1 and 2 stand for -1, 0 and +1, whose codes are 11, 00 and 01.
            codes[byte] |= (((rest % 3 + 3) & 3) as u16) << (2 * place);
            rest /= 3;
            place += 1;
        }
        byte += 1;
    }
    codes
}

#[cfg(any(test, not(backend = "portable")))]
#[inline]
fn codes_of(byte: u8) -> u32 {
    u32::from(CODES.get(usize::from(byte)).copied().unwrap_or(0))
}

#[cfg(any(test, not(backend = "portable")))]
/// Writes the weights from index `start` on as 2-bit codes, four to a byte; zeros behind the last one.
pub(crate) fn codes(packed: &[u8], start: usize, out: &mut [u8]) {
    let mut bytes = packed.get(start / WEIGHTS..).unwrap_or_default();
    // What was read and not written yet: `waiting` bits.
    let (mut ahead, mut waiting) = (0, 0);
    let passed = 2 * (start % WEIGHTS) as u32;
    if passed > 0 {
        let Some((first, rest)) = bytes.split_first() else { return out.fill(0) };
        (ahead, waiting) = (codes_of(*first) >> passed, 10 - passed);
        bytes = rest;
    }
    // Four bytes become five.
    let (fours, _) = bytes.as_chunks::<4>();
    let (fives, _) = out.as_chunks_mut::<5>();
    let groups = fours.len().min(fives.len());
    for (&[a, b, c, d], five) in fours.iter().zip(fives) {
        let d = codes_of(d);
        let low = codes_of(a) | codes_of(b) << 10 | codes_of(c) << 20 | d << 30;
        let all = (u64::from(d >> 2) << 32 | u64::from(low)) << waiting | u64::from(ahead);
        let [v, w, x, y, z, ..] = all.to_le_bytes();
        *five = [v, w, x, y, z];
        ahead = (all >> 40) as u32;
    }
    let mut bytes = bytes.get(4 * groups..).unwrap_or_default().iter();
    for out in out.get_mut(5 * groups..).unwrap_or_default() {
        if waiting < 8 {
            ahead |= bytes.next().map_or(0, |&byte| codes_of(byte)) << waiting;
            waiting += 10;
        }
        *out = ahead as u8;
        ahead >>= 8;
        waiting -= 8;
    }
}

fn fault(packed: &[u8], count: usize) -> Option<Fault> {
    for (index, &found) in packed.iter().enumerate() {
        if found > MAX_BYTE {
            return Some(Fault { index, found, expected: Expected::BaseThree });
        }
    }
    let index = count / WEIGHTS;
    let found = *packed.get(index)?;
    let is_padded = (count..WEIGHTS * (index + 1)).all(|index| weight(packed, index) == 0);
    (!is_padded).then_some(Fault { index, found, expected: Expected::Padding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Trit;

    extern crate std;
    use std::vec::Vec;

    /// By the definition: digits of a number.
    fn weights_of(byte: u8) -> [i8; 5] {
        [0, 1, 2, 3, 4].map(|place| (i32::from(byte) / 3_i32.pow(place) % 3 - 1) as i8)
    }

    #[test]
    fn every_byte_reads_as_its_digits_or_is_refused() {
        for byte in 0..=255 {
            let read = [0, 1, 2, 3, 4].map(|index| weight(&[byte], index));
            if byte <= 242 {
                assert_eq!(read, weights_of(byte), "{byte}");
                let number: i32 = read.iter().rev().fold(0, |number, &t| 3 * number + i32::from(t) + 1);
                assert_eq!(number, i32::from(byte));
                assert_eq!(fault(&[byte], 5), None);
            } else {
                assert_eq!(read, [0; 5]);
                let found = fault(&[0, byte], 10).expect("malformed");
                assert_eq!((found.index, found.found), (1, byte));
            }
        }
    }

    #[test]
    fn the_table_has_the_codes_of_every_byte() {
        let table = table();
        for byte in 0..=255 {
            let weights = [0, 1, 2, 3, 4].map(|place| Trit::from_code((table[byte as usize] >> (2 * place)) as u8));
            let expected = if byte <= 242 { weights_of(byte) } else { [0; 5] };
            assert_eq!(weights.map(Trit::value), expected, "{byte}");
            assert!(table[byte as usize] < 1 << 10);
        }
    }

    #[test]
    fn padding_is_checked_for_every_byte_and_number_of_weights() {
        for byte in 0..=242 {
            for used in 1..5 {
                let is_padded = weights_of(byte)[used..].iter().all(|&weight| weight == 0);
                assert_eq!(fault(&[byte], used).is_none(), is_padded, "{byte} {used}");
            }
        }
    }

    #[test]
    fn codes_are_those_of_the_weights_from_any_place() {
        let packed: Vec<u8> = (0..60).map(|index: u32| (index * 89 % 243) as u8).collect();
        for start in 0..40 {
            for len in 0..64 {
                let mut out = std::vec![0xee; len];
                codes(&packed, start, &mut out);
                let expected = (start..start + 4 * len).map(|index| weight(&packed, index));
                let found = Trits::starting_at(&out, 0).map(crate::weights::Trit::value);
                assert!(expected.eq(found), "{start} {len}");
            }
        }
    }

    #[test]
    fn both_ways_to_a_sum_take_the_weights_in_order_from_any_place() {
        let packed: Vec<u8> = (0..60).map(|index: u32| (index * 61 % 256) as u8).collect();
        let x: Vec<f32> = (0..200).map(|index| 1.0 / (index as f32 + 0.7) * 2f32.powi(index % 30 - 15)).collect();
        for start in 0..45 {
            for len in [0, 1, 2, 3, 4, 5, 6, 63, 64, 65, 128, 200] {
                let expected = x[..len].iter().zip(start..).fold(0.0, |sum, (&x, index)| add(&packed, index, sum, x));
                assert_eq!(sum_by_digits(&packed, start, &x[..len]).to_bits(), expected.to_bits(), "{start} {len}");
                assert_eq!(sum_by_codes(&packed, start, &x[..len]).to_bits(), expected.to_bits(), "{start} {len}");
            }
        }
    }

    #[test]
    fn weights_that_are_not_there_are_zeros() {
        let mut out = [0xee; 7];
        codes(&[0], 3, &mut out);
        assert_eq!(out, [0b1111, 0, 0, 0, 0, 0, 0]);
        codes(&[], 3, &mut out);
        assert_eq!(out, [0; 7]);
        assert_eq!(weight(&[0], 5), 0);
    }
}
