//! Which instruction set is used.

use core::ffi::CStr;
use core::sync::atomic::{AtomicU8, Ordering};

/// The ways of computing on this target. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kernel {
    /// The definition.
    Portable = 1,
    /// NEON, which every aarch64 processor has.
    Neon,
}

/// The kernel in use; 0 until somebody asks. Whoever asks first, and whoever asks at the same time, finds the same.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Kernel {
    /// All of them, the fastest last.
    pub const ALL: [Self; 2] = [Self::Portable, Self::Neon];

    /// The one in use: the fastest that the processor has, unless [`Kernel::select`] chose another.
    #[inline]
    pub fn current() -> Self {
        let current = CURRENT.load(Ordering::Relaxed);
        match Self::ALL.into_iter().find(|kernel| *kernel as u8 == current) {
            Some(kernel) => kernel,
            None => Self::fastest(),
        }
    }

    #[cold]
    fn fastest() -> Self {
        let fastest = Self::ALL.into_iter().rev().find(|kernel| kernel.is_available()).unwrap_or(Self::Portable);
        fastest.select();
        fastest
    }

    /// Uses this one from now on, in the whole program; `false`, and no change, where the processor cannot.
    pub fn select(self) -> bool {
        let can = self.is_available();
        if can {
            CURRENT.store(self as u8, Ordering::Relaxed);
        }
        can
    }

    /// Whether the processor and the operating system can: always.
    pub fn is_available(self) -> bool {
        true
    }

    /// Its name: "portable" or "neon".
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    /// Its name as a C string.
    pub const fn c_name(self) -> &'static CStr {
        match self {
            Self::Portable => c"portable",
            Self::Neon => c"neon",
        }
    }
}
