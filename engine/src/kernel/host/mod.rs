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
#[cfg(target_arch = "x86_64")]
mod cpu;
mod kernel;
mod lanes;
mod mix;
mod norm;
#[cfg(target_arch = "x86_64")]
mod one;
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

use core::mem::MaybeUninit;

use super::{Keys, Mix, Projection, TopK, Window};
#[cfg(target_arch = "x86_64")]
use crate::codec::Packing;
use crate::weights::{Matrix, Norm};

pub use kernel::Kernel;

/// Positions that are worth computing together: weights are then decoded once for all of them.
pub(crate) const MOST_POSITIONS: usize = 16;
/// Room for all their vectors, on the stack: 52 KB, for sixteen positions of d_model 256 and d_head 64.
pub(crate) const MOST_FLOATS: usize = MOST_POSITIONS * (3 * 256 + 64);

/// The kernels, compiled for one instruction set.
macro_rules! instruction_set {
    ($name:ident, $lanes:ty, $features:literal) => {
        mod $name {
            use super::*;

            pub(super) const LANES: usize = <$lanes as lanes::Lanes>::COUNT;

            #[target_feature(enable = $features)]
            pub(super) unsafe fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
                // SAFETY: the same contract.
                unsafe { super::project::project::<$lanes>(inputs, positions, projections) }
            }

            #[target_feature(enable = $features)]
            pub(super) unsafe fn project_weighed(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
                // SAFETY: the same contract.
                unsafe { super::weighed::project::<$lanes>(inputs, positions, projections) }
            }

            #[target_feature(enable = $features)]
            pub(super) unsafe fn offer_scores(q: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
                // SAFETY: the same contract.
                unsafe { super::attention::offer_scores::<$lanes>(q, keys, window, scale, best) }
            }

            #[target_feature(enable = $features)]
            pub(super) unsafe fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
                // SAFETY: the same contract.
                unsafe { super::attention::add_values::<$lanes>(best, values, out) }
            }

            #[target_feature(enable = $features)]
            pub(super) unsafe fn mix(work: &mut Mix) {
                // SAFETY: the same contract.
                unsafe { super::mix::mix::<$lanes>(work) }
            }

            #[target_feature(enable = $features)]
            pub(super) unsafe fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
                // SAFETY: the same contract.
                unsafe { super::norm::layer_norm::<$lanes>(norm, x, out) }
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

/// Calls a kernel of the instruction set in use if the condition holds, in which `LANES` is its number of lanes, and
/// answers whether it did.
macro_rules! call {
    ($kernel:ident($($argument:expr),*) if |$lanes:ident| $condition:expr) => {{
        macro_rules! of {
            ($set:ident) => {{
                let $lanes = $set::LANES;
                let suits = $condition;
                if suits {
                    // SAFETY: `Kernel` names only what the processor has; the condition is the rest of the contract.
                    unsafe { $set::$kernel($($argument),*) };
                }
                suits
            }};
        }
        match Kernel::current() {
            Kernel::Portable => false,
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
    let suits = project::suits(inputs, positions, projections);
    if projections.iter().any(|projection| projection.matrix.codec().is_some()) {
        return suits && project_coded(inputs, positions, projections);
    }
    call!(project(inputs, positions, projections) if |_lanes| suits)
}

/// The same where weights do not lie two bits each: they are translated into 2-bit codes where they are trits, some rows at
/// a time, and multiplied one by one where they are not.
#[inline(never)]
fn project_coded(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if Kernel::current() == Kernel::Avx512 && tiled::suits(projections) {
        // SAFETY: `Kernel` names only what the processor has; `project` has asked whether this suits.
        unsafe { tiled::project(inputs, positions, projections) };
        return true;
    }
    if projections.iter().all(|projection| projection.matrix.is_ternary()) {
        return translate::in_parts(projections, |parts| call!(project(inputs, positions, parts) if |_lanes| true));
    }
    call!(project_weighed(inputs, positions, projections) if |_lanes| true)
}

/// Writes the codes of a ternary matrix's weights from index `start` on to all of `out`. `None` where there are too few.
fn translate(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> Option<()> {
    let done = quick_codes(matrix, start, out);
    let rest = out.get_mut(done..)?;
    rest.fill(MaybeUninit::new(0));
    // SAFETY: just written.
    let rest = unsafe { core::slice::from_raw_parts_mut(rest.as_mut_ptr().cast(), rest.len()) };
    copy_codes(matrix, start + 4 * done, rest)
}

/// The same without vectors.
fn copy_codes(matrix: &Matrix, start: usize, out: &mut [u8]) -> Option<()> {
    match matrix.codec() {
        None => out.copy_from_slice(matrix.codes(start, out.len(), &mut [])?),
        Some(_) => {
            matrix.codes(start, out.len(), out)?;
        }
    }
    Some(())
}

/// All codes of a matrix that does not lie two bits a weight, which has room in `out`.
fn translate_all<'o>(matrix: &Matrix, out: &'o mut [u8]) -> Option<Matrix<'o>> {
    let len = Matrix::packed_len(matrix.rows(), matrix.cols());
    // SAFETY: bytes may be written as if they were uninitialised, as long as they are.
    let uninit = unsafe { core::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<MaybeUninit<u8>>(), out.len()) };
    let done = quick_codes(matrix, 0, uninit);
    if done < len {
        copy_codes(matrix, 4 * done, out.get_mut(done..len)?)?;
    }
    Matrix::new(out, matrix.scale(), matrix.rows(), matrix.cols())
}

/// Writes codes to the front of `out`, as far as there is a quick way; returns how many bytes.
#[cfg(target_arch = "x86_64")]
fn quick_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
    let is_base_three = matrix.codec().is_some_and(|codec| codec.packing() == Packing::BaseThree);
    if is_base_three && start.is_multiple_of(5) && matches!(Kernel::current(), Kernel::Avx2 | Kernel::Avx512) {
        let packed = matrix.packed().get(start / 5..).unwrap_or_default();
        // SAFETY: `Kernel` names only what the processor has, and AVX-512 processors have AVX2.
        return unsafe { base_three::codes(packed, out) };
    }
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn quick_codes(_: &Matrix, _: usize, _: &mut [MaybeUninit<u8>]) -> usize {
    0
}

pub(super) fn offer_scores(q: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) -> bool {
    let fits = window.newest < keys.rows && window.len <= keys.rows && q.len() * keys.rows <= keys.elements.len();
    let suits = fits && q.len() == keys.d_head;
    call!(offer_scores(q, keys, window, scale, best) if |_lanes| suits)
}

pub(super) fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) -> bool {
    call!(add_values(best, values, out) if |lanes| out.len().is_multiple_of(lanes))
}

pub(super) fn mix(work: &mut Mix) -> bool {
    call!(mix(work) if |lanes| mix::suits(work, lanes))
}

pub(super) fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) -> bool {
    let width = norm.gamma.len();
    let suits = norm.beta.len() == width && x.len() <= out.len();
    call!(layer_norm(norm, x, out) if |lanes| suits && width.is_multiple_of(lanes))
}
