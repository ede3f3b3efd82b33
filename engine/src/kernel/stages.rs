//! The stages, as the back end of this target computes them.

use super::attention::{scale_of, Keys, TopK, Window};
use super::backend::Backend;
use super::mix::Mix;
use super::norm::{Moments, Normed};
use super::project::multiply;
use super::properties::{Current, Properties};
use super::softmax::softmax;
use crate::weights::{Matrix, Norm, Projection};

/// Row `token` of the embedding matrix, each weight as a number times the scale. `x` is `[cols]`.
pub fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
    Current::embed(matrix, token, x);
}

/// `out[i] = ((gamma[i] * (x[i] - mean)) * r) + beta[i]`, for each row of `x`. gamma and beta are `[d_model]`, `x` is
/// `[positions][d_model]`, `out` has room for as many.
pub fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
    Current::layer_norm(norm, x, out);
}

/// [`layer_norm`] of one row.
#[inline]
pub(crate) fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
    Current::layer_norm_row(norm, x, out);
}

/// What as many rows are normed by. `rows` is `[positions][width]`.
pub(crate) fn moments(rows: &[f32], width: usize, moments: &mut [Moments]) {
    Current::moments(rows, width, moments);
}

impl Normed<'_> {
    /// Writes the rows, normed, `[positions][d_model]`.
    pub fn write(&self, out: &mut [f32]) {
        Current::write_normed(self, out);
    }

    /// Multiplies each row, normed, by every matrix, as [`project`]. `row` has room for one; the more there is in `room`, the
    /// less often it is written.
    pub fn project<const N: usize>(&self, projections: &mut [Projection; N], row: &mut [f32], room: &mut [f32]) {
        for position in Current::project_normed(self, projections, room)..self.moments.len() {
            self.part(position..position + 1).write(row);
            project_one(row, &mut projections.each_mut().map(|projection| projection.at(position)), room);
        }
    }
}

/// `y[row] = scale * (matrix x)[row]`. `x` is `[cols]`, `y` is `[rows]`.
pub fn matvec(matrix: &Matrix, x: &[f32], y: &mut [f32]) {
    matvec_with_room(matrix, x, y, &mut []);
}

/// [`matvec`] with room as [`project_one`] has a use for.
#[inline(always)]
pub(crate) fn matvec_with_room(matrix: &Matrix, x: &[f32], y: &mut [f32], room: &mut [f32]) {
    if Current::MATRICES_TOGETHER {
        project_one(x, &mut [Projection::new(matrix, y)], room);
    } else {
        multiply(matrix, x, y, 1);
    }
}

/// Multiplies each input vector by every matrix. `inputs` is `[positions][cols]`, and all matrices have as many columns.
///
/// An output that has no place in its array is left out.
pub fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    Current::project(inputs, positions, projections);
}

/// [`project`] of one position, with room for whoever has a use for some: where there is any, the stack is spared.
#[inline(always)]
pub(crate) fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
    Current::project_one(x, projections, room);
}

/// [`project`] with room as [`Normed::project`] has a use for.
pub(crate) fn project_rows<const N: usize>(
    inputs: &[f32],
    positions: usize,
    projections: &mut [Projection; N],
    room: &mut [f32],
) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    for position in Current::project_rows(inputs, positions, projections, room)..positions {
        let Some(row) = inputs.get(position * cols..(position + 1) * cols) else { return };
        project_one(row, &mut projections.each_mut().map(|projection| projection.at(position)), room);
    }
}

/// [`project_one`], before [`project_more`]: whether something is left in the room that this can use.
#[inline(always)]
pub(crate) fn project_some(x: &[f32], projections: &mut [Projection], room: &mut [f32]) -> bool {
    Current::project_some(x, projections, room)
}

/// [`project_one`] with the input and the room of [`project_some`] just before, and what that said.
#[inline(always)]
pub(crate) fn project_more(x: &[f32], projections: &mut [Projection], room: &mut [f32], is_left: bool) {
    Current::project_more(x, projections, room, is_left);
}

/// Attention of `query` over the rows of `window`: `out[c]` becomes the sum over the kept ones of weight * value.
///
/// `query` is `[d_head]`, `values` is `[rows][d_model]`, `best` has min(top_k, window.len) empty slots, `out` is
/// `[d_model]`.
#[inline(always)]
pub fn attend(query: &[f32], keys: &Keys, values: &[f32], window: &Window, mut best: TopK, out: &mut [f32]) {
    search(query, keys, window, &mut best);
    softmax(best.scores);
    gather(&best, values, out);
}

/// The first part of [`attend`]: the scaled scores, of which the best are kept.
#[inline(always)] // into the forward pass, although the self-test calls it too
pub(crate) fn search(query: &[f32], keys: &Keys, window: &Window, best: &mut TopK) {
    Current::offer_scores(query, keys, window, scale_of(query), best);
}

/// The last part of [`attend`]: the values of the kept rows by their weights.
#[inline(always)] // as `search`
pub(crate) fn gather(best: &TopK, values: &[f32], out: &mut [f32]) {
    Current::add_values(best, values, out);
}

/// Adds the pathways' outputs, weighed by the router, to the residual stream. `None` where an array is too short.
#[inline(always)] // as `search`
pub fn mix(work: Mix) -> Option<()> {
    Current::mix(work)
}
