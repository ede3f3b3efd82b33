//! The work area of a run: two borrowed arrays, cut into named parts.

use super::constants::{ModelConstants, LAYER_WORDS};
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
    /// Logits of the last prediction, `[vocab_size]`; while layers are computed, room for their kernel, unless they are kept.
    pub(super) logits: &'w mut [f32],
    pub(super) keeps_logits: bool,
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
    /// What the layers that are held at once remember, one behind the other: see [`LayerMemory`].
    pub(super) layers: &'w mut [u32],
}

/// What one layer remembers.
#[derive(Debug, Default)]
pub(super) struct LayerMemory<'w> {
    /// `[d_model]` each.
    pub state: &'w mut [i32],
    pub gates: &'w mut [i16],
    pub output_weights: &'w mut [i16],
    /// `[history_len][d_model]`.
    pub history: &'w mut [i16],
    /// `[max_seq]` each.
    pub key_shifts: &'w mut [i8],
    pub value_shifts: &'w mut [i8],
    /// `[max_seq][d_head]`.
    pub keys: &'w mut [i8],
    /// `[max_seq][d_model]`.
    pub values: &'w mut [i8],
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
        let (shape, d) = (layout.shape(), layout.shape().d_model());
        let prefix = Prefix { tag, tokens: take(&mut words, layout.max_seq()) };
        let model_constants = numbers(take(&mut words, ModelConstants::WORDS));
        // Filled in one by one: as one expression, a compiler for size holds all parts on the stack first.
        let mut all = Self {
            layout,
            logits,
            keeps_logits: false,
            router,
            last_shares,
            prefix,
            model_constants,
            layer_constants: &mut [],
            residual: &mut [],
            sums: &mut [],
            normed: &mut [],
            query: &mut [],
            layers: &mut [],
        };
        all.layer_constants = numbers(take(&mut words, shape.n_layers() * LAYER_WORDS));
        all.residual = numbers(take(&mut words, layout.schedule().residual_rows() * d));
        all.sums = numbers(take(&mut words, layout.sums()));
        all.normed = take(&mut numbers(take(&mut words, d.div_ceil(2))), d);
        all.query = take(&mut numbers(take(&mut words, shape.d_head().div_ceil(4))), shape.d_head());
        all.layers = words;
        all
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

impl<'w> LayerMemory<'w> {
    /// That of layer `layer`, in a workspace's `layers`.
    pub(super) fn of(layout: &Layout, layers: &'w mut [u32], layer: usize) -> Self {
        let (d, rows) = (layout.shape().d_model(), layout.max_seq());
        let units = layout.layer_units();
        let mut words = cut(layers, layout.held_index(layer) * units, units);
        let mut all = Self { state: numbers(take(&mut words, d)), ..Self::default() };
        let mut halves = numbers(take(&mut words, layout.layer_halves().div_ceil(2)));
        all.gates = take(&mut halves, d);
        all.output_weights = take(&mut halves, d);
        all.history = cut(halves, 0, layout.schedule().history_len() * d);
        let mut bytes = numbers(words);
        all.key_shifts = take(&mut bytes, rows);
        all.value_shifts = take(&mut bytes, rows);
        all.keys = take(&mut bytes, rows * layout.shape().d_head());
        all.values = cut(bytes, 0, rows * d);
        all
    }
}

/// The `len` values from `start` on; none where there are fewer.
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn cut<T>(all: &mut [T], start: usize, len: usize) -> &mut [T] {
    all.get_mut(start..).and_then(|rest| rest.get_mut(..len)).unwrap_or_default()
}

/// Takes `len` values off the front of `rest`; none, and nothing is left, where there are fewer.
#[cfg_attr(not(vectors), inline(never))]
fn take<'r, T>(rest: &mut &'r mut [T], len: usize) -> &'r mut [T] {
    let (taken, left) = core::mem::take(rest).split_at_mut_checked(len).unwrap_or_default();
    *rest = left;
    taken
}
