//! Matrices whose weights do not lie two bits each: they are translated into 2-bit codes where they are trits, some rows at a
//! time, and multiplied one by one where they are not.

use core::mem::MaybeUninit;

use super::codes::BEHIND;
use super::inputs::Inputs;
use super::instructions::{Instructions, Work};
use super::own_way::OwnWay;
use super::{float_weights, rows_as_codes, ternary};
use crate::kernel::properties::{Current, Properties};
use crate::kernel::Projection;

/// Room for 2-bit codes on the stack, where nobody else has any: beside the tables of an input, and without.
const ROOM_BESIDE_TABLES: usize = 3 * 1024 + BEHIND;
const ROOM_FOR_ONE: usize = 10 * 1024 + BEHIND;

const _: () = assert!(Current::WORTHWHILE_ROOM == ROOM_FOR_ONE / size_of::<f32>());

/// [`ternary::project_one`]; `false`, with nothing done, where there is no way.
#[inline(never)]
pub(super) fn project_one<I: Instructions>(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
    room: &mut [f32],
) -> bool {
    if I::run(OneTiled { x, position, projections: &mut *projections }) == Some(true) {
        return true;
    }
    if are_ternary(projections) {
        let tables = I::run(TablesLen).unwrap_or(0);
        if !room.is_empty() {
            // Whoever gives room has no more stack to spare.
            let (codes, tables) = room.split_at_mut(room.len().saturating_sub(tables));
            return by_codes::<I>(x, position, projections, bytes(codes), tables);
        }
        if tables > 0 {
            return by_codes_on_stack::<I, ROOM_BESIDE_TABLES>(x, position, projections);
        }
        return by_codes_on_stack::<I, ROOM_FOR_ONE>(x, position, projections);
    }
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    Inputs::plain(x, 1, cols).is_some_and(|inputs| by_floats::<I>(&inputs, position, projections))
}

/// [`ternary::project_several`].
#[inline(never)]
pub(super) fn project_several<I: Instructions>(
    inputs: &Inputs,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    let tiled = SeveralTiled { inputs, projections: &mut *projections, room: &mut *room };
    if let Some(Some(done)) = I::run(tiled) {
        return done;
    }
    if are_ternary(projections) {
        // Where there is no more room, as much for inputs: the fewer rows at a time, the more often they are written.
        let (codes, room) = room.split_at_mut(room.len() / 2);
        // As many as every part has done: what one has done besides is done again.
        let mut done = inputs.positions();
        let all = rows_as_codes::in_parts::<I>(projections, bytes(codes), |parts| {
            done = done.min(ternary::project_several::<I>(inputs, parts, room));
            done > 0
        });
        return if all { done } else { 0 };
    }
    if by_floats::<I>(inputs, 0, projections) {
        inputs.positions()
    } else {
        0
    }
}

/// [`project_one`] of matrices of trits, with so much room for their codes.
#[inline(never)]
fn by_codes_on_stack<I: Instructions, const ROOM: usize>(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
) -> bool {
    by_codes::<I>(x, position, projections, &mut [const { MaybeUninit::uninit() }; ROOM], &mut [])
}

/// [`project_one`] of matrices of trits, with room of somebody else's.
#[inline]
fn by_codes<I: Instructions>(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
    codes: &mut [MaybeUninit<u8>],
    tables: &mut [f32],
) -> bool {
    rows_as_codes::in_parts::<I>(projections, codes, |parts| {
        ternary::project_one::<I>(x, position, parts, &mut *tables)
    })
}

/// The bytes of floats that nobody reads any more.
fn bytes(floats: &mut [f32]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: as many bytes, which need no alignment; any of them make floats again.
    unsafe { core::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), size_of_val(floats)) }
}

fn are_ternary(projections: &[Projection]) -> bool {
    projections.iter().all(|projection| projection.matrix.is_ternary())
}

/// [`float_weights::project`].
fn by_floats<I: Instructions>(inputs: &Inputs, first: usize, projections: &mut [Projection]) -> bool {
    I::run(ByFloats { inputs, first, projections }).unwrap_or(false)
}

struct ByFloats<'a, 'i, 'p, 'm> {
    inputs: &'a Inputs<'i>,
    first: usize,
    projections: &'a mut [Projection<'p, 'm>],
}

impl Work for ByFloats<'_, '_, '_, '_> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> bool {
        // SAFETY: the same contract.
        unsafe { float_weights::project::<L>(self.inputs, self.first, self.projections) }
    }
}

struct OneTiled<'a, 'p, 'm> {
    x: &'a [f32],
    position: usize,
    projections: &'a mut [Projection<'p, 'm>],
}

impl Work for OneTiled<'_, '_, '_> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> bool {
        // SAFETY: the same contract.
        unsafe { L::project_one_tiled(self.x, self.position, self.projections) }
    }
}

struct SeveralTiled<'a, 'i, 'p, 'm> {
    inputs: &'a Inputs<'i>,
    projections: &'a mut [Projection<'p, 'm>],
    room: &'a mut [f32],
}

impl Work for SeveralTiled<'_, '_, '_, '_> {
    type Output = Option<usize>;

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> Option<usize> {
        // SAFETY: the same contract.
        unsafe { L::project_several_tiled(self.inputs, self.projections, self.room) }
    }
}

/// [`OwnWay::TABLES`].
struct TablesLen;

impl Work for TablesLen {
    type Output = usize;

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> usize {
        L::TABLES
    }
}
