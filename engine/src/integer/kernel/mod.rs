//! The matrix product of docs/integer.md#3-matrix-times-vector and the convolution, as fast as a chip can.
//!
//! Sums of integers are exact, so every way gives the definition's result, [`super::project`], whatever its order. A way does
//! the matrices that it suits, and leaves the others to the definition.
//!
//! | target | way | where |
//! |---|---|---|
//! | x86-64 | a row's codes in vectors, times the inputs' bytes | [`x86`] |
//! | all others | partial sums of four weights, looked up by their byte | [`tables`] |
//! | | five taps of four channels, which are five bytes | [`five_taps`] |
//! | microcontrollers with `kernels` | the loops of that in assembly | `thumb2.s`, `thumb1.s`, `riscv32.s` |

mod agree;
#[cfg(assembly)]
mod assembly;
#[cfg(any(test, not(backend = "x86")))]
mod five_taps;
mod tables;
#[cfg(backend = "x86")]
mod x86;

pub use agree::products_agree;

use super::{conv, project};
use crate::weights::Matrix;

/// Steps of a position, which are loops over channels.
pub(super) trait Work {
    /// What it answers.
    type Output;

    /// To be inlined, with all that takes time.
    fn run(self) -> Self::Output;
}

#[cfg(backend = "x86")]
pub(super) use self::x86::compiled;

/// Does the work: compilers know but one set of instructions here.
#[cfg(not(backend = "x86"))]
#[inline(never)] // so that a step's room on the stack is not the room of what prepares it
pub(super) fn compiled<W: Work>(work: W) -> W::Output {
    work.run()
}

/// Multiplies one input, `[cols]`, by all `matrices`: one matrix's sums behind the other's. `room` is for whatever a way has a
/// use for.
pub(super) fn project(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32], room: &mut [i32]) {
    #[cfg(backend = "x86")]
    let is_done = x86::project(matrices, inputs, sums, room);
    #[cfg(not(backend = "x86"))]
    let is_done = tables::project(matrices, inputs, sums, room);
    if !is_done {
        by_definition(matrices, inputs, sums);
    }
}

/// The most positions whose inputs are multiplied together: as many as 16 KB of stack have room for.
#[cfg(vectors)]
pub(super) const MOST_TOGETHER: usize = 2;

/// [`project`] of some positions, at most [`MOST_TOGETHER`]: inputs, `[positions][cols]`, and sums, `[positions][rows of all
/// matrices]`.
#[cfg(vectors)]
pub(super) fn project_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) {
    #[cfg(backend = "x86")]
    if x86::project_together(matrices, cols, inputs, sums) {
        return;
    }
    let rows: usize = matrices.iter().map(|matrix| matrix.rows()).sum();
    for (inputs, sums) in inputs.chunks_exact(cols.max(1)).zip(sums.chunks_exact_mut(rows.max(1))) {
        project(matrices, inputs, sums, &mut []);
    }
}

/// Products of a query, `[d_head]`, and of the keys in some rows of `keys`, `[max_seq][d_head]`.
#[cfg(vectors)]
#[inline(always)]
pub(super) fn dots(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) {
    #[cfg(backend = "x86")]
    let done = x86::dots(query, keys, rows, dots);
    #[cfg(not(backend = "x86"))]
    let done = 0;
    for (row, dot) in rows.iter().zip(dots).skip(done) {
        *dot = project::dot(query, keys, (*row).into());
    }
}

/// A convolution's sums, `[d_model]`, as [`conv::convolve`] has them.
#[inline(always)]
pub(super) fn convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) {
    #[cfg(backend = "x86")]
    let done = x86::convolve(taps, inputs, history, sums);
    #[cfg(not(backend = "x86"))]
    let done = five_taps::convolve(taps, inputs, history, sums);
    conv::convolve(taps, done, inputs, history, sums);
}

fn by_definition(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        project::project(matrix, inputs, sums);
        rest = others;
    }
}

#[cfg(test)]
mod tests;
