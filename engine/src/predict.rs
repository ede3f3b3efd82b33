//! The next token (docs/numerics.md#3-logits).

use crate::error::RunError;
use crate::exact::{unembed, Workspace};
use crate::run::{forward, forward_unobserved, Run};
use crate::schedule::{unobserved, RouterReading};

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
/// weights are not of the shape that they say, which those of this crate do not.
pub fn predict_next<'m>(
    weights: &impl Run<'m>,
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
    weights: &impl Run<'m>,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
    observe: impl FnMut(RouterReading),
) -> Result<usize, RunError> {
    let n = workspace.prefix.set(tokens, workspace.layout.shape().vocab_size());
    forward(weights, workspace, n, observe)?;
    Ok(argmax(unembed(weights, workspace, n).iter().copied()))
}

/// Computes the logits behind the first `n` tokens in the workspace's store.
#[inline]
pub(crate) fn predict_prefix<'m>(weights: &impl Run<'m>, workspace: &mut Workspace, n: usize) -> Result<(), RunError> {
    forward_unobserved(weights, workspace, n)?;
    unembed(weights, workspace, n);
    Ok(())
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
