//! `exp`, `tanh`, `sqrt` and `ln` of binary32, the elementary functions of the model.
//!
//! Two modes, chosen when the crate is built (docs/numerics.md#exp-tanh-sqrt):
//!
//! - *portable* (default): [`exp`], [`tanh`] and [`sqrt`] are correctly rounded to nearest even, so every target
//!   gives the same bits. They use integer arithmetic only: a core without an FPU runs them as they stand, and no
//!   compiler flag that concerns floating point can change a result. The widest product is 32 x 32 -> 64 bits, on a
//!   64-bit target 64 x 64 -> 128. (On x86-64 the processor's square root, which is correctly rounded, stands in.)
//! - *system* (cargo feature `system-libm`): `expf`, `tanhf` and `sqrtf` of the C library that the program links.
//!
//! A host, which computes in binary64 anyway, does so for `exp` where that is enough to tell how to round (`in_binary64`), and
//! leaves the other arguments, one in millions, to the integers.
//!
//! Whatever the mode, [`portable`] holds the portable functions, and [`ln`] is portable.
//!
//! # Why the portable results are correctly rounded
//!
//! "Qn" below is a fixed-point number with n bits after the point.
//!
//! 1. **The argument is exact.** Where the result is not decided by a threshold, |x| is at least 2^-26 for `exp` and
//!    2^-12 for `tanh`, and below 128. Its last bit then weighs at least 2^-49, so x is an integer in Q49.
//! 2. **Reduction**: k = floor(x / ln 2) and r = x - k ln 2 in Q64. ln 2 is held to 96 bits and |k| <= 150, so r is
//!    less than 1.01 * 2^-64 too large (and exact for k = 0).
//! 3. **Series**: e^r - 1 = r (1 + t(r)) in Q64 by Horner's rule. All roundings together, that of r included, stay
//!    below 12 * 2^-64 (counted in the comment on `series`).
//! 4. So `exp` has a significand in [1, 2) whose error is below 2^-60, and `tanh`, a quotient of two such numbers,
//!    one whose relative error is below 2^-58. Each is rounded to 24 bits (fewer for subnormal results) **once**,
//!    by `fixed::round`.
//! 5. That single rounding is right unless the midpoint of two neighbouring floats lies within the error. Walking
//!    through all arguments, the nearest midpoint is 2^-51.6 away for `exp` (at -14.56709) and 2^-49.6 for `tanh` (at
//!    0.0014914835), as a difference of significands: hundreds of times the error.
//!
//! The tests compare all 2^32 arguments with independent implementations, so none of this rests on the argument alone.

mod exp;
mod fixed;
#[cfg(vectors)]
mod in_binary64;
mod ln;
mod sqrt;
#[cfg(feature = "system-libm")]
mod system;
mod tanh;
#[cfg(all(target_arch = "x86_64", not(feature = "system-libm")))]
mod x86_sqrt;

pub(crate) use fixed::mul_high;
pub use ln::ln;

/// The correctly rounded functions, whatever the mode of the build.
pub mod portable {
    pub use super::exp::exp;
    pub use super::sqrt::sqrt;
    pub use super::tanh::tanh;
}

#[cfg(not(any(feature = "system-libm", target_arch = "x86_64")))]
pub use portable::sqrt;
#[cfg(not(feature = "system-libm"))]
pub use portable::{exp, tanh};
#[cfg(feature = "system-libm")]
pub use system::{exp, sqrt, tanh};
#[cfg(all(not(feature = "system-libm"), target_arch = "x86_64"))]
pub use x86_sqrt::sqrt;

/// Where [`exp`], [`tanh`] and [`sqrt`] of this build come from: `"portable"` or `"system"`.
pub const MODE: &str = if cfg!(feature = "system-libm") { "system" } else { "portable" };
