//! The logits behind a position (docs/numerics.md#3-logits): its residual stream through the final norm and the unembedding.

use super::layer_memory::cut;
use super::workspace::{front, Workspace};
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
    let residual = cut(workspace.stream, row * d, d);
    kernel::layer_norm_row(&weights.final_norm(), residual, workspace.normed);
    (workspace.normed, workspace.logits)
}

/// The logits behind the last of `n` positions that were computed, `[vocab_size]`; they stay in the workspace. What layers
/// remember of positions behind these may be written over.
#[inline(never)]
pub(crate) fn unembed<'s, 'm>(weights: &impl Weights<'m>, workspace: &'s mut Workspace, n: usize) -> &'s [f32] {
    final_norm(weights, workspace, n);
    let Workspace { layout, logits, normed, search, stream, .. } = workspace;
    let room = if Current::SEARCHES_ROOM { room(layout, stream, search.outputs, n) } else { &mut [] };
    kernel::matvec_with_room(&weights.unembed(), normed, logits, room);
    logits
}

/// What is free when `n` positions are computed, where that is of use to a kernel: in the partial plan, whose memory is cut in
/// several ways, the rows that it has for this; else what lies behind the values of the first layer, or attention's outputs.
#[inline(always)]
fn room<'w>(layout: &Layout, stream: &'w mut [f32], outputs: &'w mut [f32], n: usize) -> &'w mut [f32] {
    let (s, d, h, front) = (layout.max_seq(), layout.shape().d_model(), layout.shape().d_head(), front(layout));
    if layout.plan() == Plan::Partial {
        return cut(stream, d, front - d);
    }
    // The first layer's keys, then its values, as in `LayerMemory`.
    let free = cut(stream, front + s * h + n * d, (s - n) * d);
    let room = if free.len() < outputs.len() { outputs } else { free };
    if room.len() < Current::WORTHWHILE_ROOM {
        return &mut [];
    }
    room
}
