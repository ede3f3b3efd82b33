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
use super::vector::inputs::Inputs;
use super::vector::instructions::{compiled_for, Instructions, Work};
use super::Projection;
use lanes::{Avx2, Avx512, Sse2};

pub use choice::Kernel;
pub(crate) use cpu::{has_avx_vnni, has_sse41, has_vnni};

compiled_for!(sse2, super::Sse2, "sse2");
compiled_for!(avx2, super::Avx2, "avx2,fma");
compiled_for!(avx512, super::Avx512, "avx512f,avx2,fma");

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
                Kernel::Sse2 => sse2::run(work),
                Kernel::Avx2 => avx2::run(work),
                Kernel::Avx512 => avx512::run(work),
            }
        }
    }

    fn project_one(x: &[f32], position: usize, projections: &mut [Projection]) -> Option<()> {
        // SAFETY: `Kernel` names only what the processor has; the trait's contract.
        unsafe {
            match Kernel::current() {
                Kernel::Portable => return None,
                Kernel::Sse2 => sse2::project_one(x, position, projections),
                Kernel::Avx2 => avx2::project_one(x, position, projections),
                Kernel::Avx512 => avx512::project_one(x, position, projections),
            }
        }
        Some(())
    }

    fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
        // SAFETY: `Kernel` names only what the processor has; the trait's contract.
        unsafe {
            match Kernel::current() {
                Kernel::Portable => 0,
                Kernel::Sse2 => sse2::project_several(inputs, projections, room),
                Kernel::Avx2 => avx2::project_several(inputs, projections, room),
                Kernel::Avx512 => avx512::project_several(inputs, projections, room),
            }
        }
    }
}
