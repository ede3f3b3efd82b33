//! Attention of one layer over a sequence: keys and values are stored position by position, then attended to.

use crate::kernel::{self, Keys, Projection, TopK, Window};
use crate::weights::Attention;
use crate::workspace::cut;

/// The memory of one layer's attention, borrowed from a workspace.
#[derive(Debug)]
pub struct AttentionMemory<'w> {
    /// As [`Keys::elements`].
    pub(crate) keys: &'w mut [f32],
    /// `[max_seq][d_model]`.
    pub(crate) values: &'w mut [f32],
    /// Rows of keys and values.
    pub(crate) max_seq: usize,
    /// `[positions][d_head]`.
    pub(crate) query: &'w mut [f32],
    /// Scores of the kept positions, best first, `[min(top_k, max_seq)]`.
    pub(crate) kept_scores: &'w mut [f32],
    /// Their rows.
    pub(crate) kept_rows: &'w mut [u32],
    /// `[positions][d_model]`.
    pub(crate) attended: &'w mut [f32],
}

impl AttentionMemory<'_> {
    /// The projections that store keys and values of `count` positions in the rows from `row` on, all of one tile, and
    /// leave queries.
    pub(crate) fn projections<'p, 'm>(
        &'p mut self,
        attention: &'p Attention<'m>,
        row: usize,
        count: usize,
    ) -> [Projection<'p, 'm>; 3] {
        let d = attention.wv.rows();
        let values = cut(self.values, row * d, count * d);
        let (first, row_stride) = Keys::place(self.max_seq, attention.wk.rows(), row);
        let keys = self.keys.get_mut(first..).unwrap_or_default();
        [
            Projection { matrix: &attention.wk, out: keys, row_stride, position_stride: 1 },
            Projection::new(&attention.wv, values),
            Projection::new(&attention.wq, self.query),
        ]
    }

    /// Stores key and value of position `t`, whose normalised input is `u`. Nothing where there is no room.
    pub fn store(&mut self, attention: &Attention, t: usize, u: &[f32]) {
        let [keys, values, _] = self.projections(attention, t, 1);
        kernel::project(u, 1, &mut [keys, values]);
    }

    /// The output of attention at position `t`, `[d_model]`: positions up to `t` must be stored. Empty where the sizes do
    /// not fit.
    pub fn attend(&mut self, attention: &Attention, t: usize, u: &[f32]) -> &[f32] {
        kernel::matvec(&attention.wq, u, self.query);
        self.attend_query(attention, 0, &Window { newest: t, len: t + 1 });
        cut(self.attended, 0, attention.wv.rows())
    }

    /// Attends with the query of position `position` over the rows of `window`.
    pub(crate) fn attend_query(&mut self, attention: &Attention, position: usize, window: &Window) {
        let (h, d) = (attention.wq.rows(), attention.wv.rows());
        let slots = attention.top_k.min(window.len);
        let kept = TopK::new(cut(self.kept_scores, 0, slots), cut(self.kept_rows, 0, slots));
        let keys = Keys { elements: self.keys, rows: self.max_seq, d_head: h };
        let query = cut(self.query, position * h, h);
        let out = cut(self.attended, position * d, d);
        kernel::attend(query, &keys, self.values, window, kept, out);
    }
}
