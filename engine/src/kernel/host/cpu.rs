//! What the processor has. The standard library knows, but this crate does without it.

use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv, CpuidResult};

/// Leaf 1: FMA, OSXSAVE and AVX.
const FMA: u32 = 1 << 12;
const OSXSAVE: u32 = 1 << 27;
const AVX: u32 = 1 << 28;
/// Leaf 7.
const AVX2: u32 = 1 << 5;
const AVX512F: u32 = 1 << 16;
/// Registers that the operating system saves: SSE and AVX; the three parts of AVX-512.
const SAVES_AVX: u64 = 0b110;
const SAVES_AVX512: u64 = 0b1110_0110;

/// AVX2 and FMA.
pub(super) fn has_avx2() -> bool {
    has(SAVES_AVX, AVX2)
}

/// AVX-512 F, and AVX2 and FMA.
pub(super) fn has_avx512() -> bool {
    has(SAVES_AVX512, AVX2 | AVX512F)
}

/// Whether the operating system saves these registers, and the processor has FMA, AVX and these bits of leaf 7.
fn has(saved: u64, leaf7: u32) -> bool {
    // An interpreter of machine-independent code has no processor to ask.
    if cfg!(miri) {
        return false;
    }
    let CpuidResult { eax: last_leaf, .. } = __cpuid(0);
    let CpuidResult { ecx, .. } = __cpuid(1);
    let base = FMA | OSXSAVE | AVX;
    if last_leaf < 7 || ecx & base != base {
        return false;
    }
    let CpuidResult { ebx, .. } = __cpuid_count(7, 0);
    // SAFETY: the OSXSAVE bit says that the instruction exists.
    let saves = unsafe { saved_registers() };
    saves & saved == saved && ebx & leaf7 == leaf7
}

/// # Safety
/// The processor's OSXSAVE bit is set.
#[target_feature(enable = "xsave")]
unsafe fn saved_registers() -> u64 {
    // SAFETY: as the caller promises.
    unsafe { _xgetbv(0) }
}
