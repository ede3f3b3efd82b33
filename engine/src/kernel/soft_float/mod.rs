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
//! The loop over a row is in assembly on ARMv7-M without an FPU, ARMv6-M and RV32 without F: some 13, 20 and 20
//! instructions for a weight that is not 0, where a call of the C library's addition takes 60. Elsewhere, which means
//! in tests, it is in Rust. Matrices whose rows do not start on bytes are left to the definition.
//!
//! Powers of three (ATOMEP3) go the same way, as trits of x, 3x and 9x ([`project`]).

mod accumulate;
pub mod arithmetic;
#[cfg(fast_ways = "fixed-point")]
mod assembly;
#[cfg(not(fast_ways = "fixed-point"))]
mod groups;
mod project;
#[cfg(assembly_rows)]
mod scale;
mod sum;
mod tables;
#[cfg(test)]
mod tests;

#[cfg(not(test))]
pub use super::none::Kernel;
#[cfg(not(test))]
pub(super) use super::none::{add_values, layer_norm, mix, offer_scores};
#[cfg(not(test))]
pub(super) use project::{project, project_one, WORTHWHILE_ROOM};
pub(crate) use project::{project_powers, translated_sum, RowSum};
