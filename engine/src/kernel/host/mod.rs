//! Vector instructions of a host, chosen when the program runs.
//!
//! The kernels are written once, over [`lanes::Lanes`], and compiled once for each instruction set. Each function here
//! answers whether it did the work; what it does not take (odd sizes, values near overflow) is the definition's.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod attention;
#[cfg(target_arch = "x86_64")]
mod base_three;
mod coded;
mod codes;
#[cfg(target_arch = "x86_64")]
mod columns;
#[cfg(target_arch = "x86_64")]
mod cpu;
mod groups;
mod inputs;
mod kernel;
mod lanes;
mod mix;
mod norm;
#[cfg(target_arch = "x86_64")]
mod one;
mod outputs;
mod own_way;
mod project;
#[cfg(target_arch = "x86_64")]
mod sixteen;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
pub(crate) mod tiled;
mod translate;
mod weighed;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Keys, Mix, Moments, Normed, Projection, TopK, Window};
use crate::weights::Norm;
use inputs::Inputs;

pub(crate) use coded::WORTHWHILE_ROOM;
pub use kernel::Kernel;

/// Room for some columns of several positions' inputs, where nobody else has any: 2 KB of stack.
const ROOM: usize = 512;

/// The kernels, compiled for one instruction set.
///
/// None is inlined where it is chosen: what the choice runs in would have room for all of them on the stack.
macro_rules! instruction_set {
    ($name:ident, $lanes:ty, $features:literal) => {
        mod $name {
            use super::*;

            pub(super) const LANES: usize = <$lanes as lanes::Lanes>::COUNT;

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection]) {
                // SAFETY: the same contract.
                unsafe { super::project::one::<$lanes>(x, position, projections) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn project_one_its_own_way(
                x: &[f32],
                position: usize,
                projections: &mut [Projection],
                room: &mut [f32],
            ) -> bool {
                // SAFETY: the same contract.
                unsafe { <$lanes as own_way::OwnWay>::project_one(x, position, projections, room) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn project_several(
                inputs: &Inputs,
                projections: &mut [Projection],
                room: &mut [f32],
            ) -> usize {
                // SAFETY: the same contract.
                unsafe { super::own_way::several::<$lanes>(inputs, projections, room) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn project_weighed(
                inputs: &Inputs,
                first: usize,
                projections: &mut [Projection],
            ) -> bool {
                // SAFETY: the same contract.
                unsafe { super::weighed::project::<$lanes>(inputs, first, projections) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn offer_scores(q: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
                // SAFETY: the same contract.
                unsafe { super::attention::offer_scores::<$lanes>(q, keys, window, scale, best) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
                // SAFETY: the same contract.
                unsafe { super::attention::add_values::<$lanes>(best, values, out) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn mix(work: &mut Mix) {
                // SAFETY: the same contract.
                unsafe { super::mix::mix::<$lanes>(work) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
                // SAFETY: the same contract.
                unsafe { super::norm::layer_norm::<$lanes>(norm, x, out) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn moments(x: &[f32], width: usize, moments: &mut [Moments]) {
                // SAFETY: the same contract.
                unsafe { super::norm::moments(x, width, moments) }
            }

            #[target_feature(enable = $features)]
            #[inline(never)]
            pub(super) unsafe fn write_inputs(inputs: &Inputs, out: *mut f32) {
                // SAFETY: the same contract.
                unsafe { inputs.write::<$lanes>(0, inputs.positions(), 0..inputs.cols(), out) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
instruction_set!(sse2, x86::Sse2, "sse2");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, x86::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, x86::Avx512, "avx512f,avx2,fma");
#[cfg(target_arch = "aarch64")]
instruction_set!(neon, aarch64::Neon, "neon");

/// Calls a kernel of the instruction set in use if the condition holds, in which `LANES` is its number of lanes: what it
/// returned, or `None`.
macro_rules! call {
    ($kernel:ident($($argument:expr),*) if |$lanes:ident| $condition:expr) => {{
        macro_rules! of {
            ($set:ident) => {{
                let $lanes = $set::LANES;
                // SAFETY: `Kernel` names only what the processor has; the condition is the rest of the contract.
                if $condition { Some(unsafe { $set::$kernel($($argument),*) }) } else { None }
            }};
        }
        match Kernel::current() {
            Kernel::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Kernel::Sse2 => of!(sse2),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => of!(avx2),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => of!(avx512),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => of!(neon),
        }
    }};
}

pub(super) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    if positions == 1 {
        return project_one(inputs, projections, &mut []);
    }
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return false };
    let Some(all) = Inputs::plain(inputs, positions, cols) else { return false };
    if !project::suits(&all, projections) || !all.are_in_range() {
        return false;
    }
    (with_room(&all, projections)..positions).all(|position| {
        let x = inputs.get(position * cols..).unwrap_or_default();
        project_at(position, x, projections, &mut [])
    })
}

/// The projections of one position. `room` is for who has a use for it.
pub(super) fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return false };
    match Inputs::plain(x, 1, cols) {
        Some(inputs) if project::suits(&inputs, projections) && inputs.are_in_range() => {
            project_at(0, x, projections, room)
        }
        _ => false,
    }
}

/// [`project_several`] with room of its own.
#[inline(never)]
fn with_room(inputs: &Inputs, projections: &mut [Projection]) -> usize {
    project_several(inputs, projections, &mut [0.0; ROOM])
}

/// The projections of the first positions among rows to be normed; returns of how many.
pub(super) fn project_normed(inputs: &Normed, projections: &mut [Projection], room: &mut [f32]) -> usize {
    match Inputs::normed(inputs) {
        Some(inputs) if project::suits(&inputs, projections) => project_several(&inputs, projections, room),
        _ => 0,
    }
}

/// [`project::one`], whatever the weights.
fn project_at(position: usize, x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
    if is_coded(projections) {
        // What nobody multiplies need not be translated.
        return Kernel::current() != Kernel::Portable && coded::project_one(x, position, projections, room);
    }
    ternary_one(x, position, projections, room)
}

/// [`own_way::several`], whatever the weights.
fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
    if Kernel::current() == Kernel::Portable || !project::suits_several(inputs, projections) {
        return 0;
    }
    if is_coded(projections) {
        return coded::project_several(inputs, projections, room);
    }
    ternary_several(inputs, projections, room)
}

/// Whether some weights do not lie two bits each.
fn is_coded(projections: &[Projection]) -> bool {
    projections.iter().any(|projection| projection.matrix.codec().is_some())
}

/// `room` is for what is prepared of the input.
fn ternary_one(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) -> bool {
    // So far only the widest vectors have one.
    let is_done = call!(project_one_its_own_way(x, position, projections, room) if |lanes| lanes == lanes::MOST);
    is_done == Some(true) || call!(project_one(x, position, projections) if |_lanes| true).is_some()
}

fn ternary_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
    call!(project_several(inputs, projections, room) if |_lanes| true).unwrap_or(0)
}

/// [`weighed::project`].
fn weighed(inputs: &Inputs, first: usize, projections: &mut [Projection]) -> bool {
    call!(project_weighed(inputs, first, projections) if |_lanes| true).unwrap_or(false)
}

pub(super) fn offer_scores(q: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) -> bool {
    let fits = window.newest < keys.rows && window.len <= keys.rows && q.len() * keys.rows <= keys.elements.len();
    let suits = fits && q.len() == keys.d_head;
    call!(offer_scores(q, keys, window, scale, best) if |_lanes| suits).is_some()
}

pub(super) fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) -> bool {
    call!(add_values(best, values, out) if |lanes| out.len().is_multiple_of(lanes)).is_some()
}

pub(super) fn mix(work: &mut Mix) -> bool {
    call!(mix(work) if |lanes| mix::suits(work, lanes)).is_some()
}

pub(super) fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) -> bool {
    let suits = norm.beta.len() == norm.gamma.len() && x.len() <= out.len();
    call!(layer_norm(norm, x, out) if |_lanes| suits).is_some()
}

/// What as many rows of `x` are normed by, `width` wide.
pub(super) fn moments(x: &[f32], width: usize, moments: &mut [Moments]) -> bool {
    let suits = moments.len().checked_mul(width).is_some_and(|len| len <= x.len());
    call!(moments(x, width, moments) if |_lanes| suits).is_some()
}

/// Writes the rows, normed.
pub(super) fn norm_rows(inputs: &Normed, out: &mut [f32]) -> bool {
    let Some(inputs) = Inputs::normed(inputs) else { return false };
    let suits = inputs.positions() * inputs.cols() <= out.len();
    call!(write_inputs(&inputs, out.as_mut_ptr()) if |_lanes| suits).is_some()
}
