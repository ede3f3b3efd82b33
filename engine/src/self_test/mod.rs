//! The power-on self-test: does this target compute what the definition says?
//!
//! [`self_test`] first compares single operations and `exp`, `tanh`, `sqrt`, `ln` with recorded results: this finds a
//! floating-point unit that is not set as the program expects (flush-to-zero, another rounding), a wrong run-time library and
//! broken flash. Then it runs each kernel that is in use on small made-up inputs, ordinary and hostile, against the
//! portable definition, and the definition against recorded results. Every bit counts, of NaN only that it is one.
//!
//! Nothing is read or written but its own stack; a program that never calls it does not link it.

mod jobs;
mod known;
mod random;
#[cfg(test)]
mod tests;

use core::fmt;

use crate::kernel::{self, Keys, Mix, Projection, TopK, Window};
use crate::math;
use crate::weights::Norm;

/// What a self-test found wrong, the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SelfTestError {
    /// Additions, multiplications or divisions of floats give other bits than IEEE 754 binary32 rounded to nearest.
    Arithmetic = 1,
    /// `exp`, `tanh`, `sqrt` or `ln`. Their bits in portable mode; a C library's are allowed 4 units in the last place.
    Math,
    /// Ternary matrices times vectors.
    Projection,
    /// Layer norm.
    LayerNorm,
    /// Top-k attention.
    Attention,
    /// Convolution, recurrence and the mix of the pathways.
    Mix,
}

impl fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Arithmetic => "float arithmetic differs from IEEE 754 binary32 rounded to nearest",
            Self::Math => "exp, tanh, sqrt or ln differs from its definition",
            Self::Projection => "the product of a matrix and a vector differs from its definition",
            Self::LayerNorm => "layer norm differs from its definition",
            Self::Attention => "attention differs from its definition",
            Self::Mix => "convolution, recurrence or the mix of the pathways differs from its definition",
        };
        write!(f, "self-test of the kernel {}: {what}", kernel::Kernel::current().name())
    }
}

impl core::error::Error for SelfTestError {}

/// Checks arithmetic, elementary functions and the kernels in use on this target. Takes some 10,000 float operations and
/// `qemu/README.md` says how much stack.
///
/// # Errors
/// The first part that gives other bits than its definition.
pub fn self_test() -> Result<(), SelfTestError> {
    let expect = |holds: bool, error| if holds { Ok(()) } else { Err(error) };
    expect(known::arithmetic(known::compute), SelfTestError::Arithmetic)?;
    expect(known::math(known::FUNCTIONS, math::ln), SelfTestError::Math)?;
    run(&InUse)
}

/// The part about kernels, for any set of them.
fn run(kernels: &impl Kernels) -> Result<(), SelfTestError> {
    for extent in jobs::EXTENTS {
        for hostile in [false, true] {
            jobs::check(kernels, extent, hostile)?;
        }
    }
    Ok(())
}

/// What is under test; the functions of [`kernel`], which say what is what.
trait Kernels {
    fn project(&self, inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        kernel::project(inputs, positions, projections);
    }

    fn layer_norm(&self, norm: &Norm, x: &[f32], out: &mut [f32]) {
        kernel::layer_norm(norm, x, out);
    }

    fn attend(&self, query: &[f32], keys: &Keys, values: &[f32], window: &Window, best: TopK, out: &mut [f32]) {
        kernel::attend(query, keys, values, window, best, out);
    }

    fn mix(&self, work: Mix) -> Option<()> {
        kernel::mix(work)
    }
}

/// The kernels that a prediction would use.
struct InUse;

impl Kernels for InUse {}
