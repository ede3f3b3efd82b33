//! NEON: every aarch64 processor has it.

#![allow(unsafe_code)]

mod choice;
mod lanes;

use super::properties::Aarch64;
use super::vector::inputs::Inputs;
use super::vector::instructions::{compiled_for, Instructions, Work};
use super::vector::own_way::OwnWay;
use super::Projection;
use lanes::Neon;

pub use choice::Kernel;

impl OwnWay for Neon {}

compiled_for!(neon, super::Neon, "neon");

impl Instructions for Aarch64 {
    #[inline]
    fn are_in_use() -> bool {
        Kernel::current() != Kernel::Portable
    }

    #[inline(always)]
    fn run<W: Work>(work: W) -> Option<W::Output> {
        match Kernel::current() {
            Kernel::Portable => None,
            // SAFETY: every processor has it.
            Kernel::Neon => unsafe { neon::run(work) },
        }
    }

    fn project_one(x: &[f32], position: usize, projections: &mut [Projection]) -> Option<()> {
        match Kernel::current() {
            Kernel::Portable => None,
            // SAFETY: every processor has it; the trait's contract.
            Kernel::Neon => Some(unsafe { neon::project_one(x, position, projections) }),
        }
    }

    fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
        match Kernel::current() {
            Kernel::Portable => 0,
            // SAFETY: every processor has it; the trait's contract.
            Kernel::Neon => unsafe { neon::project_several(inputs, projections, room) },
        }
    }
}
