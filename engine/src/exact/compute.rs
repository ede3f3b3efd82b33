//! Which way positions take through the layers: one at a time, or some together.

use super::pass::Pass;
use super::together;
use super::workspace::{Place, Workspace};
use crate::kernel::{Current, Properties};
use crate::schedule::{RouterReading, Work};
use crate::weights::Weights;

/// Computes the residual stream of positions: from their tokens, or from what the layer before the first one left of it.
/// `None` where the weights are not of the shape that they say.
#[inline(always)]
pub(super) fn compute<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    place: Place,
    work: Work,
    observe: impl FnMut(RouterReading),
) -> Option<()> {
    if Current::POSITIONS_TOGETHER > 1 && work.positions.count > 1 && together::suits(place.layout) {
        return together::run(weights, workspace, place, work, observe);
    }
    let Work { positions, layers, has_gates } = work;
    Pass { weights, workspace, place, has_gates, observe }.run(positions, layers)
}
