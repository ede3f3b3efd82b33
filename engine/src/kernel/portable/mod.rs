//! No faster way than the definition.

// Kernels that are faster in some respects take the rest from here.
#![cfg_attr(not(backend = "portable"), allow(dead_code))]

use core::ffi::CStr;

use crate::kernel::attention::{Keys, TopK, Window};
use crate::kernel::mix::Mix;
use crate::weights::{Norm, Projection};

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

    /// Its name: "portable"; with the feature `speed` "fpu" or "fixed-point".
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// Its name as a C string.
    pub const fn c_name(self) -> &'static CStr {
        if cfg!(backend = "vfp") {
            c"fpu"
        } else if cfg!(backend = "fixed_point") {
            c"fixed-point"
        } else {
            c"portable"
        }
    }
}

#[inline]
pub(in crate::kernel) fn project(_: &[f32], _: usize, _: &mut [Projection]) -> bool {
    false
}

#[inline]
pub(in crate::kernel) fn offer_scores(_: &[f32], _: &Keys, _: &Window, _: f32, _: &mut TopK) -> bool {
    false
}

#[inline]
pub(in crate::kernel) fn add_values(_: &TopK, _: &[f32], _: &mut [f32]) -> bool {
    false
}

#[inline]
pub(in crate::kernel) fn mix(_: &mut Mix) -> bool {
    false
}

#[inline]
pub(in crate::kernel) fn layer_norm(_: &Norm, _: &[f32], _: &mut [f32]) -> bool {
    false
}
