//! Sets of vector instructions, one of which is in use.

use super::inputs::Inputs;
use super::own_way::OwnWay;
use crate::kernel::Projection;

/// What a kernel works on.
///
/// A kernel is written once, over [`Lanes`](super::lanes::Lanes), and compiled once for each set of instructions.
pub(in crate::kernel) trait Work {
    /// What it answers.
    type Output;

    /// Whether vectors of so many lanes can do it.
    #[inline(always)]
    fn suits(&self, lanes: usize) -> bool {
        let _ = lanes;
        true
    }

    /// # Safety
    /// The processor has the instructions of `L`, and this work [`suits`](Work::suits) them.
    unsafe fn run<L: OwnWay>(self) -> Self::Output;
}

/// The sets of instructions of one kind of processor.
pub(in crate::kernel) trait Instructions {
    /// Whether some are in use, and not the definition.
    fn are_in_use() -> bool;

    /// Does the work with those in use: `None`, with nothing done, where it does not suit them, or where the definition is in
    /// use.
    fn run<W: Work>(work: W) -> Option<W::Output>;

    /// [`project::one`](super::project::one) for work that it suits; `None`, with nothing done, where the definition is in use.
    ///
    /// Not by way of [`Work`], and neither is the next: these loops need every register, and compilers know less of arguments
    /// that come in a struct.
    fn project_one(x: &[f32], position: usize, projections: &mut [Projection]) -> Option<()>;

    /// [`own_way::several`](super::own_way::several) for work that it suits; 0 where the definition is in use.
    fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize;
}

/// The kernels compiled for one set of instructions: a module, the vectors, and the instructions by their names.
///
/// None is inlined where it is chosen: what the choice runs in would have room for all of them on the stack.
macro_rules! compiled_for {
    ($name:ident, $lanes:ty, $features:literal) => {
        /// Only for processors with these instructions.
        mod $name {
            use crate::kernel::vector::inputs::Inputs;
            use crate::kernel::vector::instructions::Work;
            use crate::kernel::vector::lanes::Lanes;
            use crate::kernel::vector::{own_way, project};
            use crate::kernel::Projection;

            /// # Safety
            /// The processor has these instructions.
            #[inline(always)]
            pub unsafe fn run<W: Work>(work: W) -> Option<W::Output> {
                if work.suits(<$lanes as Lanes>::COUNT) {
                    // SAFETY: as the caller promises, and this was asked.
                    Some(unsafe { compiled(work) })
                } else {
                    None
                }
            }

            /// # Safety
            /// The processor has these instructions, which the work suits.
            #[target_feature(enable = $features)]
            #[inline(never)]
            unsafe fn compiled<W: Work>(work: W) -> W::Output {
                // SAFETY: the same contract.
                unsafe { work.run::<$lanes>() }
            }

            /// # Safety
            /// The processor has these instructions; `project::suits` has accepted the work.
            #[target_feature(enable = $features)]
            #[inline(never)]
            pub unsafe fn project_one(x: &[f32], position: usize, projections: &mut [Projection]) {
                // SAFETY: the same contract.
                unsafe { project::one::<$lanes>(x, position, projections) }
            }

            /// # Safety
            /// The processor has these instructions; `project::suits` and `project::suits_several` have accepted the work.
            #[target_feature(enable = $features)]
            #[inline(never)]
            pub unsafe fn project_several(inputs: &Inputs, projections: &mut [Projection], room: &mut [f32]) -> usize {
                // SAFETY: the same contract.
                unsafe { own_way::several::<$lanes>(inputs, projections, room) }
            }
        }
    };
}

pub(in crate::kernel) use compiled_for;
