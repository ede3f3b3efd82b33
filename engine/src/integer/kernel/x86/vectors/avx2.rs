//! AVX2, with and without VNNI: vectors of two parts.

use core::arch::x86_64::*;

use super::Vectors;

/// AVX2.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2(__m256i);
/// AVX2 and AVX-VNNI.
#[derive(Clone, Copy)]
pub(in super::super) struct AvxVnni(__m256i);

/// Methods that AVX2 has alone.
macro_rules! parts_of_two {
    () => {
        #[inline(always)]
        unsafe fn load_parts(place: *const u8, step: usize) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { _mm256_loadu2_m128i(place.add(step).cast(), place.cast()) })
        }

        #[inline(always)]
        unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                let bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast()));
                let shifts = _mm256_broadcastsi128_si256(_mm_loadu_si128(shifts.as_ptr().cast()));
                Self(_mm256_srlv_epi32(_mm256_shuffle_epi8(self.0, bytes), shifts))
            }
        }

        #[inline(always)]
        unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
            // SAFETY: as the caller promises.
            unsafe {
                _mm256_storeu_si256(place.cast(), _mm256_permute2x128_si256::<0x20>(self.0, other.0));
                _mm256_storeu_si256(place.add(8).cast(), _mm256_permute2x128_si256::<0x31>(self.0, other.0));
            }
        }
    };
}

/// [`Vectors::store_totals`] of two parts.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
pub(super) unsafe fn store_totals_of_two(sums: __m256i, rows: usize, less: i32, place: *mut i32) {
    // SAFETY: as the caller promises.
    unsafe {
        if rows == 1 {
            let totals = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
            _mm_storeu_si128(place.cast(), _mm_sub_epi32(totals, _mm_set1_epi32(less)));
        } else {
            let totals = _mm256_permutevar8x32_epi32(sums, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
            _mm256_storeu_si256(place.cast(), _mm256_sub_epi32(totals, _mm256_set1_epi32(less)));
        }
    }
}

/// [`Vectors::store_fours`] of two parts.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn store_fours_of_two(fours: [__m256i; 4], less: i32, place: *mut i32) {
    for (index, [a, b]) in fours.as_chunks::<2>().0.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe {
            let (first, second) =
                (_mm256_permute2x128_si256::<0x20>(*a, *b), _mm256_permute2x128_si256::<0x31>(*a, *b));
            let totals = _mm256_sub_epi32(_mm256_add_epi32(first, second), _mm256_set1_epi32(less));
            _mm256_storeu_si256(place.add(8 * index).cast(), totals);
        }
    }
}

/// All but the sums of bytes: what AVX2 has, with and without VNNI.
macro_rules! of_256_bits {
    () => {
        instructions!(
            32,
            _mm256_setzero_si256,
            _mm256_loadu_si256,
            _mm256_and_si256,
            _mm256_srli_epi16,
            _mm256_set1_epi8,
            _mm256_shuffle_epi8,
            _mm256_broadcastsi128_si256,
            _mm256_castsi256_ps,
            _mm256_castps_si256,
            _mm256_shuffle_ps,
            _mm256_add_epi32,
            |place: *const i8| _mm256_cvtepi8_epi16(_mm_loadu_si128(place.cast())),
            _mm256_madd_epi16,
            _mm256_unpacklo_epi64,
            _mm256_unpackhi_epi64,
            _mm256_unpacklo_epi16,
            _mm256_unpackhi_epi16,
            _mm256_srli_epi32
        );
        weights_by_shifts!(
            _mm256_and_si256,
            _mm256_or_si256,
            _mm256_add_epi32,
            _mm256_set1_epi32,
            _mm256_slli_epi32,
            _mm256_blend_epi16,
            _mm256_srai_epi16
        );
        parts_of_two!();

        #[inline(always)]
        unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32) {
            // SAFETY: as the caller promises.
            unsafe { store_totals_of_two(self.0, rows, less, place) }
        }

        #[inline(always)]
        unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
            // SAFETY: as the caller promises.
            unsafe { store_fours_of_two(fours.map(|four| four.0), less, place) }
        }
    };
}

impl Vectors for Avx2 {
    of_256_bits!();
    sums_of_16_bits!(_mm256_maddubs_epi16, _mm256_add_epi16, _mm256_set1_epi16, _mm256_madd_epi16, _mm256_add_epi32);
}

impl Vectors for AvxVnni {
    of_256_bits!();
    sums_of_32_bits!(
        _mm256_dpbusd_avx_epi32,
        _mm256_packs_epi32,
        _mm256_set1_epi16,
        _mm256_madd_epi16,
        _mm256_add_epi32
    );
}
