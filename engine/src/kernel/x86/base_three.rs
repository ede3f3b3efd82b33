//! Base 3 to 2-bit codes by vector instructions: sixteen bytes, eighty weights, at a time.
//!
//! A byte is 27 q + w. The three digits of w, and those of q, are looked up in a table of sixteen entries, by w without its
//! fifth bit. A second table has what that one gets wrong: where w is 16 or more, and in the third digit of q, which has to
//! be 1, as its code is 00. The ten bits of each byte are then pushed together.

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

/// The entry of [`WRONG`] for all q.
const OF_Q: usize = 15;

/// The codes of the numbers below 16, twice.
static FIRST: [u8; 32] = {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 32 {
        table[index] = code(index % 16);
        index += 1;
    }
    table
};

/// How they differ from the codes of the numbers from 16 on, and from those of q, twice.
static WRONG: [u8; 32] = {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 32 {
        let number = index % 16;
        table[index] = match number {
            0..11 => code(number) ^ code(16 + number),
            OF_Q => code(0) ^ code(9),
            _ => 0,
        };
        index += 1;
    }
    table
};

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
        let first_codes = _mm256_loadu_si256(FIRST.as_ptr().cast());
        let wrong = _mm256_loadu_si256(WRONG.as_ptr().cast());
        let gather = _mm256_setr_epi8(
            0, 1, 2, 3, 4, 8, 9, 10, 11, 12, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, -1, -1, -1, -1,
            -1, -1,
        );
        // w in the lower byte, q in the upper one. A look-up gives 0 where bit 7 is set: where w - 16 is negative. Any q and
        // 127 saturate, and the lowest four bits of that are the entry of all q.
        let to_wrong = _mm256_set1_epi16(0x7ff0);
        const { assert!(OF_Q == 0x7f % 16) };
        let mut one = || {
            let bytes = _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast()));
            // floor(byte / 27), for all of 0 to 255.
            let q = _mm256_mulhi_epu16(bytes, _mm256_set1_epi16(2428));
            let both = _mm256_add_epi16(bytes, _mm256_mullo_epi16(q, _mm256_set1_epi16(256 - 27)));
            let codes = _mm256_shuffle_epi8(first_codes, both);
            let codes = _mm256_xor_si256(codes, _mm256_shuffle_epi8(wrong, _mm256_adds_epi8(both, to_wrong)));
            let tens = _mm256_maddubs_epi16(codes, _mm256_set1_epi16(0x4001));
            // Two bytes' codes in a word of 32 bits, four bytes' in one of 64.
            let twenties = _mm256_madd_epi16(tens, _mm256_set1_epi32(1024 << 16 | 1));
            let upwards = _mm256_sllv_epi32(twenties, _mm256_set1_epi64x(12));
            let forties = _mm256_shuffle_epi8(_mm256_srli_epi64::<12>(upwards), gather);
            _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(forties));
            _mm_storeu_si128(to.add(WRITTEN / 2).cast(), _mm256_extracti128_si256::<1>(forties));
            from = from.add(READ);
            to = to.add(WRITTEN);
        };
        for _ in 0..count / 8 {
            one();
            one();
            one();
            one();
            one();
            one();
            one();
            one();
        }
        for _ in 0..count % 8 {
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
    fn the_tables_have_the_codes_of_three_digits() {
        let expected = |number: usize| {
            let [a, b, c] = [1, 3, 9].map(|unit| [3, 0, 1][number / unit % 3]);
            a | b << 2 | c << 4
        };
        for twice in [0, 16] {
            for w in 0..27 {
                let wrong = if w < 16 { 0 } else { WRONG[twice + w - 16] };
                assert_eq!(FIRST[twice + w % 16] ^ wrong, expected(w), "w = {w}");
            }
            for q in 0..9 {
                assert_eq!(FIRST[twice + q] ^ WRONG[twice + OF_Q], expected(9 + q), "q = {q}");
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
