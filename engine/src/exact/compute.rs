//! Which way positions take through the layers: one at a time, or some together.

use super::pass::Pass;
use super::together;
use super::workspace::Workspace;
use crate::kernel::{Current, Properties};
use crate::schedule::{RouterReading, Work};
use crate::weights::Weights;

/// Computes the residual stream of positions: from their tokens, or from what the layer before the first one left of it.
/// `None` where the weights are not of the shape that they say.
#[inline(always)]
pub(super) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    if Current::POSITIONS_TOGETHER > 1 && work.positions.count > 1 && together::suits(workspace.layout) {
        return together::run(weights, workspace, work, observe);
    }
    let Work { positions, layers, has_gates } = work;
    Pass { weights, workspace, has_gates, observe }.run(positions, layers)
}

/// [`compute`] as a call of its own.
#[inline(never)]
pub(super) fn compute_apart<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    compute(weights, workspace, work, observe)
}
