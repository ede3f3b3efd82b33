//! The inner loop in assembly, where there is one: on ARMv7-M and later some 13 instructions for a weight that is not
//! 0.
#![allow(unsafe_code)]

use core::arch::global_asm;

use super::tables::{Tables, BLOCK};

// As in the assembly.
const _: () = assert!(
    BLOCK == if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) { 64 } else { 256 }
        && super::tables::LEVELS == 3
        && super::tables::STEP == 4
);

// ARMv6-M has neither atomics nor Thumb-2.
#[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
global_asm!(include_str!("thumb2.s"), options(raw));
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
global_asm!(include_str!("thumb1.s"), options(raw));
#[cfg(target_arch = "riscv32")]
global_asm!(include_str!("riscv32.s"), options(raw));

/// What the assembly reads and leaves behind.
#[repr(C)]
struct Run {
    magnitude: u32,
    /// 0, or any other number for a sum below zero.
    is_negative: u32,
    entries: *const u32,
    row: *const u8,
    end: *const u32,
    level: u32,
}

extern "C" {
    /// Adds the terms of whole groups of four columns until `entries` is `end` (and returns 0) or a term does not fit.
    ///
    /// # Safety
    /// `entries` has to be followed by a multiple of four entries up to `end`, `row` by a byte for each four of them.
    /// The entries have to be those of a level of `Tables`, with the other levels beside it.
    fn __atome_engine_soft_float_groups(run: &mut Run) -> u32;
}

/// A sum between two calls.
pub(super) struct State {
    pub(super) magnitude: u32,
    pub(super) is_negative: bool,
    pub(super) level: usize,
}

/// Adds `row`'s terms from column `start` on, a multiple of 4. Returns the first column whose term is not added, or the
/// number of columns.
pub(super) fn run_groups(tables: &Tables, row: &[u8], start: usize, state: &mut State) -> usize {
    let row = row.get(start / 4..).unwrap_or(&[]);
    let groups = row.len().min(tables.len().saturating_sub(start) / 4);
    let first = tables.entries().wrapping_add(state.level * BLOCK + start);
    let mut run = Run {
        magnitude: state.magnitude,
        is_negative: u32::from(state.is_negative),
        entries: first,
        row: row.as_ptr(),
        end: first.wrapping_add(4 * groups),
        level: state.level as u32,
    };
    // SAFETY: `row` has at least `groups` bytes, and from `start` on every level has as many whole groups.
    let place = unsafe { __atome_engine_soft_float_groups(&mut run) };
    *state = State { magnitude: run.magnitude, is_negative: run.is_negative != 0, level: run.level as usize };
    start + 4 * (run.row as usize - row.as_ptr() as usize) + place as usize
}
