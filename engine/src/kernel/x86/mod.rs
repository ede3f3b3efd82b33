//! SSE2, AVX2 with FMA, and AVX-512: the most that the processor has.

#![allow(unsafe_code)]

mod base_three;
mod choice;
mod columns;
mod cpu;
mod lanes;
mod one_position;
mod own_way;
mod sixteen_positions;
#[cfg(test)]
mod tests;
pub(crate) mod tiled;

use super::properties::X86;
use super::vector::instructions::{compiled_for, Instructions, Work};
use super::vector::lanes::Lanes;
use lanes::{Avx2, Avx512, Sse2};

pub use choice::Kernel;

compiled_for!(sse2, Sse2, "sse2");
compiled_for!(avx2, Avx2, "avx2,fma");
compiled_for!(avx512, Avx512, "avx512f,avx2,fma");

impl Instructions for X86 {
    #[inline]
    fn are_in_use() -> bool {
        Kernel::current() != Kernel::Portable
    }

    #[inline(always)]
    fn run<W: Work>(work: W) -> Option<W::Output> {
        // SAFETY: `Kernel` names only what the processor has.
        unsafe {
            match Kernel::current() {
                Kernel::Portable => None,
                Kernel::Sse2 => sse2(work),
                Kernel::Avx2 => avx2(work),
                Kernel::Avx512 => avx512(work),
            }
        }
    }
}
