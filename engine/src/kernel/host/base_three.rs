//! Base 3 to 2-bit codes by vector instructions: sixteen bytes, eighty weights, at a time.
//!
//! A byte is 27 q + w. The three digits of w are looked up in two tables of sixteen entries, and so are those of q + 9, whose
//! third digit is 1 and has the code 00. The ten bits of each byte are then pushed together.

use core::arch::x86_64::*;
use core::mem::MaybeUninit;

/// Bytes that are read at a time, and bytes of codes that they become.
const READ: usize = 16;
const WRITTEN: usize = 20;
/// Bytes that are written at a time, some of them to be written over.
const TOUCHED: usize = 26;

/// The codes of the three lowest digits of a number below 27.
const fn code(number: usize) -> u8 {
    let digits = [number % 3, number / 3 % 3, number / 9];
    // The digits 0, 1 and 2 stand for -1, 0 and +1, whose codes are 11, 00 and 01.
    let [a, b, c] = [(digits[0] + 3) % 4, (digits[1] + 3) % 4, (digits[2] + 3) % 4];
    (a + 4 * b + 16 * c) as u8
}

/// Those of the numbers from `first` on, twice.
const fn table(first: usize) -> [u8; 32] {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 32 {
        if first + index % 16 < 27 {
            table[index] = code(first + index % 16);
        }
        index += 1;
    }
    table
}

static LOW: [u8; 32] = table(0);
static HIGH: [u8; 32] = table(16);

/// Writes the codes of the weights of `packed` to `out`, as far as whole vectors go; returns how many of its bytes are done.
/// Bytes of `packed` above 242 become any codes.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn codes(packed: &[u8], out: &mut [MaybeUninit<u8>]) -> usize {
    let by_room = out.len().saturating_sub(TOUCHED - WRITTEN) / WRITTEN;
    let count = by_room.min(packed.len() / READ);
    // SAFETY: so many times are READ bytes there, and room for TOUCHED from every WRITTEN-th place on.
    unsafe {
        let mut from = packed.as_ptr();
        let mut to = out.as_mut_ptr().cast::<u8>();
        let low = _mm256_loadu_si256(LOW.as_ptr().cast());
        let high = _mm256_loadu_si256(HIGH.as_ptr().cast());
        let gather = _mm256_setr_epi8(
            0, 1, 2, 3, 4, 8, 9, 10, 11, 12, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, -1, -1, -1, -1,
            -1, -1,
        );
        // w in the lower byte, q in the upper one. A look-up gives 0 where bit 7 is set: in the one table from 16 on, in
        // the other below.
        let to_low = _mm256_set1_epi16(0x7970);
        let to_high = _mm256_set1_epi16(0xf9f0_u16 as i16);
        let mut one = || {
            let bytes = _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast()));
            // floor(byte / 27), for all of 0 to 255.
            let q = _mm256_mulhi_epu16(bytes, _mm256_set1_epi16(2428));
            let both = _mm256_add_epi16(bytes, _mm256_mullo_epi16(q, _mm256_set1_epi16(256 - 27)));
            let first = _mm256_shuffle_epi8(low, _mm256_add_epi8(both, to_low));
            let second = _mm256_shuffle_epi8(high, _mm256_add_epi8(both, to_high));
            let tens = _mm256_maddubs_epi16(_mm256_or_si256(first, second), _mm256_set1_epi16(0x4001));
            // Two bytes' codes in a word of 32 bits, four bytes' in one of 64.
            let twenties = _mm256_madd_epi16(tens, _mm256_set1_epi32(1024 << 16 | 1));
            let upwards = _mm256_sllv_epi32(twenties, _mm256_set1_epi64x(12));
            let forties = _mm256_shuffle_epi8(_mm256_srli_epi64::<12>(upwards), gather);
            _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(forties));
            _mm_storeu_si128(to.add(WRITTEN / 2).cast(), _mm256_extracti128_si256::<1>(forties));
            from = from.add(READ);
            to = to.add(WRITTEN);
        };
        for _ in 0..count / 4 {
            one();
            one();
            one();
            one();
        }
        for _ in 0..count % 4 {
            one();
        }
    }
    count * WRITTEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::BASE_THREE;

    extern crate std;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn a_table_has_the_codes_of_three_digits() {
        for first in [0, 16] {
            for (index, found) in table(first).into_iter().enumerate() {
                let number = first + index % 16;
                let [a, b, c] = [1, 3, 9].map(|unit| [3, 0, 1][number / unit % 3]);
                assert_eq!(found, if number < 27 { a | b << 2 | c << 4 } else { 0 }, "{number}");
            }
        }
    }

    #[test]
    fn all_pairs_of_bytes_become_the_codes_that_are_read_one_by_one() {
        if !crate::kernel::Kernel::Avx2.is_available() {
            return std::println!("SKIPPED: this processor has no AVX2");
        }
        let mut packed: Vec<u8> =
            (0..243 * 243_u32).flat_map(|pair| [(pair / 243) as u8, (pair % 243) as u8]).collect();
        for shift in 0..3 {
            packed.remove(shift);
            for cut in 0..50 {
                let packed = &packed[..packed.len() - 41 * cut];
                let mut out = vec![0xee; 5 * packed.len() / 4 - cut];
                // SAFETY: the processor has AVX2.
                let done = unsafe {
                    let out = core::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), out.len());
                    codes(packed, out)
                };
                assert!(done % WRITTEN == 0 && done + 2 * TOUCHED > out.len());
                let mut expected = vec![0; done];
                (BASE_THREE.codes.expect("ternary"))(packed, 0, &mut expected);
                assert!(out[..done] == expected, "{shift} {cut}");
            }
        }
    }
}
