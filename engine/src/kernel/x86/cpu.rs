//! What the processor has. The standard library knows, but this crate does without it.

use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicU8, Ordering};

/// Leaf 1: SSSE3, FMA, SSE4.1, OSXSAVE and AVX.
const SSSE3: u32 = 0x0000_0200;
const FMA: u32 = 0x0000_1000;
const SSE41: u32 = 0x0008_0000;
const OSXSAVE: u32 = 0x0800_0000;
const AVX: u32 = 0x1000_0000;
/// Leaf 7.
const AVX2: u32 = 0x0000_0020;
const AVX512F: u32 = 0x0001_0000;
const AVX512BW: u32 = 0x4000_0000;
/// Leaf 7, ECX.
const VNNI: u32 = 0x0000_0800;
/// Leaf 7, second part, EAX.
const AVX_VNNI: u32 = 0x0000_0010;
/// Registers that the operating system saves: SSE and AVX; the three parts of AVX-512.
const SAVES_AVX: u64 = 0b110;
const SAVES_AVX512: u64 = 0b1110_0110;

/// AVX2 and FMA.
pub(super) fn has_avx2() -> bool {
    Processor::this().has_avx2()
}

/// SSSE3 and SSE4.1, for sums of integers. The answer is kept, as those below are.
pub(crate) fn has_sse41() -> bool {
    static ANSWER: Answer = Answer::unknown();
    ANSWER.or_ask(|| Processor::this().has_sse41())
}

/// AVX2 and AVX-VNNI, for sums of integers.
pub(crate) fn has_avx_vnni() -> bool {
    static ANSWER: Answer = Answer::unknown();
    ANSWER.or_ask(|| Processor::this().has_avx_vnni())
}

/// AVX-512 F, BW and VNNI, for sums of integers.
pub(crate) fn has_vnni() -> bool {
    static ANSWER: Answer = Answer::unknown();
    ANSWER.or_ask(|| Processor::this().has_vnni())
}

/// AVX-512 F, and AVX2 and FMA.
pub(super) fn has_avx512() -> bool {
    Processor::this().has_avx512()
}

/// The first letters of "AuthenticAMD", in EBX of leaf 0.
const AMD: u32 = u32::from_le_bytes(*b"Auth");

/// Whether vectors are added in units of their own, as in AMD's processors, while others multiply: Intel's do both in the same.
///
/// A matter of time only: both ways give the same bits. The answer is kept, since a hypervisor takes microseconds for it.
pub(super) fn adds_beside_multiplying() -> bool {
    static ANSWER: Answer = Answer::unknown();
    ANSWER.or_ask(|| __cpuid(0).ebx == AMD)
}

/// What a processor said: 0 until somebody asks, then 1 for no and 2 for yes.
struct Answer(AtomicU8);

impl Answer {
    const fn unknown() -> Self {
        Self(AtomicU8::new(0))
    }

    fn or_ask(&self, ask: impl FnOnce() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let answer = ask();
                self.0.store(1 + u8::from(answer), Ordering::Relaxed);
                answer
            }
            known => known == 2,
        }
    }
}

/// What a processor says of itself.
#[derive(Clone, Copy, Default)]
struct Processor {
    /// ECX of leaf 1.
    leaf1: u32,
    /// EBX and ECX of leaf 7; 0 where there is none.
    leaf7: u32,
    leaf7_more: u32,
    /// EAX of leaf 7's second part; 0 where there is none.
    leaf7_second: u32,
    /// The registers that the operating system saves.
    saves: u64,
}

impl Processor {
    fn this() -> Self {
        // An interpreter of machine-independent code has no processor to ask.
        if cfg!(miri) {
            return Self::default();
        }
        let leaf1 = __cpuid(1).ecx;
        let (leaf7, leaf7_more, leaf7_second) = if __cpuid(0).eax < 7 {
            (0, 0, 0)
        } else {
            let leaf = __cpuid_count(7, 0);
            (leaf.ebx, leaf.ecx, if leaf.eax < 1 { 0 } else { __cpuid_count(7, 1).eax })
        };
        // SAFETY: the OSXSAVE bit says that the instruction exists.
        let saves = if leaf1 & OSXSAVE == 0 { 0 } else { unsafe { saved_registers() } };
        Self { leaf1, leaf7, leaf7_more, leaf7_second, saves }
    }

    fn has_sse41(self) -> bool {
        self.leaf1 & (SSSE3 | SSE41) == SSSE3 | SSE41
    }

    fn has_avx_vnni(self) -> bool {
        self.has_avx2() && self.leaf7_second & AVX_VNNI != 0
    }

    fn has_avx2(self) -> bool {
        self.has(SAVES_AVX, AVX2)
    }

    fn has_avx512(self) -> bool {
        self.has(SAVES_AVX512, AVX2 | AVX512F)
    }

    fn has_vnni(self) -> bool {
        self.has(SAVES_AVX512, AVX2 | AVX512F | AVX512BW) && self.leaf7_more & VNNI != 0
    }

    /// Whether the operating system saves these registers, and the processor has FMA, AVX and these bits of leaf 7.
    fn has(self, saved: u64, leaf7: u32) -> bool {
        let leaf1 = FMA | OSXSAVE | AVX;
        self.leaf1 & leaf1 == leaf1 && self.leaf7 & leaf7 == leaf7 && self.saves & saved == saved
    }
}

/// # Safety
/// The processor's OSXSAVE bit is set.
#[target_feature(enable = "xsave")]
unsafe fn saved_registers() -> u64 {
    // SAFETY: as the caller promises.
    unsafe { _xgetbv(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::is_x86_feature_detected as detected;

    #[test]
    fn this_processor_has_what_the_standard_library_finds() {
        let (avx2, avx512) = (detected!("avx2") && detected!("fma"), detected!("avx512f"));
        assert_eq!([has_avx2(), has_avx512()], if cfg!(miri) { [false; 2] } else { [avx2, avx2 && avx512] });
    }

    /// A processor with everything, and every bit that is asked for missing from it.
    #[test]
    fn all_bits_count() {
        let ones = u32::MAX;
        let all = Processor { leaf1: ones, leaf7: ones, leaf7_more: ones, leaf7_second: ones, saves: u64::MAX };
        assert!(all.has_avx2() && all.has_avx512() && all.has_vnni() && all.has_avx_vnni() && all.has_sse41());
        let none = Processor::default();
        assert!(!none.has_avx2() && !none.has_avx512() && !none.has_sse41());
        for bit in 0..32 {
            let without = Processor { leaf1: !(1 << bit), ..all };
            let is_asked_for = [12, 27, 28].contains(&bit);
            assert_eq!([without.has_avx2(), without.has_avx512()], [!is_asked_for; 2], "leaf 1, bit {bit}");
            assert_eq!(without.has_avx_vnni(), !is_asked_for, "leaf 1, bit {bit}");
            assert_eq!(without.has_sse41(), ![9, 19].contains(&bit), "leaf 1, bit {bit}");
            let without = Processor { leaf7: !(1 << bit), ..all };
            let expected = [bit != 5, bit != 5 && bit != 16];
            assert_eq!([without.has_avx2(), without.has_avx512()], expected, "leaf 7, bit {bit}");
            assert_eq!(without.has_vnni(), ![5, 16, 30].contains(&bit), "leaf 7, bit {bit}");
            let without = Processor { leaf7_more: !(1 << bit), ..all };
            assert_eq!(without.has_vnni(), bit != 11, "leaf 7, ECX, bit {bit}");
            let without = Processor { leaf7_second: !(1 << bit), ..all };
            assert_eq!(without.has_avx_vnni(), bit != 4, "leaf 7, second part, bit {bit}");
            let without = Processor { saves: !(1 << bit), ..all };
            let expected = [![1, 2].contains(&bit), ![1, 2, 5, 6, 7].contains(&bit)];
            assert_eq!([without.has_avx2(), without.has_avx512()], expected, "saved registers, bit {bit}");
        }
    }
}
