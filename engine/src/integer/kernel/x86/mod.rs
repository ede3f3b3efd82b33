//! SSE4.1, AVX2 with and without VNNI, and AVX-512 with VNNI.

#![allow(unsafe_code)]

mod conv;
mod inputs;
mod rows;
mod scores;
mod vectors;
mod way;

use inputs::MOST_COLUMNS;
use rows::{multiply, multiply_together};
use vectors::{Avx2, Avx512, AvxVnni, Sse41};
use way::Way;

use super::{tables, Work};
use crate::kernel::Kernel;
use crate::weights::Matrix;

/// As [`super::project`], for matrices of 2-bit weights whose rows begin with a byte. `false`, with nothing done, for others.
pub(super) fn project(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32], room: &mut [i32]) -> bool {
    if Kernel::current() == Kernel::Portable {
        return false;
    }
    // SAFETY: it is in use.
    let is_done = Way::current().is_some_and(|way| unsafe { project_by(way, matrices, inputs, sums) });
    is_done || tables::project(matrices, inputs, sums, room)
}

/// [`project`] by vectors. `false` for inputs that are too great, too.
///
/// # Safety
/// The processor has the instructions.
#[inline]
unsafe fn project_by(way: Way, matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    if !suits(matrices, inputs.len()) {
        return false;
    }
    // SAFETY: as the caller promises.
    unsafe {
        match way {
            Way::Sse41 => sse41(matrices, inputs, sums),
            Way::Avx2 => avx2(matrices, inputs, sums),
            Way::AvxVnni => avx_vnni(matrices, inputs, sums),
            Way::Avx512 => avx512(matrices, inputs, sums),
        }
    }
}

/// As [`super::dots`], of the first rows; returns how many.
#[inline]
pub(super) fn dots(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    // SAFETY: it is in use.
    Way::current().map_or(0, |way| unsafe { dots_by(way, query, keys, rows, dots) })
}

/// # Safety
/// The processor has the instructions.
#[inline]
unsafe fn dots_by(way: Way, query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        match way {
            Way::Sse41 => sse41_dots(query, keys, rows, dots),
            Way::Avx2 | Way::AvxVnni => avx2_dots(query, keys, rows, dots),
            Way::Avx512 => avx512_dots(query, keys, rows, dots),
        }
    }
}

/// As [`super::project_together`]; `false`, with nothing done, where that does not suit.
pub(super) fn project_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: it is in use.
    Way::current().is_some_and(|way| unsafe { project_together_by(way, matrices, cols, inputs, sums) })
}

/// # Safety
/// The processor has the instructions.
#[inline]
unsafe fn project_together_by(way: Way, matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    if !suits(matrices, cols) {
        return false;
    }
    // SAFETY: as the caller promises.
    unsafe {
        match way {
            Way::Sse41 => sse41_together(matrices, cols, inputs, sums),
            Way::Avx2 => avx2_together(matrices, cols, inputs, sums),
            Way::AvxVnni => avx_vnni_together(matrices, cols, inputs, sums),
            Way::Avx512 => avx512_together(matrices, cols, inputs, sums),
        }
    }
}

/// Whether matrices have two bits a weight, and rows that begin with a byte.
fn suits(matrices: &[Matrix], cols: usize) -> bool {
    let suits = |matrix: &Matrix| matrix.codec().is_none() && matrix.cols() == cols;
    cols.is_multiple_of(4) && cols <= MOST_COLUMNS && matrices.iter().all(suits)
}

/// Does work whose loops a compiler turns into vectors, compiled for the instructions in use.
#[inline]
pub(in crate::integer) fn compiled<W: Work>(work: W) -> W::Output {
    // SAFETY: it is in use.
    unsafe {
        match Way::current() {
            None => work.run(),
            Some(Way::Sse41) => sse41_work(work),
            Some(Way::Avx2 | Way::AvxVnni) => avx2_work(work),
            Some(Way::Avx512) => avx512_work(work),
        }
    }
}

/// The sums of the first channels, as many as there is a fast way for; returns how many.
#[inline]
pub(super) fn convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    // SAFETY: it is in use.
    Way::current().map_or(0, |way| unsafe { convolve_by(way, taps, inputs, history, sums) })
}

/// # Safety
/// The processor has the instructions.
#[inline]
unsafe fn convolve_by(way: Way, taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        match way {
            Way::Sse41 => sse41_convolve(taps, inputs, history, sums),
            Way::Avx2 | Way::AvxVnni => avx2_convolve(taps, inputs, history, sums),
            Way::Avx512 => avx512_convolve(taps, inputs, history, sums),
        }
    }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sse4.1")]
unsafe fn sse41_work<W: Work>(work: W) -> W::Output {
    work.run()
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2_work<W: Work>(work: W) -> W::Output {
    work.run()
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
unsafe fn avx512_work<W: Work>(work: W) -> W::Output {
    work.run()
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sse4.1")]
unsafe fn sse41(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Sse41>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Avx2>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn avx_vnni(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply::<AvxVnni>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
unsafe fn avx512(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Avx512>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sse4.1")]
unsafe fn sse41_dots(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { scores::dots::<Sse41>(query, keys, rows, dots) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2_dots(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { scores::dots::<Avx2>(query, keys, rows, dots) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
unsafe fn avx512_dots(query: &[i8], keys: &[i8], rows: &[u16], dots: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { scores::dots::<Avx512>(query, keys, rows, dots) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sse4.1")]
unsafe fn sse41_convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { conv::convolve::<Sse41>(taps, inputs, history, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2_convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { conv::convolve::<Avx2>(taps, inputs, history, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avx512f,avx512bw")]
unsafe fn avx512_convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    // SAFETY: as the caller promises.
    unsafe { conv::convolve::<Avx512>(taps, inputs, history, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "sse4.1")]
unsafe fn sse41_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply_together::<Sse41>(matrices, cols, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply_together::<Avx2>(matrices, cols, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn avx_vnni_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply_together::<AvxVnni>(matrices, cols, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
unsafe fn avx512_together(matrices: &[Matrix], cols: usize, inputs: &[i16], sums: &mut [i32]) -> bool {
    // SAFETY: as the caller promises.
    unsafe { multiply_together::<Avx512>(matrices, cols, inputs, sums) }
}

#[cfg(test)]
mod tests;
