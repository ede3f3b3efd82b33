//! The vector instruction sets of x86-64.

use core::arch::x86_64::*;

use crate::kernel::vector::lanes::{Lanes, MAX_LANES, SPREAD};
use crate::kernel::TopK;

/// SSE2: every x86-64 processor has it.
#[derive(Clone, Copy)]
pub(super) struct Sse2(__m128);

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

/// AVX-512 F.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// The operations that have the same form in all three.
macro_rules! operations {
    ($words:ty: $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $splat_words:ident,
     $load_words:ident, $left:ident, $right:ident, $and:ident, $as_floats:ident) => {
        type Words = $words;

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $splat(value) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $load(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the trait's contract.
            unsafe { $store(to, self.0) }
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $add(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $sub(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $mul(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn splat_words(value: u32) -> $words {
            // SAFETY: the trait's contract.
            unsafe { $splat_words(value as i32) }
        }

        #[inline(always)]
        unsafe fn load_words(from: *const u32) -> $words {
            // SAFETY: the trait's contract.
            unsafe { $load_words(from.cast()) }
        }

        #[inline(always)]
        unsafe fn shift_left<const COUNT: u32>(words: $words) -> $words {
            // SAFETY: the trait's contract.
            unsafe { $left(words, _mm_cvtsi32_si128(COUNT as i32)) }
        }

        #[inline(always)]
        unsafe fn shift_right<const COUNT: u32>(words: $words) -> $words {
            // SAFETY: the trait's contract.
            unsafe { $right(words, _mm_cvtsi32_si128(COUNT as i32)) }
        }

        #[inline(always)]
        unsafe fn and(words: $words, other: $words) -> $words {
            // SAFETY: the trait's contract.
            unsafe { $and(words, other) }
        }

        #[inline(always)]
        unsafe fn as_floats(words: $words) -> Self {
            // SAFETY: the trait's contract.
            Self(unsafe { $as_floats(words) })
        }
    };
}

/// Four vectors of rows, of four words in each 128-bit part, to four vectors of columns.
macro_rules! transpose {
    ([$a:expr, $b:expr, $c:expr, $d:expr], $low32:ident, $high32:ident, $low64:ident, $high64:ident) => {{
        let (a, b, c, d) = ($a, $b, $c, $d);
        let (ab, cd) = ($low32(a, b), $low32(c, d));
        let (ab_high, cd_high) = ($high32(a, b), $high32(c, d));
        [$low64(ab, cd), $high64(ab, cd), $low64(ab_high, cd_high), $high64(ab_high, cd_high)]
    }};
}

/// 16 bytes of row `index`.
///
/// # Safety
/// They are there.
#[inline(always)]
unsafe fn row(from: *const u8, stride: usize, index: usize) -> __m128i {
    // SAFETY: as the caller promises.
    unsafe { _mm_loadu_si128(from.add(index * stride).cast()) }
}

impl Lanes for Sse2 {
    const COUNT: usize = 4;

    operations!(__m128i: _mm_set1_ps, _mm_loadu_ps, _mm_storeu_ps, _mm_add_ps, _mm_sub_ps, _mm_mul_ps, _mm_set1_epi32,
        _mm_loadu_si128, _mm_sll_epi32, _mm_srl_epi32, _mm_and_si128, _mm_castsi128_ps);

    #[inline(always)]
    unsafe fn lanes_above(self, other: Self) -> u32 {
        // SAFETY: the trait's contract.
        unsafe { _mm_movemask_ps(_mm_cmpgt_ps(self.0, other.0)) as u32 }
    }

    #[inline(always)]
    unsafe fn add_exact_product(self, x: Self, sum: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm_add_ps(sum.0, _mm_mul_ps(self.0, x.0)) })
    }

    #[inline(always)]
    unsafe fn signed_by(self, codes: __m128i) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let kept = _mm_srai_epi32(_mm_slli_epi32(codes, 31), 31);
            let sign = _mm_slli_epi32(_mm_srli_epi32(codes, 1), 31);
            Self(_mm_xor_ps(_mm_and_ps(self.0, _mm_castsi128_ps(kept)), _mm_castsi128_ps(sign)))
        }
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const u8, stride: usize) -> [__m128i; 4] {
        // SAFETY: the trait's contract.
        unsafe {
            let [a, b, c, d] = [row(from, stride, 0), row(from, stride, 1), row(from, stride, 2), row(from, stride, 3)];
            transpose!([a, b, c, d], _mm_unpacklo_epi32, _mm_unpackhi_epi32, _mm_unpacklo_epi64, _mm_unpackhi_epi64)
        }
    }
}

impl Lanes for Avx2 {
    const COUNT: usize = 8;

    operations!(__m256i: _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps,
        _mm256_set1_epi32, _mm256_loadu_si256, _mm256_sll_epi32, _mm256_srl_epi32, _mm256_and_si256,
        _mm256_castsi256_ps);

    #[inline(always)]
    unsafe fn lanes_above(self, other: Self) -> u32 {
        // SAFETY: the trait's contract.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0)) as u32 }
    }

    #[inline(always)]
    unsafe fn add_exact_product(self, x: Self, sum: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm256_fmadd_ps(self.0, x.0, sum.0) })
    }

    #[inline(always)]
    unsafe fn signed_by(self, codes: __m256i) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let kept = _mm256_srai_epi32(_mm256_slli_epi32(codes, 31), 31);
            let sign = _mm256_slli_epi32(_mm256_srli_epi32(codes, 1), 31);
            Self(_mm256_xor_ps(_mm256_and_ps(self.0, _mm256_castsi256_ps(kept)), _mm256_castsi256_ps(sign)))
        }
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const u8, stride: usize) -> [__m256i; 4] {
        /// Rows `index` and `index + 4`: unpacking works within 128 bits, so the columns then have the rows in order.
        #[inline(always)]
        unsafe fn rows(from: *const u8, stride: usize, index: usize) -> __m256i {
            // SAFETY: the trait's contract.
            unsafe {
                let low = _mm256_castsi128_si256(row(from, stride, index));
                _mm256_inserti128_si256(low, row(from, stride, index + 4), 1)
            }
        }
        // SAFETY: the trait's contract.
        unsafe {
            let [a, b, c, d] =
                [rows(from, stride, 0), rows(from, stride, 1), rows(from, stride, 2), rows(from, stride, 3)];
            transpose!(
                [a, b, c, d],
                _mm256_unpacklo_epi32,
                _mm256_unpackhi_epi32,
                _mm256_unpacklo_epi64,
                _mm256_unpackhi_epi64
            )
        }
    }
}

impl From<__m512> for Avx512 {
    fn from(values: __m512) -> Self {
        Self(values)
    }
}

impl From<Avx512> for __m512 {
    fn from(values: Avx512) -> Self {
        values.0
    }
}

impl Lanes for Avx512 {
    const COUNT: usize = 16;

    operations!(__m512i: _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps,
        _mm512_set1_epi32, _mm512_loadu_si512, _mm512_sll_epi32, _mm512_srl_epi32, _mm512_and_si512,
        _mm512_castsi512_ps);

    #[inline(always)]
    unsafe fn lanes_above(self, other: Self) -> u32 {
        // SAFETY: the trait's contract.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0).into() }
    }

    #[inline(always)]
    unsafe fn add_exact_product(self, x: Self, sum: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { _mm512_fmadd_ps(self.0, x.0, sum.0) })
    }

    #[inline(always)]
    unsafe fn signed_by(self, codes: __m512i) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let kept = _mm512_test_epi32_mask(codes, _mm512_set1_epi32(1));
            let sign = _mm512_set1_epi32(i32::MIN);
            // self ^ (codes << 30 & sign)
            let value = _mm512_castps_si512(self.0);
            let value = _mm512_ternarylogic_epi32::<0x78>(value, _mm512_slli_epi32(codes, 30), sign);
            Self(_mm512_castsi512_ps(_mm512_maskz_mov_epi32(kept, value)))
        }
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const u8, stride: usize) -> [__m512i; 4] {
        /// Rows `index`, `index + 4`, `index + 8` and `index + 12`: see [`Avx2`].
        #[inline(always)]
        unsafe fn rows(from: *const u8, stride: usize, index: usize) -> __m512i {
            // SAFETY: the trait's contract.
            unsafe {
                // Masked loads, where inserting would take the units that the transposition needs.
                let rows = _mm512_broadcast_i32x4(row(from, stride, index));
                let rows = _mm512_mask_broadcast_i32x4(rows, 0x00f0, row(from, stride, index + 4));
                let rows = _mm512_mask_broadcast_i32x4(rows, 0x0f00, row(from, stride, index + 8));
                _mm512_mask_broadcast_i32x4(rows, 0xf000, row(from, stride, index + 12))
            }
        }
        // SAFETY: the trait's contract.
        unsafe {
            let [a, b, c, d] =
                [rows(from, stride, 0), rows(from, stride, 1), rows(from, stride, 2), rows(from, stride, 3)];
            transpose!(
                [a, b, c, d],
                _mm512_unpacklo_epi32,
                _mm512_unpackhi_epi32,
                _mm512_unpacklo_epi64,
                _mm512_unpackhi_epi64
            )
        }
    }

    #[inline(always)]
    unsafe fn spread<const BITS: usize>(bytes: &[u8; SPREAD]) -> __m512i {
        const { assert!(SPREAD >= 9 * size_of::<u32>()) };
        // SAFETY: the trait's contract; reads nine words, which are there.
        unsafe {
            let words = _mm512_maskz_loadu_epi32(0x1ff, bytes.as_ptr().cast());
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let bit = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(BITS as i32));
            let (word, bit) = (_mm512_srli_epi32(bit, 5), _mm512_and_si512(bit, _mm512_set1_epi32(31)));
            let low = _mm512_permutexvar_epi32(word, words);
            let high = _mm512_permutexvar_epi32(_mm512_add_epi32(word, _mm512_set1_epi32(1)), words);
            // A shift by 32 leaves nothing, as it should.
            let high = _mm512_sllv_epi32(high, _mm512_sub_epi32(_mm512_set1_epi32(32), bit));
            _mm512_or_si512(_mm512_srlv_epi32(low, bit), high)
        }
    }

    #[inline(always)]
    unsafe fn enter(best: &mut TopK, values: &[f32; MAX_LANES], mut lanes: u32, row: u32) -> bool {
        let count = best.scores.len().min(best.rows.len());
        if count > MAX_LANES {
            return false;
        }
        // SAFETY: the trait's contract; only as many slots as there are are read and written.
        unsafe {
            let present = ((1_u32 << count) - 1) as u16;
            let mut scores = _mm512_maskz_loadu_ps(present, best.scores.as_ptr());
            let mut rows = _mm512_maskz_loadu_epi32(present, best.rows.as_ptr().cast());
            let best_of_all = _mm512_castps_si512(_mm512_set1_ps(f32::INFINITY));
            while lanes != 0 {
                let lane = lanes.trailing_zeros();
                lanes &= lanes - 1;
                let score = _mm512_set1_ps(values[lane as usize % MAX_LANES]);
                // Each slot's better neighbour.
                let better = _mm512_castsi512_ps(_mm512_alignr_epi32::<15>(_mm512_castps_si512(scores), best_of_all));
                let better_rows = _mm512_alignr_epi32::<15>(rows, rows);
                // A slot takes the neighbour's where the score is above that, else the score where it is above its own.
                let moves = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(score, better);
                let enters = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(score, scores);
                rows = _mm512_mask_mov_epi32(rows, enters, _mm512_set1_epi32((row + lane) as i32));
                rows = _mm512_mask_mov_epi32(rows, moves, better_rows);
                scores = _mm512_mask_mov_ps(scores, enters, score);
                scores = _mm512_mask_mov_ps(scores, moves, better);
            }
            _mm512_mask_storeu_ps(best.scores.as_mut_ptr(), present, scores);
            _mm512_mask_storeu_epi32(best.rows.as_mut_ptr().cast(), present, rows);
        }
        true
    }
}
