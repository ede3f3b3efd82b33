//! What a back end computes: the stages of docs/numerics.md that take the time.
//!
//! The methods below are the definition, which is in the files beside this one. A back end replaces those for which it has
//! a faster or a smaller way, with the same bits. None of them refuses: where a way of its own does not suit some work, a
//! back end calls the definition itself.

use super::attention::{self, Keys, TopK, Window};
use super::mix::{self, Mix};
use super::norm::{self, Moments, Normed};
use super::properties::Properties;
use super::{embed, project};
use crate::weights::{Matrix, Norm, Projection};

/// What computes on one kind of target.
pub(crate) trait Backend: Properties {
    /// Row `token` of the embedding matrix, each weight as a number times the scale. `x` is `[cols]`.
    #[inline(always)]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        embed::embed(matrix, token, x);
    }

    /// Layer norm of each row of `x`, `[positions][d_model]`. `out` has room for as many.
    #[inline(always)]
    fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
        norm::layer_norm(norm, x, out);
    }

    /// [`Backend::layer_norm`] of one row.
    #[inline(always)]
    fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
        Self::layer_norm(norm, x, out);
    }

    /// What as many rows are normed by. `rows` is `[positions][width]`.
    #[inline(always)]
    fn moments(rows: &[f32], width: usize, moments: &mut [Moments]) {
        norm::moments(rows, width, moments);
    }

    /// Writes rows, normed, `[positions][d_model]`.
    #[inline(always)]
    fn write_normed(rows: &Normed, out: &mut [f32]) {
        // The moments follow from the rows.
        Self::layer_norm(rows.norm, rows.rows, out);
    }

    /// Multiplies each input vector by every matrix. `inputs` is `[positions][cols]`, and all matrices have as many columns.
    #[inline(always)]
    fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        project::project(inputs, positions, projections);
    }

    /// [`Backend::project`] of one position, with room for whoever has a use for some: where there is any, the stack is
    /// spared.
    #[inline(always)]
    fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
        let _ = room;
        Self::project(x, 1, projections);
    }

    /// [`Backend::project_one`], before [`Backend::project_more`]: whether something is left in the room that this can use.
    #[inline(always)]
    fn project_some(x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
        Self::project_one(x, projections, room);
        false
    }

    /// [`Backend::project_one`] with the input and the room of [`Backend::project_some`] just before, and what that said.
    #[inline(always)]
    fn project_more(x: &[f32], projections: &mut [Projection], room: &mut [f32], is_left: bool) {
        let _ = is_left;
        Self::project_one(x, projections, room);
    }

    /// Multiplies the first of the rows, normed, by every matrix, as far as there is a way for several at a time that needs
    /// no more than `room`; returns how many rows are done.
    #[inline(always)]
    fn project_normed(rows: &Normed, projections: &mut [Projection], room: &mut [f32]) -> usize {
        let _ = (rows, projections, room);
        0
    }

    /// [`Backend::project_normed`] of rows as they are, `[positions][cols]`.
    #[inline(always)]
    fn project_rows(rows: &[f32], positions: usize, projections: &mut [Projection], room: &mut [f32]) -> usize {
        let _ = (rows, positions, projections, room);
        0
    }

    /// Offers the scaled scores of the window's rows to the best ones, oldest first.
    #[inline(always)]
    fn offer_scores(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
        attention::offer_scores(query, keys, window, scale, best);
    }

    /// The values of the kept rows times their weights, best first.
    #[inline(always)]
    fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
        attention::add_values(best, values, out);
    }

    /// Adds the pathways' outputs, weighed by the router, to the residual stream. `None` where an array is too short.
    #[inline(always)]
    fn mix(work: Mix) -> Option<()> {
        mix::mix(work)
    }
}
