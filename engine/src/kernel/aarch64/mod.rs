//! NEON: every aarch64 processor has it.

#![allow(unsafe_code)]

mod choice;
mod lanes;

use super::properties::Aarch64;
use super::vector::instructions::{compiled_for, Instructions, Work};
use super::vector::lanes::Lanes;
use super::vector::own_way::OwnWay;
use lanes::Neon;

pub use choice::Kernel;

impl OwnWay for Neon {}

compiled_for!(neon, Neon, "neon");

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
            Kernel::Neon => unsafe { neon(work) },
        }
    }
}
