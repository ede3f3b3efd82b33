//! SSE2, AVX2 and AVX-512 with VNNI.

#![allow(unsafe_code)]

mod conv;
mod lanes;
mod rows;

use lanes::{Avx2, Avx512, Lanes, Sse2};
use rows::{add_chunk, chunk, pairs, Pairs, Sums, CHUNK, MOST_COLUMNS};

use super::Work;
use crate::kernel::{has_vnni, Kernel};
use crate::weights::Matrix;

/// As [`super::project`], for matrices of 2-bit weights whose rows begin with a byte. `false`, with nothing done, for others.
pub(super) fn project(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    let suits = |matrix: &Matrix| matrix.codec().is_none() && matrix.cols() == inputs.len();
    if !inputs.len().is_multiple_of(4) || inputs.len() > MOST_COLUMNS || !matrices.iter().all(suits) {
        return false;
    }
    // SAFETY: `Kernel` names only what the processor has, and VNNI was asked for.
    unsafe {
        match Kernel::current() {
            Kernel::Portable => return false,
            Kernel::Sse2 => sse2(matrices, inputs, sums),
            Kernel::Avx512 if has_vnni() => avx512(matrices, inputs, sums),
            Kernel::Avx2 | Kernel::Avx512 => avx2(matrices, inputs, sums),
        }
    }
    true
}

/// Does work whose loops a compiler turns into vectors, compiled for the instructions in use.
#[inline]
pub(in crate::integer) fn compiled<W: Work>(work: W) -> W::Output {
    // SAFETY: as above. Compilers use no VNNI unasked.
    unsafe {
        match Kernel::current() {
            Kernel::Portable | Kernel::Sse2 => work.run(),
            Kernel::Avx512 if has_vnni() => avx512_work(work),
            Kernel::Avx2 | Kernel::Avx512 => avx2_work(work),
        }
    }
}

/// The sums of the first channels, as many as there is a fast way for; returns how many.
#[inline]
pub(super) fn convolve(taps: &Matrix, inputs: &[i16], history: &[i16], sums: &mut [i32]) -> usize {
    match Kernel::current() {
        Kernel::Portable | Kernel::Sse2 => 0,
        // SAFETY: as above.
        Kernel::Avx2 | Kernel::Avx512 => unsafe { conv::convolve(taps, inputs, history, sums) },
    }
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
#[target_feature(enable = "sse2")]
unsafe fn sse2(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Sse2>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2")]
unsafe fn avx2(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Avx2>(matrices, inputs, sums) }
}

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn avx512(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    // SAFETY: as the caller promises.
    unsafe { multiply::<Avx512>(matrices, inputs, sums) }
}

/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn multiply<L: Lanes>(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) {
    let mut all = [0; MOST_COLUMNS / 2];
    let sum = pairs(inputs, &mut all);
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        for (index, sums) in sums.chunks_mut(L::ROWS).enumerate() {
            let mut found = [0; 16];
            // SAFETY: as the caller promises; there is room for the lanes of any type.
            unsafe { rows::<L>(matrix, index * L::ROWS, &all).of_weights(sum).store(found.as_mut_ptr()) };
            sums.iter_mut().zip(found).for_each(|(sum, found)| *sum = found);
        }
        rest = others;
    }
}

/// The sums of the rows from `first` on, as many as there are lanes; of those that there are not, any.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn rows<L: Lanes>(matrix: &Matrix, first: usize, pairs: &Pairs) -> Sums<L> {
    let stride = matrix.cols() / 4;
    let chunks = matrix.cols().div_ceil(CHUNK);
    let codes = matrix.packed().get(first * stride..).unwrap_or_default();
    // SAFETY: as the caller promises.
    let mut sums = unsafe { Sums::zero() };
    for (index, pairs) in pairs.as_chunks::<{ CHUNK / 2 }>().0.iter().take(chunks).enumerate() {
        let codes = codes.get(index * CHUNK / 4..).unwrap_or_default();
        // SAFETY: as the caller promises; the last row has 16 bytes, or else a copy has.
        unsafe {
            let chunk = if (L::ROWS - 1) * stride + CHUNK / 4 <= codes.len() {
                chunk::<L>(codes.as_ptr(), stride)
            } else {
                chunk::<L>(copied(codes, stride).as_ptr().cast(), CHUNK / 4)
            };
            add_chunk(&mut sums, chunk, pairs);
        }
    }
    sums
}

/// The next 16 bytes of each of 16 rows, as far as they are there.
#[cold]
#[inline(never)]
fn copied(codes: &[u8], stride: usize) -> [[u8; CHUNK / 4]; 16] {
    let mut copy = [[0; CHUNK / 4]; 16];
    for (row, copy) in copy.iter_mut().enumerate() {
        let codes = codes.get(row * stride..).unwrap_or_default();
        copy.iter_mut().zip(codes).for_each(|(copy, &code)| *copy = code);
    }
    copy
}
