//! The logits behind a position (docs/numerics.md#3-logits): its residual stream through the final norm and the unembedding.

use super::layer_memory::cut;
use super::workspace::Workspace;
use crate::kernel;
use crate::layout::Plan;
use crate::weights::Weights;

/// The final norm of the last of `n` positions that were computed, `[d_model]`; and the logits to fill, `[vocab_size]`.
#[inline(always)]
pub(crate) fn final_norm<'s, 'm>(
    weights: &impl Weights<'m>,
    workspace: &'s mut Workspace,
    n: usize,
) -> (&'s [f32], &'s mut [f32]) {
    let d = workspace.layout.shape().d_model();
    let row = match workspace.layout.plan() {
        Plan::Lean => n - 1,
        Plan::Partial | Plan::Cached => 0,
    };
    let residual = cut(workspace.rows.residual, row * d, d);
    kernel::layer_norm_row(&weights.final_norm(), residual, workspace.rows.normed);
    (workspace.rows.normed, workspace.logits)
}

/// The logits behind the last of `n` positions that were computed, `[vocab_size]`; they stay in the workspace.
#[inline(never)]
pub(crate) fn unembed<'s, 'm>(weights: &impl Weights<'m>, workspace: &'s mut Workspace, n: usize) -> &'s [f32] {
    let (normed, logits) = final_norm(weights, workspace, n);
    kernel::matvec(&weights.unembed(), normed, logits);
    logits
}
