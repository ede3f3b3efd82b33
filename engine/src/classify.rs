//! The class of a token sequence.

use crate::error::RunError;
use crate::exact::{final_norm, Workspace};
use crate::kernel;
use crate::predict::argmax;
use crate::run::{forward_unobserved, Run};
use crate::weights::Matrix;

/// The index of the first greatest class: rows of `head` times the final norm of the last position.
///
/// `logit` is told each class and its logit in turn. The workspace's logits stay those of the last prediction.
///
/// # Errors
/// As [`crate::predict_next`]; [`RunError::ShapeMismatch`] also where `head` has not d_model columns.
pub fn classify<'m>(
    weights: &impl Run<'m>,
    head: &Matrix,
    workspace: &mut Workspace,
    tokens: impl IntoIterator<Item = i32>,
    mut logit: impl FnMut(usize, f32),
) -> Result<usize, RunError> {
    if head.cols() != weights.shape().d_model() {
        return Err(RunError::ShapeMismatch);
    }
    let n = workspace.prefix.set(tokens, workspace.layout.shape().vocab_size());
    forward_unobserved(weights, workspace, n)?;
    let (normed, _) = final_norm(weights, workspace, n);
    Ok(argmax((0..head.rows()).map(|class| {
        let value = kernel::matvec_row(head, class, normed);
        logit(class, value);
        value
    })))
}
