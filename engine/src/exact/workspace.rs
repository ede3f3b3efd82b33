//! The work area of a run: two borrowed arrays, cut into named parts.

use core::fmt;

use super::attend::{AttentionMemory, Search};
use super::layer_memory::{take, LayerMemory};
use crate::layout::{Layout, TAG_WORDS};
use crate::schedule::Prefix;

/// A work area over memory that the caller owns. It may start with any content but what a work area of another [`Layout`] has
/// left there, which is for [`Workspace::forget`] to clear first; all zeros is a good one.
///
/// What a later call may reuse lies in the borrowed arrays, so a `Workspace` made anew over the same arrays continues
/// where the last one stopped.
#[derive(Debug)]
pub struct Workspace<'w> {
    pub(crate) layout: &'w Layout,
    /// Logits of the last prediction, `[vocab_size]`.
    pub(crate) logits: &'w mut [f32],
    /// Router weights of the last layer, `[max_seq][n_pathways]`.
    pub(crate) router: &'w mut [f32],
    pub(crate) prefix: Prefix<'w>,
    /// Router weights of the last position, `[n_layers][n_pathways]`.
    pub(crate) last_shares: &'w mut [f32],
    /// Normalised inputs of a block, `[d_model]`.
    pub(crate) normed: &'w mut [f32],
    pub(crate) search: Search<'w>,
    /// The residual stream of the positions in work, `[positions][d_model]`, in the lean plan with room for the whole sequence;
    /// behind it what the layers that are held at once remember. One array, so that the partial plan can divide it elsewhere.
    pub(crate) stream: &'w mut [f32],
}

/// Floats of any room for several positions that are kept free for the matrix kernels; the pathways use them afterwards.
pub(super) const WORK: usize = 768;

/// How [`Workspace::stream`] is divided while a pass works in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'l> {
    /// How the layers' memory is cut.
    pub layout: &'l Layout,
    /// Floats of the residual stream in front of it.
    pub front: usize,
}

/// Floats of the residual stream.
#[cfg_attr(small, inline(never))]
pub(super) fn front(layout: &Layout) -> usize {
    layout.residual_rows() * layout.shape().d_model()
}

/// An array that is too short for the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceError {
    /// Floats that the layout takes.
    pub floats: usize,
    /// 32-bit words that it takes.
    pub words: usize,
}

impl fmt::Display for WorkspaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the work area is too small, expected {} floats and {} words", self.floats, self.words)
    }
}

impl core::error::Error for WorkspaceError {}

impl<'w> Workspace<'w> {
    /// Cuts the two arrays into the parts of `layout`. Values behind them stay untouched.
    ///
    /// # Errors
    /// [`WorkspaceError`] where an array is too short: see [`Layout::floats`] and [`Layout::words`].
    pub fn new(layout: &'w Layout, floats: &'w mut [f32], words: &'w mut [u32]) -> Result<Self, WorkspaceError> {
        let is_enough = floats.len() >= layout.floats() && words.len() >= layout.words();
        match words.split_first_chunk_mut() {
            Some((tag, words)) if is_enough => {
                let mut rest = floats;
                let logits = take(&mut rest, layout.logits());
                let router = take(&mut rest, layout.router());
                Ok(Self::from_parts(layout, logits, router, tag, words, rest))
            }
            _ => Err(WorkspaceError { floats: layout.floats(), words: layout.words() }),
        }
    }

    /// The same over arrays of their own: `logits` of vocab_size, `router` of max_seq * n_pathways, `tag` and `words` of
    /// together [`Layout::words`] and `scratch` of [`Layout::scratch_floats`]. Where one is too short, results are
    /// meaningless.
    pub fn from_parts(
        layout: &'w Layout,
        logits: &'w mut [f32],
        router: &'w mut [f32],
        tag: &'w mut [u32; TAG_WORDS],
        words: &'w mut [u32],
        mut scratch: &'w mut [f32],
    ) -> Self {
        let d = layout.shape().d_model();
        // Filled in one by one: as one expression, a compiler for size holds all parts on the stack first.
        let prefix = Prefix { tag, tokens: &mut [] };
        let (normed, search) = (&mut [][..], Search::default());
        let mut all = Self { layout, logits, router, prefix, last_shares: &mut [], normed, search, stream: &mut [] };
        (all.prefix.tokens, all.search.kept_rows) = words.split_at_mut_checked(layout.max_seq()).unwrap_or_default();
        all.last_shares = take(&mut scratch, layout.last_shares());
        all.normed = take(&mut scratch, d);
        all.search.query = take(&mut scratch, layout.shape().d_head());
        all.search.outputs = take(&mut scratch, d + layout.kept());
        all.stream = scratch;
        all
    }

    /// Where a pass works but for one in a part of the partial plan's memory.
    #[inline(always)]
    pub(super) fn place(&self) -> Place<'w> {
        Place { layout: self.layout, front: front(self.layout) }
    }

    /// What it was laid out for.
    pub fn layout(&self) -> &'w Layout {
        self.layout
    }

    /// Logits of the last prediction, `[vocab_size]`.
    pub fn logits(&self) -> &[f32] {
        self.logits
    }

    /// Router weights of the last layer, `[max_seq][n_pathways]`; rows from the length of the last call on are older.
    pub fn router_weights(&self) -> &[f32] {
        self.router
    }

    /// Router weights of layer `layer` at the last position of the last call, `[n_pathways]`; `None` for no such layer. How
    /// undecided they are tells [`crate::entropy`].
    pub fn last_router_weights(&self, layer: usize) -> Option<&[f32]> {
        let pathways = self.layout.shape().n_pathways();
        let start = layer.checked_mul(pathways)?;
        self.last_shares.get(start..start.checked_add(pathways)?)
    }

    /// The memory of one layer's attention, to use it by itself. What earlier calls computed is forgotten.
    pub fn attention_memory(&mut self) -> AttentionMemory<'_, 'w> {
        self.prefix.forget();
        let layers = self.stream.get_mut(front(self.layout)..).unwrap_or_default();
        let memory = LayerMemory::of(self.layout, layers, 0);
        AttentionMemory { layout: self.layout, memory, search: &mut self.search }
    }

    /// Forgets what earlier calls computed. Never needed for right results; results do not depend on the cache.
    pub fn forget(&mut self) {
        self.prefix.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Plan;
    use crate::shape::{Dims, Shape};

    use std::vec;

    #[test]
    fn the_parts_use_up_exactly_what_the_layout_asks_for() {
        for (max_seq, kernel_size, top_k) in [(1, 5, 4), (7, 5, 4), (7, 64, 64), (9, 1, 1)] {
            for (plan, held) in [(Plan::Lean, 1), (Plan::Cached, 3)] {
                let dims = Dims { d_model: 6, d_head: 5, n_layers: 3, kernel_size, top_k, ..Dims::DEFAULT };
                let layout = Layout::new(Shape::new(dims).expect("in range"), max_seq, plan).expect("in range");
                let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
                let all = Workspace::new(&layout, &mut floats, &mut words).expect("exactly enough");
                assert_eq!(all.prefix.tokens.len(), max_seq);
                assert_eq!(all.search.kept_rows.len(), top_k.min(max_seq));
                let (_, layers) = all.stream.split_at_mut(front(&layout));
                assert_eq!(layers.len(), held * layout.layer());
                assert_eq!((all.search.query.len(), all.search.outputs.len()), (5, 6 + top_k.min(max_seq)));
                let last = LayerMemory::of(&layout, layers, 2);
                assert_eq!((last.keys.len(), last.values.len()), (max_seq * 5, max_seq * 6));
                assert_eq!(last.history.len(), (kernel_size.min(max_seq) - 1) * 6);
                assert_eq!((last.state.len(), last.gate.len()), (6, 6));
            }
        }
    }

    /// `part` is the `len` values from `at` on, behind which the next one begins.
    fn expect(at: &mut *const f32, part: &[f32], len: usize) {
        assert_eq!((part.as_ptr(), part.len()), (*at, len));
        *at = part.as_ptr_range().end;
    }

    /// The parts follow each other from the front of each array to its end.
    fn follow_each_other(layout: &Layout) {
        let shape = layout.shape();
        let (max_seq, d, h) = (layout.max_seq(), shape.d_model(), shape.d_head());
        let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        let (std::ops::Range { start: mut at, end }, words_at) = (floats.as_ptr_range(), words.as_ptr_range());
        let all = Workspace::new(layout, &mut floats, &mut words).expect("exactly enough");
        let kept = shape.top_k().min(max_seq);
        expect(&mut at, all.logits, shape.vocab_size());
        expect(&mut at, all.router, max_seq * shape.n_pathways());
        expect(&mut at, all.last_shares, shape.n_layers() * shape.n_pathways());
        expect(&mut at, all.normed, d);
        expect(&mut at, all.search.query, h);
        expect(&mut at, all.search.outputs, d + kept);
        let (residual, layers) = all.stream.split_at_mut(front(layout));
        expect(&mut at, residual, layout.residual_rows() * d);
        assert_eq!((layers.as_ptr(), layers.as_ptr_range().end), (at, end));
        // The partial plan cuts them as one of the others does (`partial.rs`).
        let n_layers = if layout.plan() == Plan::Partial { 0 } else { shape.n_layers() };
        for layer in 0..n_layers {
            // The lean plan has one place for all layers.
            let mut place = if layout.plan() == Plan::Lean { at } else { at.wrapping_add(layer * layout.layer()) };
            let memory = LayerMemory::of(layout, layers, layer);
            expect(&mut place, memory.keys, max_seq * h);
            expect(&mut place, memory.values, max_seq * d);
            expect(&mut place, memory.history, (shape.kernel_size().min(max_seq) - 1) * d);
            expect(&mut place, memory.state, d);
            expect(&mut place, memory.gate, d);
            let is_last = layout.plan() == Plan::Lean || layer + 1 == n_layers;
            assert_eq!(place == end, is_last);
        }
        let (tokens, rows) = (all.prefix.tokens.as_ptr_range(), all.search.kept_rows.as_ptr_range());
        assert_eq!((all.prefix.tag.as_ptr(), all.prefix.tag.as_ptr_range().end), (words_at.start, tokens.start));
        assert_eq!((all.prefix.tokens.len(), all.search.kept_rows.len()), (max_seq, kept));
        assert_eq!((tokens.end, rows.end), (rows.start, words_at.end));
    }

    #[test]
    fn the_parts_of_every_shape_of_a_grid_are_disjoint() {
        let most = if cfg!(miri) { 2 } else { 5 };
        let pairs = || (1..=most).flat_map(|first| (1..=most).map(move |second| (first, second)));
        for ((d_model, d_head), (max_seq, n_layers)) in pairs().flat_map(|one| pairs().map(move |two| (one, two))) {
            for (kernel_size, n_pathways, vocab_size, top_k) in [(1, 3, 1, 1), (2, 4, 3, 2), (3, 5, 2, 4), (9, 8, 7, 9)]
            {
                let dims = Dims { d_model, n_layers, d_head, kernel_size, n_pathways, vocab_size, top_k };
                let shape = Shape::new(dims).expect("in range");
                for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
                    follow_each_other(&Layout::new(shape, max_seq, plan).expect("in range"));
                }
            }
        }
    }
}
