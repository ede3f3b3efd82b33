//! Which instructions sums of integers use.

use crate::kernel::{has_avx_vnni, has_sse41, has_vnni, Kernel};

/// Sets of instructions, of which a [`Kernel`] may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// SSE4.1 and what came before.
    Sse41,
    /// AVX2.
    Avx2,
    /// AVX2 and AVX-VNNI.
    AvxVnni,
    /// AVX-512 F, BW and VNNI.
    Avx512,
}

impl Way {
    /// The one for the kernel in use; `None` where there is none.
    #[inline]
    pub(super) fn current() -> Option<Self> {
        match Kernel::current() {
            Kernel::Portable => None,
            Kernel::Sse2 => has_sse41().then_some(Self::Sse41),
            Kernel::Avx512 if has_vnni() => Some(Self::Avx512),
            Kernel::Avx2 | Kernel::Avx512 if has_avx_vnni() => Some(Self::AvxVnni),
            Kernel::Avx2 | Kernel::Avx512 => Some(Self::Avx2),
        }
    }
}

#[cfg(test)]
impl Way {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Sse41, Self::Avx2, Self::AvxVnni, Self::Avx512];

    /// Whether the processor has the instructions.
    pub(super) fn is_available(self) -> bool {
        match self {
            Self::Sse41 => has_sse41(),
            Self::Avx2 => Kernel::Avx2.is_available(),
            Self::AvxVnni => has_avx_vnni(),
            Self::Avx512 => has_vnni(),
        }
    }
}
