//! The work area of a run: two borrowed arrays, cut into named parts.

use core::fmt;

use crate::attention::AttentionMemory;
use crate::layout::{Layout, TAG_WORDS};
use crate::prefix::Prefix;

/// A work area over memory that the caller owns. It may start with any content; all zeros is a good one.
///
/// What a later call may reuse lies in the borrowed arrays, so a `Workspace` made anew over the same arrays continues
/// where the last one stopped.
#[derive(Debug)]
pub struct Workspace<'w> {
    pub(crate) layout: Layout,
    /// Logits of the last prediction, `[vocab_size]`.
    pub(crate) logits: &'w mut [f32],
    /// Router weights of the last layer, `[max_seq][n_pathways]`.
    pub(crate) router: &'w mut [f32],
    pub(crate) prefix: Prefix<'w>,
    pub(crate) scratch: Scratch<'w>,
}

/// What a forward pass works on besides its results.
#[derive(Debug)]
pub(crate) struct Scratch<'w> {
    /// Router weights of the last position, `[n_layers][n_pathways]`.
    pub last_shares: &'w mut [f32],
    /// Residual stream, `[residual_rows][d_model]`.
    pub residual: &'w mut [f32],
    /// Normalised input of a block, `[d_model]`.
    pub normed: &'w mut [f32],
    /// Attention query, `[d_head]`.
    pub query: &'w mut [f32],
    /// Output of attention, `[d_model]`.
    pub attended: &'w mut [f32],
    /// Scores of the kept positions, best first, `[min(top_k, max_seq)]`.
    pub kept_scores: &'w mut [f32],
    /// Their rows.
    pub kept_rows: &'w mut [u32],
    /// Memory of the layers that are held at once.
    pub layers: &'w mut [f32],
}

/// What one layer remembers of the positions before the current one.
#[derive(Debug)]
pub(crate) struct LayerMemory<'w> {
    /// `[max_seq][d_head]`, in the order of [`crate::kernel::Keys`].
    pub keys: &'w mut [f32],
    /// `[max_seq][d_model]`.
    pub values: &'w mut [f32],
    /// Inputs of earlier positions, the newest first, `[history_len][d_model]`.
    pub history: &'w mut [f32],
    /// State of the recurrence, `[d_model]`.
    pub state: &'w mut [f32],
    /// tanh(a_raw), `[d_model]`.
    pub gate: &'w mut [f32],
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

/// Takes `len` values off the front of `rest`.
fn take<'w, T>(rest: &mut &'w mut [T], len: usize) -> Option<&'w mut [T]> {
    let (taken, left) = core::mem::take(rest).split_at_mut_checked(len)?;
    *rest = left;
    Some(taken)
}

impl<'w> Workspace<'w> {
    /// Cuts the two arrays into the parts of `layout`. Values behind them stay untouched.
    ///
    /// # Errors
    /// [`WorkspaceError`] where an array is too short: see [`Layout::floats`] and [`Layout::words`].
    pub fn new(layout: Layout, floats: &'w mut [f32], words: &'w mut [u32]) -> Result<Self, WorkspaceError> {
        Self::cut(layout, floats, words).ok_or(WorkspaceError { floats: layout.floats(), words: layout.words() })
    }

    fn cut(layout: Layout, mut floats: &'w mut [f32], words: &'w mut [u32]) -> Option<Self> {
        let logits = take(&mut floats, layout.logits())?;
        let router = take(&mut floats, layout.router())?;
        Self::from_parts(layout, logits, router, words, floats)
    }

    /// The same over four arrays: `logits` of vocab_size, `router` of max_seq * n_pathways, `words` of
    /// [`Layout::words`] and `scratch` of [`Layout::scratch_floats`]. `None` where one is too short.
    pub fn from_parts(
        layout: Layout,
        logits: &'w mut [f32],
        router: &'w mut [f32],
        mut words: &'w mut [u32],
        mut scratch: &'w mut [f32],
    ) -> Option<Self> {
        let d = layout.shape().d_model();
        let prefix = Prefix::new(take(&mut words, TAG_WORDS + layout.max_seq())?)?;
        Some(Self {
            layout,
            logits: logits.get_mut(..layout.logits())?,
            router: router.get_mut(..layout.router())?,
            prefix,
            scratch: Scratch {
                last_shares: take(&mut scratch, layout.last_shares())?,
                residual: take(&mut scratch, layout.residual_rows() * d)?,
                normed: take(&mut scratch, d)?,
                query: take(&mut scratch, layout.shape().d_head())?,
                attended: take(&mut scratch, d)?,
                kept_scores: take(&mut scratch, layout.kept())?,
                kept_rows: take(&mut words, layout.kept())?,
                layers: take(&mut scratch, layout.layers())?,
            },
        })
    }

    /// What it was laid out for.
    pub fn layout(&self) -> Layout {
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
        self.scratch.last_shares.get(start..start.checked_add(pathways)?)
    }

    /// The memory of one layer's attention, to use it by itself. What earlier calls computed is forgotten.
    pub fn attention_memory(&mut self) -> Option<AttentionMemory<'_>> {
        self.prefix.forget();
        let memory = LayerMemory::of(&self.layout, self.scratch.layers, 0)?;
        Some(AttentionMemory {
            keys: memory.keys,
            values: memory.values,
            max_seq: self.layout.max_seq(),
            query: self.scratch.query,
            kept_scores: self.scratch.kept_scores,
            kept_rows: self.scratch.kept_rows,
            attended: self.scratch.attended,
        })
    }

    /// Forgets what earlier calls computed. Never needed for right results; results do not depend on the cache.
    pub fn forget(&mut self) {
        self.prefix.forget();
    }
}

impl<'w> LayerMemory<'w> {
    /// Layer `layer`'s part of `layers`.
    pub(crate) fn of(layout: &Layout, layers: &'w mut [f32], layer: usize) -> Option<Self> {
        let d = layout.shape().d_model();
        let mut rest = layers.get_mut(layout.layer_start(layer)..)?;
        Some(Self {
            keys: take(&mut rest, layout.max_seq() * layout.shape().d_head())?,
            values: take(&mut rest, layout.max_seq() * d)?,
            history: take(&mut rest, layout.history_len() * d)?,
            state: take(&mut rest, d)?,
            gate: take(&mut rest, d)?,
        })
    }
}
