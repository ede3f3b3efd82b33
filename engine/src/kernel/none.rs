//! No faster way than the definition.

// Kernels that are faster in some respects take the rest from here.
#![cfg_attr(not(fast_ways = "none"), allow(dead_code))]

use core::ffi::CStr;

use super::attention::{Keys, TopK, Window};
use super::mix::Mix;
use super::project::Projection;
use crate::weights::Norm;

/// The ways of computing on this target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// The one that the program was built with.
    Portable,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Portable];

    /// The one in use.
    pub fn current() -> Self {
        Self::Portable
    }

    /// Whether the processor can.
    pub fn is_available(self) -> bool {
        true
    }

    /// Uses this one from now on; `false` where the processor cannot.
    pub fn select(self) -> bool {
        true
    }

    /// Its name: "portable"; with the feature `kernels` "fpu" or "fixed-point".
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// Its name as a C string.
    pub const fn c_name(self) -> &'static CStr {
        if cfg!(fast_ways = "fpu") {
            c"fpu"
        } else if cfg!(fast_ways = "fixed-point") {
            c"fixed-point"
        } else {
            c"portable"
        }
    }
}

#[inline]
pub(super) fn project(_: &[f32], _: usize, _: &mut [Projection]) -> bool {
    false
}

#[inline]
pub(super) fn offer_scores(_: &[f32], _: &Keys, _: &Window, _: f32, _: &mut TopK) -> bool {
    false
}

#[inline]
pub(super) fn add_values(_: &TopK, _: &[f32], _: &mut [f32]) -> bool {
    false
}

#[inline]
pub(super) fn mix(_: &mut Mix) -> bool {
    false
}

#[inline]
pub(super) fn layer_norm(_: &Norm, _: &[f32], _: &mut [f32]) -> bool {
    false
}
