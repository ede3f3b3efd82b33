//! Attention of one layer over keys and values that are stored; [`AttentionMemory`] stores them, too, for callers of this alone.

use super::layer_memory::{cut, take, LayerMemory};
use crate::kernel::{self, Keys, Projection, TopK, Window};
use crate::layout::Layout;
use crate::weights::Attention;

/// What a query needs besides keys and values.
#[derive(Debug, Default)]
pub(crate) struct Search<'w> {
    /// `[d_head]`.
    pub query: &'w mut [f32],
    /// `[d_model]`; behind them the scores of the kept positions, best first, `[min(top_k, max_seq)]`. One array, which is room
    /// for those who multiply what the query is made of, and the logits.
    pub outputs: &'w mut [f32],
    /// The kept positions' rows.
    pub kept_rows: &'w mut [u32],
}

impl Search<'_> {
    /// Attends with the query, `h` wide, over the rows of `window`, of which it keeps `top_k` at most.
    ///
    /// The three parts come one after the other. Where code has to be small, each has what it works on to itself on the stack.
    #[cfg_attr(small, inline(always))]
    #[cfg_attr(not(small), inline(never))]
    pub(crate) fn attend(&mut self, layout: &Layout, memory: &LayerMemory, h: usize, top_k: usize, window: Window) {
        let slots = top_k.min(window.len);
        self.search(layout, memory, h, slots, window);
        kernel::softmax(cut(self.outputs, layout.shape().d_model(), slots));
        self.gather(memory.values, layout.shape().d_model(), slots);
    }

    /// The scores of the query.
    #[cfg_attr(small, inline(never))]
    #[cfg_attr(not(small), inline(always))]
    fn search(&mut self, layout: &Layout, memory: &LayerMemory, h: usize, slots: usize, window: Window) {
        let query = cut(self.query, 0, h);
        let keys = Keys { elements: memory.keys, rows: layout.max_seq(), d_head: h };
        let kept_rows = self.kept_rows.get_mut(..slots).unwrap_or_default();
        let mut best = TopK::new(cut(self.outputs, layout.shape().d_model(), slots), kept_rows);
        kernel::search(query, &keys, &window, &mut best);
    }

    /// The values of what was kept, by their weights, `d` wide.
    #[cfg_attr(small, inline(never))]
    #[cfg_attr(not(small), inline(always))]
    fn gather(&mut self, values: &[f32], d: usize, slots: usize) {
        let kept_rows = self.kept_rows.get_mut(..slots).unwrap_or_default();
        let mut rest = &mut *self.outputs;
        let outputs = take(&mut rest, d);
        let best = TopK { scores: cut(rest, 0, slots), rows: kept_rows };
        kernel::gather(&best, values, outputs);
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
        self.search.attend(self.layout, &self.memory, attention.wq.rows(), attention.top_k, window);
        cut(self.search.outputs, 0, attention.wv.rows())
    }
}
