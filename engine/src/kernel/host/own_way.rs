//! Projections in a way of an instruction set's own, where that is faster than what is written for all.

#[cfg(target_arch = "aarch64")]
use super::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use super::columns::{self, Columns};
use super::inputs::Inputs;
use super::lanes::Lanes;
use super::project;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512, Sse2};
#[cfg(target_arch = "x86_64")]
use super::{cpu, one, sixteen, tiled};
use crate::kernel::Projection;

/// What an instruction set may have besides [`Lanes`]; unless it says otherwise, nothing.
///
/// # Safety
/// As [`Lanes`].
pub(super) trait OwnWay: Lanes {
    /// Does the projections of one position, in a way of this instruction set's own; `false` where there is none for this
    /// work, which `project::suits` has accepted.
    #[inline(always)]
    unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
        let _ = (x, position, projections, room);
        false
    }

    /// Does the projections of sixteen positions from `first` on, in a way of this instruction set's own: whether all values
    /// were in range. `None` where there is no such way for this work, which `project::suits_several` has accepted.
    #[inline(always)]
    unsafe fn project_sixteen(
        inputs: &Inputs,
        first: usize,
        projections: &mut [Projection],
        room: &mut [f32],
    ) -> Option<bool> {
        let _ = (inputs, first, projections, room);
        None
    }
}

#[cfg(target_arch = "aarch64")]
impl OwnWay for Neon {}

#[cfg(target_arch = "x86_64")]
impl OwnWay for Sse2 {}

#[cfg(target_arch = "x86_64")]
impl OwnWay for Avx2 {}

#[cfg(target_arch = "x86_64")]
impl OwnWay for Avx512 {
    #[inline(always)]
    unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
        // SAFETY: the trait's contract.
        unsafe {
            if tiled::suits(projections) {
                tiled::one::project(x, position, projections);
                return true;
            }
            let suits = one::suits(projections);
            if suits {
                one::project(x, position, projections, room);
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
                tiled::sixteen::project(inputs, first, projections, columns)
            } else {
                sixteen::project(inputs, first, projections, columns)
            }
        })
    }
}

/// The projections of the first positions, for work that [`project::suits`] and [`project::suits_several`] accept; returns of how many. Those of
/// the last three are left, and those of values that are not [`in_range`](super::inputs::in_range). `room` is for inputs: where it has none for all
/// columns of the positions that are done together, these are done some at a time.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn several<L: OwnWay>(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
    let mut done = 0;
    loop {
        let left = inputs.positions() - done;
        // SAFETY: as the caller promises; the positions are below the number of positions.
        let more = unsafe {
            let sixteen = if left >= 16 { L::project_sixteen(inputs, done, projections, room) } else { None };
            match (sixteen, left, L::COUNT) {
                (Some(is_done), ..) => 16 * usize::from(is_done),
                // Decoding takes so much of the time that others do with half as many.
                (None, 8.., 16) => project::in_panels::<L, 2, 8>(inputs, done, projections, room),
                (None, 4.., _) => project::in_panels::<L, 2, 4>(inputs, done, projections, room),
                _ => 0,
            }
        };
        if more == 0 {
            return done;
        }
        done += more;
    }
}
