//! The work area of a run: two borrowed arrays, cut into named parts.

use super::constants::{LayerConstants, ModelConstants};
use super::layout::Layout;
use crate::bytes::numbers;
use crate::exact::WorkspaceError;
use crate::layout::TAG_WORDS;
use crate::schedule::Prefix;

/// A work area over memory that the caller owns, for the integer arithmetic. It may start with any content but what a work area
/// of another kind or [`Layout`] has left there, which is for [`Workspace::forget`] to clear first; all zeros is a good one.
///
/// What a later call may reuse lies in the borrowed arrays, so a `Workspace` made anew over the same arrays continues where the
/// last one stopped.
#[derive(Debug)]
pub struct Workspace<'w> {
    pub(super) layout: &'w Layout,
    /// Logits of the last prediction, `[vocab_size]`; while layers are computed, room for their kernel.
    pub(super) logits: &'w mut [f32],
    /// Router weights of the last layer, `[max_seq][n_pathways]`.
    pub(super) router: &'w mut [f32],
    /// Router weights of the last position, `[n_layers][n_pathways]`.
    pub(super) last_shares: &'w mut [f32],
    pub(super) prefix: Prefix<'w>,
    /// What follows from the weights alone: for the model, and for each layer.
    pub(super) model_constants: &'w mut [i32],
    pub(super) layer_constants: &'w mut [i32],
    /// `[positions][d_model]`; in the lean plan with room for the whole sequence.
    pub(super) residual: &'w mut [i32],
    /// Sums of a layer's matrices, then those of attention; room for the kernel of the logits.
    pub(super) sums: &'w mut [i32],
    /// Normalised inputs of a block, `[d_model]`.
    pub(super) normed: &'w mut [i16],
    /// `[d_head]`.
    pub(super) query: &'w mut [i8],
    pub(super) layers: Layers<'w>,
}

/// What the layers that are held at once remember, one layer behind the other in each.
#[derive(Debug, Default)]
pub(super) struct Layers<'w> {
    /// `[d_model]` a layer.
    pub state: &'w mut [i32],
    pub gates: &'w mut [i16],
    pub output_weights: &'w mut [i16],
    /// `[history_len][d_model]` a layer.
    pub history: &'w mut [i16],
    /// `[max_seq][d_head]` a layer.
    pub keys: &'w mut [i8],
    /// `[max_seq][d_model]` a layer.
    pub values: &'w mut [i8],
    /// `[max_seq]` a layer.
    pub key_shifts: &'w mut [i8],
    pub value_shifts: &'w mut [i8],
}

impl<'w> Workspace<'w> {
    /// Cuts the two arrays into the parts of `layout`. Values behind them stay untouched.
    ///
    /// # Errors
    /// [`WorkspaceError`] where an array is too short: see [`Layout::floats`] and [`Layout::words`].
    pub fn new(layout: &'w Layout, floats: &'w mut [f32], words: &'w mut [u32]) -> Result<Self, WorkspaceError> {
        let error = WorkspaceError { floats: layout.floats(), words: layout.words() };
        if floats.len() < layout.floats() || words.len() < layout.words() {
            return Err(error);
        }
        let (tag, words) = words.split_first_chunk_mut::<TAG_WORDS>().ok_or(error)?;
        let mut floats = floats;
        let logits = take(&mut floats, layout.schedule().logits());
        let router = take(&mut floats, layout.schedule().router());
        let last_shares = take(&mut floats, layout.schedule().last_shares());
        Ok(Self::from_parts(layout, [logits, router, last_shares], tag, words))
    }

    /// Over arrays of their own: logits, `[vocab_size]`, router weights, `[max_seq][n_pathways]`, and those of the last position,
    /// `[n_layers][n_pathways]`; `tag` and `words` have together [`Layout::words`]. Where one is too short, results are
    /// meaningless.
    pub fn from_parts(
        layout: &'w Layout,
        [logits, router, last_shares]: [&'w mut [f32]; 3],
        tag: &'w mut [u32; TAG_WORDS],
        mut words: &'w mut [u32],
    ) -> Self {
        let (shape, counts) = (layout.shape(), layout.numbers());
        let (d, h, held) = (shape.d_model(), shape.d_head(), layout.held_layers());
        let (history, rows) = (held * layout.schedule().history_len() * d, held * layout.max_seq());
        let prefix = Prefix { tag, tokens: take(&mut words, layout.max_seq()) };
        let mut integers = numbers(take(&mut words, counts.words));
        let mut halves = numbers(take(&mut words, counts.halves.div_ceil(2)));
        let mut bytes = numbers(words);
        // Filled in one by one: as one expression, a compiler for size holds all parts on the stack first.
        let mut all = Self {
            layout,
            logits,
            router,
            last_shares,
            prefix,
            model_constants: take(&mut integers, ModelConstants::WORDS),
            layer_constants: &mut [],
            residual: &mut [],
            sums: &mut [],
            normed: &mut [],
            query: &mut [],
            layers: Layers::default(),
        };
        all.layer_constants = take(&mut integers, shape.n_layers() * LayerConstants::WORDS);
        all.residual = take(&mut integers, layout.schedule().residual_rows() * d);
        all.sums = take(&mut integers, layout.sums());
        all.layers.state = take(&mut integers, held * d);
        all.normed = take(&mut halves, d);
        all.layers.gates = take(&mut halves, held * d);
        all.layers.output_weights = take(&mut halves, held * d);
        all.layers.history = take(&mut halves, history);
        all.query = take(&mut bytes, h);
        all.layers.keys = take(&mut bytes, rows * h);
        all.layers.values = take(&mut bytes, rows * d);
        all.layers.key_shifts = take(&mut bytes, rows);
        all.layers.value_shifts = take(&mut bytes, rows);
        all
    }

    /// What it was laid out for.
    pub fn layout(&self) -> &'w Layout {
        self.layout
    }

    /// Logits of the last prediction, `[vocab_size]`, until the next call.
    pub fn logits(&self) -> &[f32] {
        self.logits
    }

    /// Router weights of the last layer, `[max_seq][n_pathways]`; rows from the length of the last call on are older.
    pub fn router_weights(&self) -> &[f32] {
        self.router
    }

    /// Router weights of layer `layer` at the last position of the last call, `[n_pathways]`; `None` for no such layer.
    pub fn last_router_weights(&self, layer: usize) -> Option<&[f32]> {
        let pathways = self.layout.shape().n_pathways();
        let start = layer.checked_mul(pathways)?;
        self.last_shares.get(start..start.checked_add(pathways)?)
    }

    /// Makes the next call compute everything: after the memory was used otherwise.
    pub fn forget(&mut self) {
        self.prefix.forget();
    }
}

impl<'w> Layers<'w> {
    /// What the layer at `index` of those held remembers, of `held` layers.
    pub(super) fn layer(&mut self, index: usize, held: usize) -> Layers<'_> {
        Layers {
            state: part(self.state, index, held),
            gates: part(self.gates, index, held),
            output_weights: part(self.output_weights, index, held),
            history: part(self.history, index, held),
            keys: part(self.keys, index, held),
            values: part(self.values, index, held),
            key_shifts: part(self.key_shifts, index, held),
            value_shifts: part(self.value_shifts, index, held),
        }
    }
}

/// Part `index` of `count` equal ones.
fn part<T>(all: &mut [T], index: usize, count: usize) -> &mut [T] {
    let len = all.len().checked_div(count).unwrap_or(0);
    cut(all, index * len, len)
}

/// The `len` values from `start` on; none where there are fewer.
pub(super) fn cut<T>(all: &mut [T], start: usize, len: usize) -> &mut [T] {
    all.get_mut(start..).and_then(|rest| rest.get_mut(..len)).unwrap_or_default()
}

/// Takes `len` values off the front of `rest`; none, and nothing is left, where there are fewer.
fn take<'r, T>(rest: &mut &'r mut [T], len: usize) -> &'r mut [T] {
    let (taken, left) = core::mem::take(rest).split_at_mut_checked(len).unwrap_or_default();
    *rest = left;
    taken
}
