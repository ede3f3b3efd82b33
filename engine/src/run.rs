//! A run over a sequence, in the plan of its workspace.

use crate::error::RunError;
use crate::exact::Workspace;
use crate::format::Model;
use crate::schedule::{partial, unobserved, Arithmetic, Positions, RouterReading, Start, Work};
use crate::weights::Weights;

/// A model that can be run in a memory `M`: [`Weights`], and which code of the memory plans its programs link.
pub trait Run<'a, M>: Weights<'a> + Sized {
    /// As [`Arithmetic::start`].
    ///
    /// The C library calls [`start_cached`] or [`start_partial`] by a pointer from the program's configuration, so that a program
    /// links the code of one plan only.
    fn start<'w>(&self, memory: &mut M, n: usize, observe: &mut impl FnMut(RouterReading)) -> Option<Start>
    where
        M: Arithmetic<'w>,
    {
        memory.start(self, n, observe)
    }
}

/// Where a run over the first `n` tokens of the model `identity` starts, in the cached plan.
pub fn start_cached(workspace: &Workspace, identity: u64, n: usize) -> Start {
    Start::after(&workspace.prefix, identity, n)
}

/// Computes a run over the first `n` tokens, 1 or more, in the partial plan, with nobody watching. `None` where the weights
/// are not of the shape that they say.
pub fn start_partial<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, n: usize) -> Option<Start> {
    partial::run(weights, workspace, n, unobserved)
}

impl<'a, M> Run<'a, M> for Model<'a> {}

/// Computes the residual stream of the first `n` tokens in the memory's store, as far as it is not computed already. What
/// follows is the final norm of the last of them.
///
/// Inlined, as are the loops of `exact/pass.rs`: a frame of its own would be stack in the programs that have the least of it,
/// and they only predict. Others share one copy, [`forward_unobserved`].
#[inline(always)]
pub(crate) fn forward<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    n: usize,
    mut observe: impl FnMut(RouterReading),
) -> Result<(), RunError> {
    if n == 0 {
        return Err(RunError::NoTokens);
    }
    if !weights.has_shape(memory.layout().shape()) {
        return Err(RunError::ShapeMismatch);
    }
    let start = weights.start(memory, n, &mut observe);
    let Start { identity, has_gates, before } = start.ok_or(RunError::BrokenWeights)?;
    if before >= n {
        return Ok(());
    }
    let positions = Positions { row: before, before, count: n - before };
    let work = Work::of(memory.layout(), positions, has_gates);
    memory.compute(weights, work, observe).ok_or(RunError::BrokenWeights)?;
    memory.prefix().remember(identity, n);
    Ok(())
}

/// [`forward`] as a call of its own.
#[inline(never)]
pub(crate) fn forward_unobserved<'m, 'w, M: Arithmetic<'w>>(
    weights: &impl Run<'m, M>,
    memory: &mut M,
    n: usize,
) -> Result<(), RunError> {
    forward(weights, memory, n, unobserved)
}
