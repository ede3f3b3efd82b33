//! The next token (docs/numerics.md#3-logits).

use crate::error::RunError;
use crate::forward::{final_norm, forward, forward_unobserved, unobserved, RouterReading};
use crate::kernel;
use crate::layer_memory::LayerMemory;
use crate::layout::Layout;
use crate::weights::Weights;
use crate::workspace::Workspace;

/// The first index that reaches the greatest value: a later one replaces it only when strictly greater. 0 for no values.
pub fn argmax(values: impl IntoIterator<Item = f32>) -> usize {
    let (mut best, mut greatest) = (0, None);
    for (index, value) in values.into_iter().enumerate() {
        if greatest.is_none_or(|greatest| value > greatest) {
            (best, greatest) = (index, Some(value));
        }
    }
    best
}

/// The most probable token after `tokens`; the logits are in [`Workspace::logits`].
///
/// Only the first max_seq tokens count. In the cached plan, positions that the last call computed for the same model and
/// tokens are not computed again; the result is the same bits either way.
///
/// # Errors
/// [`RunError`] where there is no token or the workspace is for another shape, and nothing is written then; or where the
/// weights break their promise, which those of this crate do not.
pub fn predict_next<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
) -> Result<usize, RunError> {
    predict_next_observed(weights, workspace, tokens, unobserved)
}

/// [`predict_next`], showing the router's shares at every position and layer that this call computes.
///
/// # Errors
/// As [`predict_next`].
pub fn predict_next_observed<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
    observe: impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    let n = workspace.prefix.set(tokens, workspace.layout.shape().vocab_size());
    forward(weights, workspace, n, observe)?;
    Ok(most_probable(weights, workspace, n))
}

/// Computes the logits behind the first `n` tokens in the workspace's store.
#[inline]
pub(crate) fn predict_prefix<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    n: usize,
) -> Result<(), RunError> {
    forward_unobserved(weights, workspace, n)?;
    unembed(weights, workspace, n);
    Ok(())
}

/// The first greatest of the logits behind the last of `n` positions that were computed.
#[inline]
pub(crate) fn most_probable<'m>(weights: &impl Weights<'m>, workspace: &mut Workspace, n: usize) -> usize {
    argmax(unembed(weights, workspace, n).iter().copied())
}

/// The logits behind the last of `n` positions that were computed: all that the memory holds.
#[inline(never)]
pub(crate) fn unembed<'s, 'm>(weights: &impl Weights<'m>, workspace: &'s mut Workspace, n: usize) -> &'s [f32] {
    final_norm(weights, workspace, n);
    let Workspace { layout, logits, rows, layers, .. } = workspace;
    kernel::matvec_with_room(&weights.unembed(), rows.normed, logits, room_behind(layout, layers, n));
    logits
}

/// What is free in the memory of the first layer, behind the values of its `n` positions, where a kernel has a use for it.
#[inline(always)]
fn room_behind<'w>(layout: &Layout, layers: &'w mut [f32], n: usize) -> &'w mut [f32] {
    if !kernel::SEARCHES_ROOM {
        return &mut [];
    }
    let values = LayerMemory::of(layout, layers, 0).values;
    let free = values.get_mut(n * layout.shape().d_model()..).unwrap_or_default();
    if free.len() < kernel::WORTHWHILE_ROOM {
        return &mut [];
    }
    free
}

#[cfg(test)]
mod tests {
    use super::argmax;

    #[test]
    fn among_equals_the_first_is_the_greatest() {
        for (values, expected) in [
            (&[][..], 0),
            (&[1.0, 3.0, 2.0, 3.0], 1),
            (&[2.0, 2.0], 0),
            (&[f32::NEG_INFINITY, -5.0], 1),
            (&[0.0, -0.0, f32::INFINITY], 2),
            // Nothing is greater than NaN.
            (&[f32::NAN, 1.0], 0),
            (&[1.0, f32::NAN, 2.0], 2),
        ] {
            assert_eq!(argmax(values.iter().copied()), expected, "{values:?}");
        }
    }
}
