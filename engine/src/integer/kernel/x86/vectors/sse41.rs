//! SSE4.1 and what came before: vectors of one part.

use core::arch::x86_64::*;

use super::Vectors;

/// SSE4.1 and what came before.
#[derive(Clone, Copy)]
pub(in super::super) struct Sse41(__m128i);

impl Vectors for Sse41 {
    instructions!(
        16,
        _mm_setzero_si128,
        _mm_loadu_si128,
        _mm_and_si128,
        _mm_srli_epi16,
        _mm_set1_epi8,
        _mm_shuffle_epi8,
        core::convert::identity,
        _mm_castsi128_ps,
        _mm_castps_si128,
        _mm_shuffle_ps,
        _mm_add_epi32,
        |place: *const i8| _mm_cvtepi8_epi16(_mm_loadl_epi64(place.cast())),
        _mm_madd_epi16,
        _mm_unpacklo_epi64,
        _mm_unpackhi_epi64,
        _mm_unpacklo_epi16,
        _mm_unpackhi_epi16,
        _mm_srli_epi32
    );
    sums_of_16_bits!(_mm_maddubs_epi16, _mm_add_epi16, _mm_set1_epi16, _mm_madd_epi16, _mm_add_epi32);

    weights_by_shifts!(
        _mm_and_si128,
        _mm_or_si128,
        _mm_add_epi32,
        _mm_set1_epi32,
        _mm_slli_epi32,
        _mm_blend_epi16,
        _mm_srai_epi16
    );

    #[inline(always)]
    unsafe fn load_parts(place: *const u8, _: usize) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_loadu_si128(place.cast()) })
    }

    #[inline(always)]
    unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let words = _mm_shuffle_epi8(self.0, _mm_loadu_si128(bytes.as_ptr().cast()));
            // To the left, by what is left of 6, and to the right by 6: no more than 26 bits count.
            let factors = shifts.map(|shift| 1 << (6 - shift));
            Self(_mm_srli_epi32::<6>(_mm_mullo_epi32(words, _mm_loadu_si128(factors.as_ptr().cast()))))
        }
    }

    #[inline(always)]
    unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            _mm_storeu_si128(place.cast(), self.0);
            _mm_storeu_si128(place.add(4).cast(), other.0);
        }
    }

    #[inline(always)]
    unsafe fn store_totals(self, _: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { _mm_storeu_si128(place.cast(), _mm_sub_epi32(self.0, _mm_set1_epi32(less))) }
    }
}
