//! Attention of one layer over a sequence: keys and values are stored position by position, then attended to.

use crate::kernel;
use crate::weights::{Attention, Matrix};

/// The memory of one layer's attention, borrowed from a workspace.
#[derive(Debug)]
pub struct AttentionMemory<'w> {
    /// `[max_seq][d_head]`.
    pub(crate) keys: &'w mut [f32],
    /// `[max_seq][d_model]`.
    pub(crate) values: &'w mut [f32],
    /// `[d_head]`.
    pub(crate) query: &'w mut [f32],
    /// Scores of the kept positions, best first, `[min(top_k, max_seq)]`.
    pub(crate) kept_scores: &'w mut [f32],
    /// Their positions.
    pub(crate) kept_positions: &'w mut [u32],
    /// `[d_model]`.
    pub(crate) attended: &'w mut [f32],
}

impl AttentionMemory<'_> {
    /// Stores key and value of position `t`, whose normalised input is `u`. `None` where there is no room.
    pub fn store(&mut self, attention: &Attention, t: usize, u: &[f32]) -> Option<()> {
        store_row(&attention.wk, self.keys, t, u)?;
        store_row(&attention.wv, self.values, t, u)
    }

    /// The output of attention at position `t`, `[d_model]`: positions up to `t` must be stored. `None` where the sizes do
    /// not fit.
    pub fn attend(&mut self, attention: &Attention, t: usize, u: &[f32]) -> Option<&[f32]> {
        let query = self.query.get_mut(..attention.wq.rows())?;
        kernel::matvec(&attention.wq, u, query);
        let slots = attention.top_k.min(t + 1);
        let kept = kernel::TopK::new(self.kept_scores.get_mut(..slots)?, self.kept_positions.get_mut(..slots)?);
        kernel::attend(query, self.keys, self.values, t, kept, self.attended);
        Some(self.attended)
    }
}

/// Computes row `t` of an array of `matrix.rows()` columns.
fn store_row(matrix: &Matrix, rows: &mut [f32], t: usize, u: &[f32]) -> Option<()> {
    let row = rows.get_mut(t * matrix.rows()..(t + 1) * matrix.rows())?;
    kernel::matvec(matrix, u, row);
    Some(())
}
