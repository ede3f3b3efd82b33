//! The stages by vector instructions. What the kernels do not take (odd sizes, values near overflow) is the definition's.

use super::inputs::Inputs;
use super::instructions::{Instructions, Work};
use super::mix::MixWork;
use super::own_way::OwnWay;
use super::{attention, embed, norm, projections};
use crate::kernel::backend::Backend;
use crate::kernel::properties::Properties;
use crate::kernel::{self, Keys, Mix, Moments, Normed, Projection, TopK, Window};
use crate::weights::{Matrix, Norm};

impl<I: Instructions + Properties> Backend for I {
    #[inline]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        embed::embed(matrix, token, x);
    }

    #[inline]
    fn layer_norm(norm: &Norm, x: &[f32], out: &mut [f32]) {
        if I::run(LayerNorm { norm, x, out: &mut *out }).is_none() {
            kernel::norm::layer_norm(norm, x, out);
        }
    }

    #[inline]
    fn moments(rows: &[f32], width: usize, moments: &mut [Moments]) {
        if I::run(RowMoments { rows, width, moments: &mut *moments }).is_none() {
            kernel::norm::moments(rows, width, moments);
        }
    }

    #[inline]
    fn write_normed(rows: &Normed, out: &mut [f32]) {
        let inputs = Inputs::normed(rows);
        if inputs.and_then(|inputs| I::run(WriteInputs { inputs, out: &mut *out })).is_none() {
            // The moments follow from the rows.
            Self::layer_norm(rows.norm, rows.rows, out);
        }
    }

    #[inline]
    fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        if !projections::project::<I>(inputs, positions, projections) {
            kernel::project::project(inputs, positions, projections);
        }
    }

    #[inline]
    fn project_one(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
        if !projections::project_one::<I>(x, projections, room) {
            Self::project(x, 1, projections);
        }
    }

    #[inline]
    fn project_normed(rows: &Normed, projections: &mut [Projection], room: &mut [f32]) -> usize {
        projections::project_normed::<I>(rows, projections, room)
    }

    #[inline]
    fn project_rows(rows: &[f32], positions: usize, projections: &mut [Projection], room: &mut [f32]) -> usize {
        projections::project_rows::<I>(rows, positions, projections, room)
    }

    #[inline]
    fn offer_scores(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
        if I::run(OfferScores { query, keys, window, scale, best: &mut *best }).is_none() {
            kernel::attention::offer_scores(query, keys, window, scale, best);
        }
    }

    #[inline]
    fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
        if I::run(AddValues { best, values, out: &mut *out }).is_none() {
            kernel::attention::add_values(best, values, out);
        }
    }

    #[inline]
    fn mix(mut work: Mix) -> Option<()> {
        if I::run(MixWork(&mut work)).is_none() {
            return kernel::mix::mix(work);
        }
        Some(())
    }
}

pub(super) struct LayerNorm<'a> {
    pub norm: &'a Norm<'a>,
    pub x: &'a [f32],
    pub out: &'a mut [f32],
}

impl Work for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, _: usize) -> bool {
        self.norm.beta.len() == self.norm.gamma.len() && self.x.len() <= self.out.len()
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        // SAFETY: the same contract, which was asked for.
        unsafe { norm::layer_norm::<L>(self.norm, self.x, self.out) }
    }
}

struct RowMoments<'a> {
    rows: &'a [f32],
    width: usize,
    moments: &'a mut [Moments],
}

impl Work for RowMoments<'_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, _: usize) -> bool {
        self.moments.len().checked_mul(self.width).is_some_and(|len| len <= self.rows.len())
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        // SAFETY: the rows are there, which was asked for.
        unsafe { norm::moments(self.rows, self.width, self.moments) }
    }
}

struct WriteInputs<'a> {
    inputs: Inputs<'a>,
    out: &'a mut [f32],
}

impl Work for WriteInputs<'_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, _: usize) -> bool {
        self.inputs.positions() * self.inputs.cols() <= self.out.len()
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        let Self { inputs, out } = self;
        // SAFETY: the same contract; all positions and columns are there, and there was asked for the room.
        unsafe { inputs.write::<L>(0, inputs.positions(), 0..inputs.cols(), out.as_mut_ptr()) }
    }
}

pub(super) struct OfferScores<'a, 'b> {
    pub query: &'a [f32],
    pub keys: &'a Keys<'a>,
    pub window: &'a Window,
    pub scale: f32,
    pub best: &'a mut TopK<'b>,
}

impl Work for OfferScores<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, _: usize) -> bool {
        let Self { query, keys, window, .. } = self;
        let fits = query.len() * keys.rows <= keys.elements.len() && query.len() == keys.d_head;
        fits && window.newest < keys.rows && window.len <= keys.rows
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        // SAFETY: the same contract, which was asked for.
        unsafe { attention::offer_scores::<L>(self.query, self.keys, self.window, self.scale, self.best) }
    }
}

pub(super) struct AddValues<'a, 'b> {
    pub best: &'a TopK<'b>,
    pub values: &'a [f32],
    pub out: &'a mut [f32],
}

impl Work for AddValues<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn suits(&self, lanes: usize) -> bool {
        self.out.len().is_multiple_of(lanes)
    }

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) {
        // SAFETY: the same contract, which was asked for.
        unsafe { attention::add_values::<L>(self.best, self.values, self.out) }
    }
}
