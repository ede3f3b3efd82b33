//! The ternary matrix times vector for cores without floating point, without a call for every addition.
//!
//! Adding a float in software means: take both apart, align, add, find the leading bit, round, put together. A vector
//! meets hundreds of rows, so its values are taken apart once, into fixed point ([`tables`]), and a row's sum stays
//! apart until the row ends ([`sum`], [`accumulate`]). Aligning is then nothing, and what is left of an addition is an
//! integer addition and the rounding.
//!
//! # Why the bits are those of the definition
//!
//! A sum is a magnitude in units of a power of two, always even and of at most 24 significant bits: a binary32. A term
//! is an integer of the same units. Where the value is no even number of units, the term is the odd number between its
//! even neighbours. Their sum is then exact if it is even, and strictly between its even neighbours if it is odd. From
//! 2^25 on, where a binary32 is a multiple of 4 units or more, that is all that rounding to nearest even asks for;
//! below, an even sum is a binary32 as it stands, and an odd one needs a finer unit.
//!
//! There are three units, 2^4 apart. The window of one reaches up to 2^31 units, so together they hold sums from 2^-7
//! to 2^7 times the largest `x` and, where the terms are exact, any smaller ones. What leaves all windows (cancellation
//! to little but not to nothing, inf, NaN, overflow) is added by the definition, until the sum is in a window again.
//!
//! # Where it runs
//!
//! The loop over a row is in assembly, where a call of the C library's addition takes 60 instructions:
//!
//! | core | file | instructions for a weight that is not 0 |
//! |---|---|---|
//! | ARMv7-M and ARMv8-M Mainline without an FPU | `thumb2.s` | some 13 |
//! | ARMv6-M | `thumb1.s`, which does whole rows | some 20 |
//! | RV32 without F | `riscv32.s` | some 20 |
//! | none: in tests | `groups.rs` | |
//!
//! Everything else is common to all of them. Matrices whose rows do not start on bytes are left to the definition.
//!
//! Powers of three (ATOMEP3) go the same way, as trits of x, 3x and 9x ([`project`]).

mod accumulate;
pub mod arithmetic;
#[cfg(assembly)]
mod assembly;
#[cfg(not(assembly))]
mod groups;
mod project;
#[cfg(assembly = "thumb1")]
mod scale;
mod sum;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use project::{project_powers, translated_sum, RowSum};

use super::backend::Backend;
use super::properties::FixedPoint;
use super::{definition, portable, Mix};
use crate::weights::{Matrix, Norm, Projection};

impl Backend for FixedPoint {
    #[inline(always)]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        portable::embed(matrix, token, x);
    }

    #[inline(always)]
    fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
        portable::layer_norm_row(norm, x, out);
    }

    #[inline(always)]
    fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        if !project::project(inputs, positions, projections) {
            definition::project(inputs, positions, projections);
        }
    }

    #[inline(always)]
    fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
        Self::project_more(x, projections, room, false);
    }

    #[inline(always)]
    fn project_some(x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
        let is_left = project::project_one(x, projections, room, false);
        if is_left.is_none() {
            by_definition(x, projections);
        }
        is_left == Some(true)
    }

    #[inline(always)]
    fn project_more(x: &[f32], projections: &mut [Projection], room: &mut [f32], is_left: bool) {
        if project::project_one(x, projections, room, is_left).is_none() {
            by_definition(x, projections);
        }
    }

    #[inline(always)]
    fn mix(work: Mix) -> Option<()> {
        portable::mix(work)
    }
}

/// One copy of what few matrices need.
#[inline(never)]
fn by_definition(x: &[f32], projections: &mut [Projection]) {
    definition::project(x, 1, projections);
}
