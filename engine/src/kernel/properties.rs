//! The back ends, and what the rest of the engine asks of the one that computes on this target. `build.rs` chooses it.

// A target has one of them; tests have more.
#![allow(dead_code)]

use core::ffi::CStr;

/// What sizes and orders depend on.
pub(crate) trait Properties {
    /// What [`Kernel::name`](super::Kernel::name) says where a program is built with one kernel.
    const NAME: &'static CStr = c"portable";

    /// Whether matrices with the same inputs are worth multiplying in one call. Where nothing is shared, one after the other
    /// takes less room on the stack.
    const MATRICES_TOGETHER: bool = true;

    /// Whether such matrices are multiplied two at a time, of which less is on the stack.
    const MATRICES_IN_PAIRS: bool = false;

    /// How many positions share the work of reading the weights, at most.
    const POSITIONS_TOGETHER: usize = 1;

    /// How many rows of keys lie side by side, element by element, so that their scores can be summed together; by default
    /// all rows.
    const KEY_TILE: usize = usize::MAX;

    /// The fewest floats of spare memory that are of use to the product with one input; `usize::MAX` where none are.
    const WORTHWHILE_ROOM: usize = usize::MAX;

    /// Whether every call is worth a search for room: where the stack is short. Others take what lies at hand.
    const SEARCHES_ROOM: bool = false;
}

/// The definition, in little code: the profile for size, and all targets without a back end of their own.
pub(crate) enum Portable {}

impl Properties for Portable {
    const MATRICES_TOGETHER: bool = false;
}

/// Cortex-M with an FPU.
pub(crate) enum Vfp {}

impl Properties for Vfp {
    const NAME: &'static CStr = c"fpu";
}

/// Cores without an FPU.
pub(crate) enum FixedPoint {}

impl Properties for FixedPoint {
    const NAME: &'static CStr = c"fixed-point";
    // ARMv6-M takes longest to fill tables anew where there is not room for all, and has no memory for large models.
    const MATRICES_IN_PAIRS: bool = cfg!(not(assembly = "thumb1"));
    const WORTHWHILE_ROOM: usize = TABLES_ROOM;
    const SEARCHES_ROOM: bool = true;
}

/// x86-64.
pub(crate) enum X86 {}

impl Properties for X86 {
    const POSITIONS_TOGETHER: usize = 16;
    const KEY_TILE: usize = 16;
    const WORTHWHILE_ROOM: usize = VECTOR_ROOM;
}

/// aarch64.
pub(crate) enum Aarch64 {}

impl Properties for Aarch64 {
    const POSITIONS_TOGETHER: usize = 16;
    const KEY_TILE: usize = 16;
    const WORTHWHILE_ROOM: usize = VECTOR_ROOM;
}

/// Room for the tables of 16 columns.
const TABLES_ROOM: usize = 48;

/// Room for the 2-bit codes of as many rows as are worth it: some 10 KB.
const VECTOR_ROOM: usize = (10 * 1024 + 25) / size_of::<f32>();

#[cfg(backend = "aarch64")]
pub(crate) use Aarch64 as Current;
#[cfg(backend = "fixed_point")]
pub(crate) use FixedPoint as Current;
#[cfg(backend = "portable")]
pub(crate) use Portable as Current;
#[cfg(backend = "vfp")]
pub(crate) use Vfp as Current;
#[cfg(backend = "x86")]
pub(crate) use X86 as Current;
