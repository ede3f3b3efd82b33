//! The kernel of a target that has but one.

use core::ffi::CStr;

use super::properties::{Current, Properties};

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
        Current::NAME
    }
}
