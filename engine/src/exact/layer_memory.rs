//! What a layer keeps of a sequence, and how arrays are cut into parts.

use crate::layout::Layout;

/// What one layer remembers of the positions before the current one.
#[derive(Debug)]
pub(crate) struct LayerMemory<'w> {
    /// As [`Keys::elements`](crate::kernel::Keys).
    pub keys: &'w mut [f32],
    /// `[max_seq][d_model]`.
    pub values: &'w mut [f32],
    /// Inputs of earlier positions, the newest first, `[history_len][d_model]`.
    pub history: &'w mut [f32],
    /// State of the recurrence, `[d_model]`.
    pub state: &'w mut [f32],
    /// tanh(a_raw), `[d_model]`.
    pub gate: &'w mut [f32],
}

impl<'w> LayerMemory<'w> {
    /// What layer `layer` remembers, in the memory of all layers that are held.
    pub(crate) fn of(layout: &Layout, layers: &'w mut [f32], layer: usize) -> Self {
        let (max_seq, d) = (layout.max_seq(), layout.shape().d_model());
        let mut rest = layers.get_mut(layout.layer_start(layer)..).unwrap_or_default();
        // Filled in one by one, as in `Workspace::from_parts`.
        let mut all = Self { keys: &mut [], values: &mut [], history: &mut [], state: &mut [], gate: &mut [] };
        all.keys = take(&mut rest, max_seq * layout.shape().d_head());
        all.values = take(&mut rest, max_seq * d);
        all.history = take(&mut rest, layout.history_len() * d);
        all.state = take(&mut rest, d);
        all.gate = take(&mut rest, d);
        all
    }
}

// One copy of each of these two: a core counts the code of every check.

/// Takes `len` values off the front of `rest`; none, and nothing is left, where there are fewer.
#[inline(never)]
pub(crate) fn take<'w>(rest: &mut &'w mut [f32], len: usize) -> &'w mut [f32] {
    let all = core::mem::take(rest);
    let (taken, left) = all.split_at_mut_checked(len).unwrap_or_default();
    *rest = left;
    taken
}

/// The `len` values from `start` on; none where there are fewer.
#[inline(never)]
pub(crate) fn cut(all: &mut [f32], start: usize, len: usize) -> &mut [f32] {
    all.get_mut(start..).and_then(|rest| rest.get_mut(..len)).unwrap_or_default()
}
