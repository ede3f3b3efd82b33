//! The loops over a table in assembly.
#![allow(unsafe_code)]

use core::arch::global_asm;

// Cores with an FPU have these instructions, too.
#[cfg(any(assembly = "thumb2", assembly = "vfp"))]
global_asm!(include_str!("thumb2.s"), options(raw));
#[cfg(assembly = "thumb1")]
global_asm!(include_str!("thumb1.s"), options(raw));
#[cfg(assembly = "riscv32")]
global_asm!(include_str!("riscv32.s"), options(raw));

extern "C" {
    /// # Safety
    /// These are arrays of so many numbers.
    fn __atome_engine_integer_fill(inputs: *const [i16; 4], table: *mut [i32; 256]);

    /// Adds `table[codes[row * stride]]` to each sum up to `end`.
    ///
    /// # Safety
    /// There is one sum at least, and a code for each.
    fn __atome_engine_integer_add_rows(
        codes: *const u8,
        stride: usize,
        table: *const [i32; 256],
        sums: *mut i32,
        end: *const i32,
    );

    /// Adds `halves[0][codes[row * stride] % 16] + halves[1][codes[row * stride] / 16]` to each sum up to `end`.
    ///
    /// # Safety
    /// There is one sum at least, and a code for each.
    #[cfg(not(assembly = "riscv32"))]
    fn __atome_engine_integer_add_halves(
        codes: *const u8,
        stride: usize,
        halves: *const [[i32; 16]; 2],
        sums: *mut i32,
        end: *const i32,
    );
}

/// As in [`super::tables`].
pub(super) fn fill(inputs: &[i16; 4], table: &mut [i32; 256]) {
    // SAFETY: arrays of these sizes.
    unsafe { __atome_engine_integer_fill(inputs, table) }
}

/// As in [`super::tables`].
pub(super) fn add_rows(codes: &[u8], stride: usize, table: &[i32; 256], sums: &mut [i32]) {
    if has_all(codes, stride, sums.len()) {
        let sums = sums.as_mut_ptr_range();
        // SAFETY: the last row has a code, and so have the others.
        unsafe { __atome_engine_integer_add_rows(codes.as_ptr(), stride, table, sums.start, sums.end) };
    }
}

/// As in [`super::tables`].
#[cfg(not(assembly = "riscv32"))]
pub(super) fn add_halves(codes: &[u8], stride: usize, halves: &[[i32; 16]; 2], sums: &mut [i32]) {
    if has_all(codes, stride, sums.len()) {
        let sums = sums.as_mut_ptr_range();
        // SAFETY: the last row has a code, and so have the others.
        unsafe { __atome_engine_integer_add_halves(codes.as_ptr(), stride, halves, sums.start, sums.end) };
    }
}

/// Whether there is a row, and a code for each of them.
#[inline(always)]
fn has_all(codes: &[u8], stride: usize, rows: usize) -> bool {
    let last = rows.checked_sub(1).and_then(|last| last.checked_mul(stride));
    last.is_some_and(|last| last < codes.len())
}
