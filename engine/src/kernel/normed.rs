//! Rows that are normed where they are used (numeric contract, step 2.1): so the vectors of several positions need no memory.

use super::norm::Moments;
use super::project::project_one;
use super::{fast, layer_norm};
use crate::weights::{Norm, Projection};

/// The inputs of a block at several positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normed<'a> {
    pub norm: &'a Norm<'a>,
    /// The residual stream, `[positions][d_model]`.
    pub rows: &'a [f32],
    /// What each row is normed by, `[positions]`.
    pub moments: &'a [Moments],
}

/// What as many rows are normed by. `rows` is `[positions][width]`.
pub(crate) fn moments(rows: &[f32], width: usize, moments: &mut [Moments]) {
    if !fast::moments(rows, width, moments) {
        for (moments, row) in moments.iter_mut().zip(rows.chunks(width.max(1))) {
            *moments = Moments::of(row);
        }
    }
}

impl Normed<'_> {
    /// Some of the positions.
    pub fn part(&self, positions: core::ops::Range<usize>) -> Self {
        let width = self.norm.gamma.len();
        let rows = self.rows.get(positions.start * width..positions.end * width).unwrap_or_default();
        Self { norm: self.norm, rows, moments: self.moments.get(positions).unwrap_or_default() }
    }

    /// Writes the rows, normed, `[positions][d_model]`.
    pub fn write(&self, out: &mut [f32]) {
        if !fast::norm_rows(self, out) {
            // The same bits, from the same moments.
            layer_norm(self.norm, self.rows, out);
        }
    }

    /// Multiplies each row, normed, by every matrix, as [`super::project`]. `row` has room for one; the more there is in `room`, the
    /// less often it is written.
    pub fn project<const N: usize>(&self, projections: &mut [Projection; N], row: &mut [f32], room: &mut [f32]) {
        for position in fast::project_normed(self, projections, room)..self.moments.len() {
            self.part(position..position + 1).write(row);
            project_one(row, &mut projections.each_mut().map(|projection| projection.at(position)), room);
        }
    }
}
