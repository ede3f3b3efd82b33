//! AVX-512 F, BW and VNNI: vectors of four parts.

use core::arch::x86_64::*;

use super::avx2::store_totals_of_two;
use super::Vectors;

/// AVX-512 F, BW and VNNI.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(__m512i);

impl Vectors for Avx512 {
    instructions!(
        64,
        _mm512_setzero_si512,
        _mm512_loadu_si512,
        _mm512_and_si512,
        _mm512_srli_epi16,
        _mm512_set1_epi8,
        _mm512_shuffle_epi8,
        _mm512_broadcast_i32x4,
        _mm512_castsi512_ps,
        _mm512_castps_si512,
        _mm512_shuffle_ps,
        _mm512_add_epi32,
        |place: *const i8| _mm512_cvtepi8_epi16(_mm256_loadu_si256(place.cast())),
        _mm512_madd_epi16,
        _mm512_unpacklo_epi64,
        _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi16,
        _mm512_unpackhi_epi16,
        _mm512_srli_epi32
    );
    sums_of_32_bits!(_mm512_dpbusd_epi32, _mm512_packs_epi32, _mm512_set1_epi16, _mm512_madd_epi16, _mm512_add_epi32);

    #[inline(always)]
    unsafe fn load_parts(place: *const u8, step: usize) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let part = |index: usize| _mm_loadu_si128(place.add(index * step).cast());
            let all = _mm512_castsi128_si512(part(0));
            let all = _mm512_inserti32x4::<1>(all, part(1));
            let all = _mm512_inserti32x4::<2>(all, part(2));
            Self(_mm512_inserti32x4::<3>(all, part(3)))
        }
    }

    #[inline(always)]
    unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let bytes = _mm512_broadcast_i32x4(_mm_loadu_si128(bytes.as_ptr().cast()));
            let shifts = _mm512_broadcast_i32x4(_mm_loadu_si128(shifts.as_ptr().cast()));
            Self(_mm512_srlv_epi32(_mm512_shuffle_epi8(self.0, bytes), shifts))
        }
    }

    #[inline(always)]
    unsafe fn usual(self) -> Self {
        self
    }

    #[inline(always)]
    unsafe fn weights(self) -> Self {
        // SAFETY: as the caller promises; all of the table is read.
        unsafe { Self(_mm512_permutexvar_epi32(self.0, _mm512_loadu_si512(PAIRS.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            let first = _mm512_permutex2var_epi64(self.0, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), other.0);
            let second = _mm512_permutex2var_epi64(self.0, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), other.0);
            _mm512_storeu_si512(place.cast(), first);
            _mm512_storeu_si512(place.add(16).cast(), second);
        }
    }

    #[inline(always)]
    unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            match rows {
                1 => {
                    let halves = (_mm512_castsi512_si256(self.0), _mm512_extracti64x4_epi64::<1>(self.0));
                    store_totals_of_two(_mm256_add_epi32(halves.0, halves.1), 1, less, place);
                }
                2 => {
                    let others = _mm512_shuffle_i32x4::<0b10_11_00_01>(self.0, self.0);
                    let from = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 0, 8, 1, 9, 2, 10, 3, 11);
                    let totals = _mm512_permutexvar_epi32(from, _mm512_add_epi32(self.0, others));
                    let totals = _mm256_sub_epi32(_mm512_castsi512_si256(totals), _mm256_set1_epi32(less));
                    _mm256_storeu_si256(place.cast(), totals);
                }
                _ => {
                    let from = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                    let totals = _mm512_permutexvar_epi32(from, self.0);
                    _mm512_storeu_si512(place.cast(), _mm512_sub_epi32(totals, _mm512_set1_epi32(less)));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            let [a, b, c, d] = fours.map(|four| four.0);
            let (low, high) = (halves_of_parts(a, b), halves_of_parts(c, d));
            let totals = _mm512_sub_epi32(halves_of_parts(low, high), _mm512_set1_epi32(less));
            _mm512_storeu_si512(place.cast(), totals);
        }
    }
}

/// Parts added up by twos: of one vector, then of the other.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn halves_of_parts(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as the caller promises.
    unsafe {
        let (even, odd) = (_mm512_shuffle_i32x4::<0b10_00_10_00>(a, b), _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b));
        _mm512_add_epi32(even, odd)
    }
}

/// Weights of two codes, in 16 bits each, by the codes.
static PAIRS: [i32; 16] = pairs();

const fn pairs() -> [i32; 16] {
    const WEIGHTS: [i32; 4] = [0, 1, 0, -1];
    let mut pairs = [0; 16];
    let mut codes = 0;
    while codes < 16 {
        pairs[codes] = WEIGHTS[codes & 3] & 0xffff | WEIGHTS[codes >> 2] << 16;
        codes += 1;
    }
    pairs
}
