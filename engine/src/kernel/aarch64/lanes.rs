//! NEON: every aarch64 processor has it.

use core::arch::aarch64::*;

use crate::kernel::vector::lanes::Lanes;

/// Four lanes.
#[derive(Clone, Copy)]
pub(super) struct Neon(float32x4_t);

impl Lanes for Neon {
    const COUNT: usize = 4;
    type Words = uint32x4_t;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's contract; loaded as bytes, which need no alignment.
        Self(unsafe { vreinterpretq_f32_u8(vld1q_u8(from.cast())) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's contract.
        unsafe { vst1q_u8(to.cast(), vreinterpretq_u8_f32(self.0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn splat_words(value: u32) -> uint32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vdupq_n_u32(value) }
    }

    #[inline(always)]
    unsafe fn load_words(from: *const u32) -> uint32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vreinterpretq_u32_u8(vld1q_u8(from.cast())) }
    }

    #[inline(always)]
    unsafe fn shift_left<const COUNT: u32>(words: uint32x4_t) -> uint32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vshlq_u32(words, vdupq_n_s32(COUNT as i32)) }
    }

    #[inline(always)]
    unsafe fn shift_right<const COUNT: u32>(words: uint32x4_t) -> uint32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vshlq_u32(words, vdupq_n_s32(-(COUNT as i32))) }
    }

    #[inline(always)]
    unsafe fn and(words: uint32x4_t, other: uint32x4_t) -> uint32x4_t {
        // SAFETY: the trait's contract.
        unsafe { vandq_u32(words, other) }
    }

    #[inline(always)]
    unsafe fn as_floats(words: uint32x4_t) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vreinterpretq_f32_u32(words) })
    }

    #[inline(always)]
    unsafe fn lanes_above(self, other: Self) -> u32 {
        // SAFETY: the trait's contract.
        unsafe { vaddvq_u32(vandq_u32(vcgtq_f32(self.0, other.0), vld1q_u32([1, 2, 4, 8].as_ptr()))) }
    }

    #[inline(always)]
    unsafe fn add_exact_product(self, x: Self, sum: Self) -> Self {
        // SAFETY: the trait's contract.
        Self(unsafe { vfmaq_f32(sum.0, self.0, x.0) })
    }

    #[inline(always)]
    unsafe fn signed_by(self, codes: uint32x4_t) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let kept = vtstq_u32(codes, vdupq_n_u32(1));
            let sign = vshlq_n_u32(vshrq_n_u32(codes, 1), 31);
            Self(vreinterpretq_f32_u32(veorq_u32(vandq_u32(vreinterpretq_u32_f32(self.0), kept), sign)))
        }
    }

    #[inline(always)]
    unsafe fn load_transposed(from: *const u8, stride: usize) -> [uint32x4_t; 4] {
        /// 16 bytes of row `index`.
        #[inline(always)]
        unsafe fn row(from: *const u8, stride: usize, index: usize) -> uint32x4_t {
            // SAFETY: the trait's contract.
            unsafe { vreinterpretq_u32_u8(vld1q_u8(from.add(index * stride))) }
        }
        // SAFETY: the trait's contract.
        unsafe {
            let (a, b) = (row(from, stride, 0), row(from, stride, 1));
            let (c, d) = (row(from, stride, 2), row(from, stride, 3));
            let low = |a, b| vreinterpretq_u64_u32(vtrn1q_u32(a, b));
            let high = |a, b| vreinterpretq_u64_u32(vtrn2q_u32(a, b));
            let first = |a, b| vreinterpretq_u32_u64(vtrn1q_u64(a, b));
            let second = |a, b| vreinterpretq_u32_u64(vtrn2q_u64(a, b));
            let (even_ab, even_cd, odd_ab, odd_cd) = (low(a, b), low(c, d), high(a, b), high(c, d));
            [first(even_ab, even_cd), first(odd_ab, odd_cd), second(even_ab, even_cd), second(odd_ab, odd_cd)]
        }
    }
}
