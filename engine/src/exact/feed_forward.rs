//! Step 2.8 of docs/numerics.md: the feed-forward sublayers of a layer, for one position or for several.
//!
//! They need no memory of their own: it is that of the pathways, which have done with it.

use super::layer_memory::{cut, take};
use super::workspace::WORK;
use crate::kernel::{self, Moments, Normed, Projection};
use crate::weights::{sublayers, FeedForward, Layer};

/// Floats of the room that are left at least to whoever multiplies several positions: what 16 columns of 16 positions take.
const LEAST_WORK: usize = 256;

/// Where a position's sublayers work.
pub(super) struct One<'v> {
    /// Normed inputs, then outputs, `[d_model]`.
    pub normed: &'v mut [f32],
    /// `[d_model]` at its front.
    pub hidden: &'v mut [f32],
    /// For whoever multiplies; may be empty.
    pub room: &'v mut [f32],
}

impl One<'_> {
    /// All sublayers of a layer, for the position of `residual`, `[d_model]`. Of a model without any, nothing is left of this.
    #[inline(always)]
    pub fn run<'m>(self, block: &impl Layer<'m>, residual: &mut [f32]) {
        let Self { normed, hidden, room } = self;
        for sublayer in sublayers(block) {
            one(&sublayer, residual, normed, hidden, room);
        }
    }
}

/// A sublayer.
#[inline(never)]
fn one(sublayer: &FeedForward, residual: &mut [f32], normed: &mut [f32], hidden: &mut [f32], room: &mut [f32]) {
    let hidden = cut(hidden, 0, residual.len());
    kernel::layer_norm_row(&sublayer.norm, residual, normed);
    kernel::matvec_with_room(&sublayer.up, normed, hidden, room);
    kernel::rectify(hidden);
    kernel::matvec_with_room(&sublayer.down, hidden, normed, room);
    kernel::add(residual, normed);
}

/// Where the sublayers of several positions work.
pub(super) struct Several<'v> {
    /// What each position's row is normed by; room for as many positions as are taken at a time.
    pub moments: &'v mut [Moments],
    /// As in [`One`].
    pub normed: &'v mut [f32],
    pub hidden: &'v mut [f32],
    /// For the others' hidden values and outputs, and for whoever multiplies.
    pub room: &'v mut [f32],
}

impl Several<'_> {
    /// All sublayers of a layer, for the positions of `residual`, `[positions][d_model]`: of as many at a time as have room.
    pub fn run<'m>(self, block: &impl Layer<'m>, residual: &mut [f32]) {
        let Self { moments, normed, hidden, room } = self;
        let d = block.norm().gamma.len().max(1);
        // Two floats a channel are left to whoever multiplies, within limits.
        let most = room.len().saturating_sub((2 * d).clamp(LEAST_WORK, WORK)) / (2 * d);
        let most = most.min(moments.len());
        if most < 2 {
            for row in residual.chunks_exact_mut(d) {
                One { normed: &mut *normed, hidden: &mut *hidden, room: &mut *room }.run(block, row);
            }
            return;
        }
        let count = residual.len() / d;
        // None of them much fewer than the others.
        let size = count.div_ceil(count.div_ceil(most).max(1)).max(1);
        for rows in residual.chunks_mut((size * d).max(1)) {
            for sublayer in sublayers(block) {
                several(&sublayer, rows, moments, normed, room);
            }
        }
    }
}

/// A sublayer of all positions whose `rows` are given, `[positions][d_model]`; `normed` has room for one of them.
#[inline(never)]
fn several(sublayer: &FeedForward, rows: &mut [f32], moments: &mut [Moments], normed: &mut [f32], room: &mut [f32]) {
    let d = sublayer.norm.gamma.len().max(1);
    let count = rows.len() / d;
    let mut room = room;
    let (hidden, outputs) = (take(&mut room, rows.len()), take(&mut room, rows.len()));
    let moments = moments.get_mut(..count).unwrap_or_default();
    kernel::moments(rows, d, moments);
    let inputs = Normed { norm: &sublayer.norm, rows, moments };
    inputs.project(&mut [Projection::new(&sublayer.up, hidden)], normed, room);
    kernel::rectify(hidden);
    kernel::project_rows(hidden, count, &mut [Projection::new(&sublayer.down, outputs)], room);
    kernel::add(rows, outputs);
}
