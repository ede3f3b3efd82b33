//! Attention of one layer over a sequence: keys and values are stored position by position, then attended to.

use crate::kernel::{self, Keys, Projection, TopK, Window};
use crate::layout::Layout;
use crate::weights::Attention;
use crate::workspace::{cut, LayerMemory};

/// What a query needs besides keys and values.
#[derive(Debug, Default)]
pub(crate) struct Search<'w> {
    /// `[positions][d_head]`.
    pub query: &'w mut [f32],
    /// Scores of the kept positions, best first, `[min(top_k, max_seq)]`.
    pub kept_scores: &'w mut [f32],
    /// Their rows.
    pub kept_rows: &'w mut [u32],
    /// Outputs, `[positions][d_model]`.
    pub attended: &'w mut [f32],
}

impl Search<'_> {
    /// Attends with the query of position `position`, `h` wide, over the rows of `window`, of which it keeps `top_k` at most.
    #[inline(never)]
    pub(crate) fn attend(
        &mut self,
        layout: &Layout,
        memory: &LayerMemory,
        position: usize,
        h: usize,
        top_k: usize,
        window: Window,
    ) {
        let d = layout.shape().d_model();
        let slots = top_k.min(window.len);
        let kept = TopK::new(cut(self.kept_scores, 0, slots), cut(self.kept_rows, 0, slots));
        let keys = Keys { elements: memory.keys, rows: layout.max_seq(), d_head: h };
        let query = cut(self.query, position * h, h);
        let out = cut(self.attended, position * d, d);
        kernel::attend(query, &keys, memory.values, &window, kept, out);
    }
}

/// The memory of one layer's attention, borrowed from a workspace.
#[derive(Debug)]
pub struct AttentionMemory<'p, 'w> {
    pub(crate) layout: &'w Layout,
    pub(crate) memory: LayerMemory<'p>,
    pub(crate) search: &'p mut Search<'w>,
}

impl AttentionMemory<'_, '_> {
    /// Stores key and value of position `t`, whose normalised input is `u`. Nothing where there is no room.
    pub fn store(&mut self, attention: &Attention, t: usize, u: &[f32]) {
        let (d, h) = (attention.wv.rows(), attention.wk.rows());
        let (first, row_stride) = Keys::place(self.layout.max_seq(), h, t);
        let keys = self.memory.keys.get_mut(first..).unwrap_or_default();
        let keys = Projection { matrix: &attention.wk, out: keys, row_stride, position_stride: 1 };
        let values = Projection::new(&attention.wv, cut(self.memory.values, t * d, d));
        kernel::project(u, 1, &mut [keys, values]);
    }

    /// The output of attention at position `t`, `[d_model]`: positions up to `t` must be stored. Empty where the sizes do
    /// not fit.
    pub fn attend(&mut self, attention: &Attention, t: usize, u: &[f32]) -> &[f32] {
        kernel::matvec(&attention.wq, u, self.search.query);
        let window = Window { newest: t, len: t + 1 };
        self.search.attend(self.layout, &self.memory, 0, attention.wq.rows(), attention.top_k, window);
        cut(self.search.attended, 0, attention.wv.rows())
    }
}
