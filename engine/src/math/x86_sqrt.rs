//! The square root of x86-64 processors.

#![allow(unsafe_code)]

use core::arch::x86_64::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};

/// The square root of x, correctly rounded to nearest even, as IEEE 754 asks of the instruction.
#[inline]
pub fn sqrt(x: f32) -> f32 {
    // SAFETY: every x86-64 processor has SSE.
    unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
}
