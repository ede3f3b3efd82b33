//! Matrices whose weights do not lie two bits each: they are translated into 2-bit codes where they are trits, some rows at a
//! time, and multiplied one by one where they are not.

use core::mem::MaybeUninit;

use super::codes::BEHIND;
#[cfg(target_arch = "x86_64")]
use super::columns::{self, Columns};
use super::inputs::Inputs;
use super::{ternary_one, ternary_several, translate, weighed};
#[cfg(target_arch = "x86_64")]
use super::{tiled, Kernel};
use crate::kernel::Projection;

/// Room for 2-bit codes on the stack, where nobody else has any: beside the tables of the AVX-512 kernel, and without.
#[cfg(target_arch = "x86_64")]
const ROOM_BESIDE_TABLES: usize = 3 * 1024 + BEHIND;
const ROOM_FOR_ONE: usize = 10 * 1024 + BEHIND;

/// Floats that make a better room than the stack.
pub(crate) const WORTHWHILE_ROOM: usize = ROOM_FOR_ONE / size_of::<f32>();

/// [`super::project::one`]; `false`, with nothing done, where there is no way.
#[inline(never)]
pub(super) fn project_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if have_tiles(projections) {
        // SAFETY: `Kernel` names only what the processor has; `super::project` has asked whether this suits.
        unsafe { tiled::one::project(x, position, projections) };
        return true;
    }
    if are_ternary(projections) {
        if !room.is_empty() {
            // Whoever gives room has no more stack to spare.
            let (codes, tables) = room.split_at_mut(room.len().saturating_sub(tables_len()));
            return translated(x, position, projections, bytes(codes), tables);
        }
        #[cfg(target_arch = "x86_64")]
        if Kernel::current() == Kernel::Avx512 {
            return translated_one::<ROOM_BESIDE_TABLES>(x, position, projections);
        }
        return translated_one::<ROOM_FOR_ONE>(x, position, projections);
    }
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    Inputs::plain(x, 1, cols).is_some_and(|inputs| weighed(&inputs, position, projections))
}

/// Floats that the kernel for codes needs beside them.
fn tables_len() -> usize {
    #[cfg(target_arch = "x86_64")]
    if Kernel::current() == Kernel::Avx512 {
        return super::one::LEAST_ROOM;
    }
    0
}

/// [`super::own_way::several`].
#[inline(never)]
pub(super) fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if have_tiles(projections) {
        let mut done = 0;
        while let (16.., Some(columns)) = (inputs.positions() - done, Columns::of(room)) {
            if !columns::suits(projections, inputs.positions()) {
                break;
            }
            // SAFETY: as above; the positions are there, and so are the places.
            let is_done = unsafe { tiled::sixteen::project(inputs, done, projections, columns) };
            if !is_done {
                break;
            }
            done += 16;
        }
        return done;
    }
    if are_ternary(projections) {
        // Where there is no more room, as much for inputs: the fewer rows at a time, the more often they are written.
        let (codes, room) = room.split_at_mut(room.len() / 2);
        // As many as every part has done: what one has done besides is done again.
        let mut done = inputs.positions();
        let all = translate::in_parts(projections, bytes(codes), |parts| {
            done = done.min(ternary_several(inputs, parts, room));
            done > 0
        });
        return if all { done } else { 0 };
    }
    if weighed(inputs, 0, projections) {
        inputs.positions()
    } else {
        0
    }
}

/// [`super::project::one`] of matrices of trits, with so much room for their codes.
#[inline(never)]
fn translated_one<const ROOM: usize>(x: &[f32], position: usize, projections: &mut [Projection]) -> bool {
    translated(x, position, projections, &mut [const { MaybeUninit::uninit() }; ROOM], &mut [])
}

/// The same with room of somebody else's.
#[inline]
fn translated(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
    codes: &mut [MaybeUninit<u8>],
    tables: &mut [f32],
) -> bool {
    translate::in_parts(projections, codes, |parts| ternary_one(x, position, parts, tables))
}

/// The bytes of floats that nobody reads any more.
fn bytes(floats: &mut [f32]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: as many bytes, which need no alignment; any of them make floats again.
    unsafe { core::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), size_of_val(floats)) }
}

fn are_ternary(projections: &[Projection]) -> bool {
    projections.iter().all(|projection| projection.matrix.is_ternary())
}

/// Whether there are tiles, and a processor that reads them.
#[cfg(target_arch = "x86_64")]
fn have_tiles(projections: &[Projection]) -> bool {
    Kernel::current() == Kernel::Avx512 && tiled::suits(projections)
}
