//! What each set of instructions has besides its vectors.

use core::mem::MaybeUninit;

use super::columns::{self, Columns};
use super::lanes::{Avx2, Avx512, Sse2};
use super::{base_three, cpu, one_position, sixteen_positions, tiled};
use crate::kernel::vector::inputs::Inputs;
use crate::kernel::vector::own_way::OwnWay;
use crate::kernel::Projection;
use crate::weights::{Matrix, Packing};

impl OwnWay for Sse2 {}

impl OwnWay for Avx2 {
    #[inline(always)]
    unsafe fn quick_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
        // SAFETY: the trait's contract.
        unsafe { base_three_codes(matrix, start, out) }
    }
}

impl OwnWay for Avx512 {
    const TABLES: usize = one_position::LEAST_ROOM;

    #[inline(always)]
    unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
        // SAFETY: the trait's contract.
        unsafe {
            if Self::project_one_tiled(x, position, projections) {
                return true;
            }
            let suits = one_position::suits(projections);
            if suits {
                one_position::project(x, position, projections, room);
            }
            suits
        }
    }

    #[inline(always)]
    unsafe fn project_sixteen(
        inputs: &Inputs,
        first: usize,
        projections: &mut [Projection],
        room: &mut [f32],
    ) -> Option<bool> {
        let columns = Columns::of(room)?;
        let are_tiled = tiled::suits(projections);
        // Without tiles it takes longer than eight by eight, unless there are units that add beside those that multiply.
        if !are_tiled && !cpu::adds_beside_multiplying() || !columns::suits(projections, inputs.positions()) {
            return None;
        }
        // SAFETY: the trait's contract.
        Some(unsafe {
            if are_tiled {
                tiled::sixteen_positions::project(inputs, first, projections, columns)
            } else {
                sixteen_positions::project(inputs, first, projections, columns)
            }
        })
    }

    #[inline(always)]
    unsafe fn project_one_tiled(x: &[f32], position: usize, projections: &mut [Projection]) -> bool {
        let suits = tiled::suits(projections);
        if suits {
            // SAFETY: the trait's contract.
            unsafe { tiled::one_position::project(x, position, projections) };
        }
        suits
    }

    #[inline(always)]
    unsafe fn project_several_tiled(
        inputs: &Inputs,
        projections: &mut [Projection],
        room: &mut [f32],
    ) -> Option<usize> {
        if !tiled::suits(projections) {
            return None;
        }
        let mut done = 0;
        while let (16.., Some(columns)) = (inputs.positions() - done, Columns::of(room)) {
            if !columns::suits(projections, inputs.positions()) {
                break;
            }
            // SAFETY: the trait's contract; the positions are there, and so are the places.
            let is_done = unsafe { tiled::sixteen_positions::project(inputs, done, projections, columns) };
            if !is_done {
                break;
            }
            done += 16;
        }
        Some(done)
    }

    #[inline(always)]
    unsafe fn quick_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
        // SAFETY: the trait's contract; these processors have AVX2.
        unsafe { base_three_codes(matrix, start, out) }
    }
}

/// [`OwnWay::quick_codes`] of base 3, from whole bytes on.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn base_three_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
    let is_base_three = matrix.codec().is_some_and(|codec| codec.packing() == Packing::BaseThree);
    if !is_base_three || !start.is_multiple_of(5) {
        return 0;
    }
    let packed = matrix.packed().get(start / 5..).unwrap_or_default();
    // SAFETY: as the caller promises.
    unsafe { base_three::codes(packed, out) }
}
