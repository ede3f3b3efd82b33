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
    /// Logits of the last prediction, `[vocab_size]`.
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
    /// Sums of one projection at a time.
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
        let (tag, mut words) = words.split_first_chunk_mut::<TAG_WORDS>().ok_or(error)?;
        let (schedule, shape, counts) = (layout.schedule(), layout.shape(), layout.numbers());
        let (d, held) = (shape.d_model(), layout.held_layers());
        let mut floats = floats;
        let tokens = take(&mut words, layout.max_seq());
        let mut integers = numbers(take(&mut words, counts.words));
        let mut halves = numbers(take(&mut words, counts.halves.div_ceil(2)));
        let mut bytes = numbers(take(&mut words, counts.bytes.div_ceil(4)));
        let per_layer = held * layout.max_seq();
        Ok(Self {
            layout,
            logits: take(&mut floats, schedule.logits()),
            router: take(&mut floats, schedule.router()),
            last_shares: take(&mut floats, schedule.last_shares()),
            prefix: Prefix { tag, tokens },
            model_constants: take(&mut integers, ModelConstants::WORDS),
            layer_constants: take(&mut integers, shape.n_layers() * LayerConstants::WORDS),
            residual: take(&mut integers, schedule.residual_rows() * d),
            sums: take(&mut integers, layout.sums()),
            normed: take(&mut halves, d),
            query: take(&mut bytes, shape.d_head()),
            layers: Layers {
                state: take(&mut integers, held * d),
                gates: take(&mut halves, held * d),
                output_weights: take(&mut halves, held * d),
                history: take(&mut halves, held * schedule.history_len() * d),
                keys: take(&mut bytes, per_layer * shape.d_head()),
                values: take(&mut bytes, per_layer * d),
                key_shifts: take(&mut bytes, per_layer),
                value_shifts: take(&mut bytes, per_layer),
            },
        })
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
