//! Sets of vector instructions, one of which is in use.

use super::own_way::OwnWay;

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
}

/// A kernel compiled for one set of instructions: its name, its vectors, and the instructions by their names.
///
/// None is inlined where it is chosen: what the choice runs in would have room for all of them on the stack.
macro_rules! compiled_for {
    ($name:ident, $lanes:ty, $features:literal) => {
        /// # Safety
        /// The processor has these instructions.
        #[inline(always)]
        unsafe fn $name<W: Work>(work: W) -> Option<W::Output> {
            #[target_feature(enable = $features)]
            #[inline(never)]
            unsafe fn compiled<W: Work>(work: W) -> W::Output {
                // SAFETY: the same contract.
                unsafe { work.run::<$lanes>() }
            }
            if work.suits(<$lanes as Lanes>::COUNT) {
                // SAFETY: as the caller promises, and this was asked.
                Some(unsafe { compiled(work) })
            } else {
                None
            }
        }
    };
}

pub(in crate::kernel) use compiled_for;
