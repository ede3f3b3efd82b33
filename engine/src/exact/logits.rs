//! The logits behind a position (docs/numerics.md#3-logits): its residual stream through the final norm and the unembedding.

use super::layer_memory::{cut, LayerMemory};
use super::workspace::Workspace;
use crate::kernel::{self, Current, Properties};
use crate::layout::{Layout, Plan};
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

/// The logits behind the last of `n` positions that were computed, `[vocab_size]`; they stay in the workspace. What layers
/// remember of positions behind these may be written over.
#[inline(never)]
pub(crate) fn unembed<'s, 'm>(weights: &impl Weights<'m>, workspace: &'s mut Workspace, n: usize) -> &'s [f32] {
    final_norm(weights, workspace, n);
    let Workspace { layout, logits, rows, layers, .. } = workspace;
    let room = if Current::SEARCHES_ROOM { room(layout, rows.residual, layers, n) } else { &mut [] };
    kernel::matvec_with_room(&weights.unembed(), rows.normed, logits, room);
    logits
}

/// What is free when `n` positions are computed, where that is of use to a kernel: in the partial plan, whose memory is cut in
/// several ways, the rows that it has for this; else what lies behind the values of the first layer.
#[inline(always)]
fn room<'w>(layout: &Layout, residual: &'w mut [f32], layers: &'w mut [f32], n: usize) -> &'w mut [f32] {
    let d = layout.shape().d_model();
    if layout.plan() == Plan::Partial {
        return residual.get_mut(d..).unwrap_or_default();
    }
    let values = LayerMemory::of(layout, layers, 0).values;
    let free = values.get_mut(n * d..).unwrap_or_default();
    if free.len() < Current::WORTHWHILE_ROOM {
        return &mut [];
    }
    free
}
