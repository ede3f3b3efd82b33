//! ATOMEP3: three bits a weight, eight to three bytes, lowest bits first in a 24-bit little-endian word.

use super::{add_product, sum_one_by_one};
use crate::kernel::multiply_coded;
use crate::weights::{Codec, Expected, Fault, Packing};
#[cfg(any(test, backend = "fixed_point"))]
use crate::weights::{Terms, TERMS};

/// Weights of a group, and its bytes.
const WEIGHTS: usize = 8;
const BYTES: usize = 3;

/// What the codes stand for; 111 is malformed.
const VALUES: [i8; 8] = [0, 1, -1, 3, -3, 9, -9, 0];

/// The code that stands for nothing.
const MALFORMED: u32 = 7;

/// Reads ATOMEP3's weights.
pub static POWERS_OF_THREE: Codec = Codec {
    packing: Packing::PowersOfThree,
    len,
    weight,
    add,
    multiply: multiply_coded,
    sum,
    #[cfg(any(test, not(backend = "portable")))]
    codes: None,
    #[cfg(any(test, backend = "vfp"))]
    rows: Some(crate::kernel::vfp::powers::rows),
    #[cfg(any(test, backend = "fixed_point"))]
    row_sum: crate::kernel::fixed_point::translated_sum,
    #[cfg(any(test, backend = "fixed_point"))]
    terms: Some(Terms { write_codes: terms, project: crate::kernel::fixed_point::project_powers }),
    #[cfg(any(test, vectors))]
    unpack,
    fault,
};

fn len(count: usize) -> usize {
    Packing::PowersOfThree.len(count)
}

#[inline]
fn word(packed: &[u8], group: usize) -> u32 {
    match packed.get(BYTES * group..).and_then(|rest| rest.first_chunk()) {
        Some(&[a, b, c]) => u32::from_le_bytes([a, b, c, 0]),
        None => 0,
    }
}

#[inline]
fn value(code: u32) -> i8 {
    VALUES.get(code as usize & 7).copied().unwrap_or(0)
}

fn weight(packed: &[u8], index: usize) -> i8 {
    value(word(packed, index / WEIGHTS) >> (3 * (index % WEIGHTS)))
}

fn add(packed: &[u8], index: usize, sum: f32, value: f32) -> f32 {
    add_product(sum, weight(packed, index), value)
}

fn sum(packed: &[u8], start: usize, x: &[f32]) -> f32 {
    sum_one_by_one(weight, packed, start, x)
}

/// The weights from index `start` on.
#[cfg(any(test, vectors))]
fn unpack(packed: &[u8], start: usize, out: &mut [i8]) {
    let mut group = start / WEIGHTS;
    let before = ((WEIGHTS - start % WEIGHTS) % WEIGHTS).min(out.len());
    let (first, rest) = out.split_at_mut_checked(before).unwrap_or_default();
    for (index, out) in (start..).zip(first.iter_mut()) {
        *out = weight(packed, index);
    }
    group += usize::from(!first.is_empty());
    for (group, out) in (group..).zip(rest.chunks_mut(WEIGHTS)) {
        let mut codes = word(packed, group);
        for out in out {
            *out = value(codes);
            codes >>= 3;
        }
    }
}

/// The terms of two codes, the first lowest: 2-bit codes of the value, three and nine times it.
#[cfg(any(test, backend = "fixed_point"))]
static TERMS_OF_TWO: [u16; 64] = {
    const OF_ONE: [u16; 8] = [0, 0b01, 0b11, 0b01 << 2, 0b11 << 2, 0b01 << 4, 0b11 << 4, 0];
    let mut terms = [0; 64];
    let mut codes = 0;
    while codes < 64 {
        terms[codes] = OF_ONE[codes & 7] | OF_ONE[codes >> 3] << (2 * TERMS);
        codes += 1;
    }
    terms
};

/// The terms of the four codes in the lowest 12 bits, in three bytes.
#[cfg(any(test, backend = "fixed_point"))]
#[inline(always)]
fn terms_of_four(codes: u32) -> u32 {
    let two = |codes: u32| u32::from(TERMS_OF_TWO.get(codes as usize & 63).copied().unwrap_or(0));
    two(codes) | two(codes >> 6) << 12
}

/// Four weights become three bytes.
#[cfg(any(test, backend = "fixed_point"))]
fn terms(packed: &[u8], start: usize, out: &mut [u8]) {
    let mut done = 0;
    if start.is_multiple_of(WEIGHTS) {
        let groups = packed.get(start / WEIGHTS * BYTES..).unwrap_or_default().as_chunks::<BYTES>().0;
        for (&[a, b, c], out) in groups.iter().zip(out.as_chunks_mut::<{ 2 * BYTES }>().0) {
            let codes = u32::from_le_bytes([a, b, c, 0]);
            let [p, q, r, _] = terms_of_four(codes).to_le_bytes();
            let [s, t, u, _] = terms_of_four(codes >> 12).to_le_bytes();
            *out = [p, q, r, s, t, u];
            done += WEIGHTS;
        }
    }
    for out in out.get_mut(done / 4 * 3..).unwrap_or_default().chunks_mut(3) {
        // By groups: the number of a bit may be beyond 32 bits where the number of a byte is not.
        let (group, bit) = ((start + done) / WEIGHTS, 3 * ((start + done) % WEIGHTS));
        let first = BYTES * group + bit / 8;
        let [a, b, c] = [0, 1, 2].map(|index| packed.get(first + index).copied().unwrap_or(0));
        let codes = u32::from_le_bytes([a, b, c, 0]) >> (bit % 8);
        for (out, byte) in out.iter_mut().zip(terms_of_four(codes).to_le_bytes()) {
            *out = byte;
        }
        done += 4;
    }
}

fn fault(packed: &[u8], count: usize) -> Option<Fault> {
    for group in 0..packed.len() / BYTES {
        let bits = word(packed, group);
        for place in 0..WEIGHTS {
            let code = bits >> (3 * place) & 7;
            let is_padding = WEIGHTS * group + place >= count;
            if code != MALFORMED && !(is_padding && code != 0) {
                continue;
            }
            // The byte that holds the code's lowest bit.
            let index = BYTES * group + 3 * place / 8;
            let expected = if is_padding { Expected::Padding } else { Expected::PowersOfThree };
            return Some(Fault { index, found: packed.get(index).copied().unwrap_or(0), expected });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Trits;

    #[test]
    fn every_code_in_every_place_reads_as_its_weight() {
        for place in 0..8 {
            for (code, expected) in [(0_u32, 0), (1, 1), (2, -1), (3, 3), (4, -3), (5, 9), (6, -9)] {
                let [a, b, c, _] = (code << (3 * place)).to_le_bytes();
                let packed = [a, b, c];
                let read = [0, 1, 2, 3, 4, 5, 6, 7].map(|index| weight(&packed, index));
                let mut wanted = [0; 8];
                wanted[place] = expected;
                assert_eq!(read, wanted);
                assert_eq!(fault(&packed, 8), None);
                assert_eq!(fault(&packed, place).is_some(), expected != 0, "padding");
            }
            let [a, b, c, _] = (7_u32 << (3 * place)).to_le_bytes();
            assert_eq!(fault(&[a, b, c], 8).map(|fault| fault.index), Some(3 * place / 8));
        }
    }

    #[test]
    fn all_groups_of_three_bytes_are_read_as_eight_codes_or_refused() {
        // All 2^24 take seconds unoptimised: every 61st, which is prime to 2^24, and all that differ in the first byte.
        for bits in (0..1_u32 << 24).step_by(61).chain(0..256) {
            let [a, b, c, _] = bits.to_le_bytes();
            let codes = [0, 1, 2, 3, 4, 5, 6, 7].map(|place| bits >> (3 * place) & 7);
            let is_malformed = codes.contains(&7);
            assert_eq!(fault(&[a, b, c], 8).is_some(), is_malformed, "{bits:#x}");
            if !is_malformed {
                let expected = codes.map(|code| [0, 1, -1, 3, -3, 9, -9][code as usize]);
                assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|index| weight(&[a, b, c], index)), expected);
            }
        }
    }

    #[test]
    fn a_row_may_start_anywhere() {
        let packed = [0o21, 0x35, 0x0a, 0x91, 0x04, 0x12];
        let x = [0.1, -0.7, 3.3, 1e-3, 5.0, -2.5, 0.25, 7.5, -9.0];
        for start in 0..7 {
            let expected = x.iter().zip(start..).fold(0.0, |sum, (&x, index)| add(&packed, index, sum, x));
            assert_eq!(sum(&packed, start, &x).to_bits(), expected.to_bits());
            for bytes in 0..=8 {
                let mut codes = [0x55; 8];
                terms(&packed, start, &mut codes[..bytes]);
                let mut trits = Trits::starting_at(&codes[..bytes], 0).map(|trit| i32::from(trit.value()));
                for index in start..start + 4 * bytes / 3 {
                    let sum: i32 = [1, 3, 9].iter().map(|times| times * trits.next().unwrap()).sum();
                    assert_eq!(sum, i32::from(weight(&packed, index)), "{start} {bytes} {index}");
                }
            }
            for len in 0..=9 {
                let mut unpacked = [0x55; 9];
                unpack(&packed, start, &mut unpacked[..len]);
                let expected = (start..start + len).map(|index| weight(&packed, index));
                assert!(expected.eq(unpacked[..len].iter().copied()), "{start} {len}");
            }
        }
    }

    /// Where the row starts on a group, groups are read whole, in a matrix of many.
    #[test]
    fn terms_of_a_later_row_are_its_own() {
        let packed: [u8; 240] = core::array::from_fn(|index| (index * 37 % 251) as u8);
        for start in (0..=40).step_by(8) {
            let mut codes = [0; 12];
            terms(&packed, start, &mut codes);
            let mut trits = Trits::starting_at(&codes, 0).map(|trit| trit.value());
            for index in start..start + 16 {
                let sum: i8 = [1, 3, 9].iter().map(|times| times * trits.next().unwrap()).sum();
                assert_eq!(sum, weight(&packed, index), "{start} {index}");
            }
        }
    }
}
