//! The inner loop in assembly, where there is one: on ARMv7-M and later some 13 instructions for a weight that is not
//! 0.
#![allow(unsafe_code)]

use core::arch::global_asm;
use core::mem::offset_of;

#[cfg(assembly = "thumb1")]
use super::scale::Scale;
use super::sum::Sum;
#[cfg(assembly = "thumb1")]
use super::tables::FIRST_LEVEL;
use super::tables::{Tables, FIRST_ROUNDED, GROUP, LEVELS, MISFIT, STEP};
#[cfg(assembly = "thumb1")]
use crate::kernel::Projection;

// As in the assembly.
const _: () = assert!(GROUP == 12 && LEVELS == 3 && STEP == 4 && MISFIT == 1 << 31 && FIRST_ROUNDED == 1 << 25);
const _: () = assert!(offset_of!(Run, end) == 16 && offset_of!(Run, level) == 20);
#[cfg(assembly = "thumb1")]
const _: () = {
    assert!(offset_of!(Run, rows) == 24 && offset_of!(Rows, fields) == 28);
    assert!(offset_of!(Rows, scale_high) == 32 && offset_of!(Rows, scale_low) == 36);
    assert!(offset_of!(Rows, out) == 40 && offset_of!(Rows, stride) == 44 && offset_of!(Rows, first) == 48);
};

#[cfg(assembly = "thumb2")]
global_asm!(include_str!("thumb2.s"), options(raw));
#[cfg(assembly = "thumb1")]
global_asm!(include_str!("thumb1.s"), options(raw));
#[cfg(assembly = "riscv32")]
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
    /// Rows to go; 0 for a part of one.
    #[cfg(assembly = "thumb1")]
    rows: u32,
}

/// [`Run`] for whole rows, one after the other.
#[cfg(assembly = "thumb1")]
#[repr(C)]
struct Rows {
    run: Run,
    /// Field of a product, for a sum of 2^31 units of the finest level, and 127 more.
    fields: u32,
    scale_high: u32,
    scale_low: u32,
    out: *mut f32,
    /// In bytes.
    stride: usize,
    first: *const u32,
}

extern "C" {
    /// Adds the terms of whole groups of four columns until `entries` is `end` (and returns 0) or a term does not fit.
    ///
    /// # Safety
    /// Up to `end`, `entries` has to be followed by groups of a table, and `row` by a byte for each of them.
    /// The entries have to be those of a level of groups of `Tables`, with the other levels beside them. Where `rows` is
    /// not 0, the run has to be that of a `Rows`, with bytes for so many rows and a place for each output.
    fn __atome_engine_fixed_point_groups(run: *mut Run) -> u32;
}

/// Adds `row`'s terms from column `start` on, a multiple of 4. Returns the first column whose term is not added, or the
/// number of columns.
#[inline(always)] // so that a row's sum need not be in memory before and after
pub(super) fn run_groups(tables: &Tables, row: &[u8], start: usize, sum: &mut Sum) -> usize {
    let row = row.get(start / 4..).unwrap_or(&[]);
    let groups = row.len().min(tables.len().saturating_sub(start) / 4);
    let first = tables.entries(start).wrapping_add(sum.level * 4);
    let mut run = Run {
        magnitude: sum.magnitude,
        is_negative: u32::from(sum.is_negative),
        entries: first,
        row: row.as_ptr(),
        end: first.wrapping_add(GROUP * groups),
        level: sum.level as u32,
        #[cfg(assembly = "thumb1")]
        rows: 0,
    };
    // SAFETY: `row` has at least `groups` bytes, and from `start` on the tables have as many groups.
    let place = unsafe { __atome_engine_fixed_point_groups(&mut run) };
    *sum = Sum { magnitude: run.magnitude, is_negative: run.is_negative != 0, level: run.level as usize };
    start + 4 * (run.row as usize - row.as_ptr() as usize) + place as usize
}

/// Multiplies the rows of a matrix from `row` on by the tables' columns, which are all of the rows' own, for as long as
/// that is simple: returns how many rows are done, but not the last one. The first output goes to `at`.
#[cfg(assembly = "thumb1")]
#[inline(never)] // so that other ways have room on the stack
pub(super) fn run_rows(tables: &Tables, projection: &mut Projection, row: usize, at: usize) -> usize {
    let Projection { matrix, out, row_stride: stride, .. } = projection;
    let (scale, stride) = (Scale::new(matrix.scale()), *stride);
    let rows = matrix.rows().saturating_sub(row + 1);
    let packed = matrix.packed().get(row * (tables.len() / 4)..).unwrap_or_default();
    let out = out.get_mut(at..).unwrap_or_default();
    let bytes = rows.checked_mul(tables.len() / 4).filter(|&bytes| 0 < bytes && bytes <= packed.len());
    let last = rows.checked_sub(1).and_then(|last| last.checked_mul(stride)).filter(|&last| last < out.len());
    if bytes.is_none() || last.is_none() || !scale.is_simple() {
        return 0;
    }
    let first = tables.entries(0).wrapping_add(FIRST_LEVEL * 4);
    let end = first.wrapping_add(GROUP * (tables.len() / 4));
    let packed = packed.as_ptr();
    let run = Run {
        magnitude: 0,
        is_negative: 0,
        entries: first,
        row: packed,
        end,
        level: FIRST_LEVEL as u32,
        rows: rows as u32,
    };
    let [scale_high, scale_low] = [scale.significand >> 8, scale.significand & 0xff];
    let fields = (158 + tables.unit(0)) as u32 + scale.field;
    let mut work = Rows { run, fields, scale_high, scale_low, out: out.as_mut_ptr(), stride: stride * 4, first };
    // SAFETY: `packed` has bytes for all rows, `out` a place for the last one and so for each, and the columns are whole
    // groups, of which there is at least one. The function knows from `rows` that it was given a `Rows`.
    unsafe { __atome_engine_fixed_point_groups(&mut *(&raw mut work).cast()) };
    rows - work.run.rows as usize
}
