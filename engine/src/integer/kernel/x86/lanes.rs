//! Vectors of 32-bit lanes, a row in each.

use core::arch::asm;
use core::arch::x86_64::*;

/// One set of instructions.
///
/// # Safety
/// The processor has the instructions of the type that a method is called of; pointers lead to what is read or written.
pub(super) trait Lanes: Copy {
    /// Rows: 4 for each part of 16 bytes.
    const ROWS: usize;
    /// Sums for which there are registers, 4 or 8.
    const SUMS: usize;

    unsafe fn splat(value: i32) -> Self;
    /// 16 bytes for each part: from `place`, and from 4, 8 and 12 times `stride` bytes behind it.
    unsafe fn load_every_fourth(place: *const u8, stride: usize) -> Self;
    unsafe fn store(self, place: *mut i32);
    /// Of each part of 16 bytes, the lower and the upper half's numbers of 32 bits, in turn with another's.
    unsafe fn low_words(self, other: Self) -> Self;
    unsafe fn high_words(self, other: Self) -> Self;
    /// In halves of 64 bits.
    unsafe fn low_pairs(self, other: Self) -> Self;
    unsafe fn high_pairs(self, other: Self) -> Self;
    unsafe fn and(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    /// What is not set here and set there.
    unsafe fn not_and(self, other: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    /// Each number of 16 bits, shifted by 8.
    unsafe fn high_bytes(self) -> Self;
    /// Each lane, shifted.
    unsafe fn over_four_to<const TWICE: i32>(self) -> Self;
    /// `self` and, in each lane, the products of two pairs of 16-bit numbers.
    unsafe fn add_products(self, a: Self, b: Self) -> Self;
}

/// SSE2.
#[derive(Clone, Copy)]
pub(super) struct Sse2(__m128i);
/// AVX2.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256i);
/// AVX-512 F, BW and VNNI.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512i);

/// Methods that are an instruction each.
macro_rules! instructions {
    ($($name:ident($($argument:ident),*) = $instruction:ident;)*) => {$(
        #[inline(always)]
        unsafe fn $name(self $(, $argument: Self)*) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $instruction(self.0 $(, $argument.0)*) })
        }
    )*};
}

impl Lanes for Sse2 {
    const ROWS: usize = 4;
    const SUMS: usize = 4;

    instructions! {
        low_words(other) = _mm_unpacklo_epi32;
        high_words(other) = _mm_unpackhi_epi32;
        low_pairs(other) = _mm_unpacklo_epi64;
        high_pairs(other) = _mm_unpackhi_epi64;
        and(other) = _mm_and_si128;
        or(other) = _mm_or_si128;
        not_and(other) = _mm_andnot_si128;
        add(other) = _mm_add_epi32;
        sub(other) = _mm_sub_epi32;
    }

    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_set1_epi32(value) })
    }

    #[inline(always)]
    unsafe fn load_every_fourth(place: *const u8, _: usize) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_loadu_si128(place.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { _mm_storeu_si128(place.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn high_bytes(self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_srli_epi16::<8>(self.0) })
    }

    #[inline(always)]
    unsafe fn over_four_to<const TWICE: i32>(self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_srai_epi32::<TWICE>(self.0) })
    }

    #[inline(always)]
    unsafe fn add_products(self, a: Self, b: Self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_add_epi32(self.0, _mm_madd_epi16(a.0, b.0)) })
    }
}

impl Lanes for Avx2 {
    const ROWS: usize = 8;
    const SUMS: usize = 4;

    instructions! {
        low_words(other) = _mm256_unpacklo_epi32;
        high_words(other) = _mm256_unpackhi_epi32;
        low_pairs(other) = _mm256_unpacklo_epi64;
        high_pairs(other) = _mm256_unpackhi_epi64;
        and(other) = _mm256_and_si256;
        or(other) = _mm256_or_si256;
        not_and(other) = _mm256_andnot_si256;
        add(other) = _mm256_add_epi32;
        sub(other) = _mm256_sub_epi32;
    }

    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm256_set1_epi32(value) })
    }

    #[inline(always)]
    unsafe fn load_every_fourth(place: *const u8, stride: usize) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm256_loadu2_m128i(place.add(4 * stride).cast(), place.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(place.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn high_bytes(self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm256_srli_epi16::<8>(self.0) })
    }

    #[inline(always)]
    unsafe fn over_four_to<const TWICE: i32>(self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm256_srai_epi32::<TWICE>(self.0) })
    }

    #[inline(always)]
    unsafe fn add_products(self, a: Self, b: Self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm256_add_epi32(self.0, _mm256_madd_epi16(a.0, b.0)) })
    }
}

impl Lanes for Avx512 {
    const ROWS: usize = 16;
    const SUMS: usize = 8;

    instructions! {
        low_words(other) = _mm512_unpacklo_epi32;
        high_words(other) = _mm512_unpackhi_epi32;
        low_pairs(other) = _mm512_unpacklo_epi64;
        high_pairs(other) = _mm512_unpackhi_epi64;
        and(other) = _mm512_and_si512;
        or(other) = _mm512_or_si512;
        not_and(other) = _mm512_andnot_si512;
        add(other) = _mm512_add_epi32;
        sub(other) = _mm512_sub_epi32;
    }

    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm512_set1_epi32(value) })
    }

    #[inline(always)]
    unsafe fn load_every_fourth(place: *const u8, stride: usize) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let part = |index: usize| _mm_loadu_si128(place.add(4 * index * stride).cast());
            let all = _mm512_castsi128_si512(part(0));
            let all = _mm512_inserti32x4::<1>(all, part(1));
            let all = _mm512_inserti32x4::<2>(all, part(2));
            Self(_mm512_inserti32x4::<3>(all, part(3)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_si512(place.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn high_bytes(self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm512_srli_epi16::<8>(self.0) })
    }

    #[inline(always)]
    unsafe fn over_four_to<const TWICE: i32>(self) -> Self {
        // SAFETY: as the caller promises.
        // The type of the constant is not that of the others.
        Self(unsafe { _mm512_sra_epi32(self.0, _mm_cvtsi32_si128(TWICE)) })
    }

    #[inline(always)]
    unsafe fn add_products(self, a: Self, b: Self) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { add_products(self.0, a.0, b.0) })
    }
}

/// Products of pairs and their sum in one instruction: a compiler that knows it makes three of it, for the sake of a latency that
/// does not count here.
///
/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
#[inline]
unsafe fn add_products(mut sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: registers only.
    unsafe {
        asm!(
            "vpdpwssd {}, {}, {}",
            inout(zmm_reg) sum,
            in(zmm_reg) a,
            in(zmm_reg) b,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}
