//! `exp`, `tanh` and `sqrt` of the C library that the program links.

// The one place of the module that calls foreign code.
#![allow(unsafe_code)]

// SAFETY: these are `expf`, `tanhf` and `sqrtf` of <math.h>, with the types that C99 gives them. They take and return
// a number by value, touch no memory of ours, and are defined for every argument, so calling them is safe.
unsafe extern "C" {
    safe fn expf(x: f32) -> f32;
    safe fn tanhf(x: f32) -> f32;
    safe fn sqrtf(x: f32) -> f32;
}

/// e^x by `expf` of the C library (C99 7.12.6.1).
pub fn exp(x: f32) -> f32 {
    expf(x)
}

/// tanh x by `tanhf` of the C library (C99 7.12.5.6).
pub fn tanh(x: f32) -> f32 {
    tanhf(x)
}

/// The square root of x by `sqrtf` of the C library (C99 7.12.7.5).
pub fn sqrt(x: f32) -> f32 {
    sqrtf(x)
}
