//! The definition in little code and on little stack: what one weight or one row needs, as a call of its own.
//!
//! Back ends whose kernels have to be small take the rest from here.

mod add;
mod embed;
mod norm;

pub(super) use embed::embed;
pub(super) use norm::layer_norm_row;

use super::backend::Backend;
use super::properties::Portable;
use super::scalar::mix::mix as scalar;
use super::Mix;
use crate::weights::{Matrix, Norm};

/// The pathways, with each weight of the convolution as a call.
#[inline(always)]
pub(super) fn mix(work: Mix) -> Option<()> {
    scalar(work, add::add_weight)
}

impl Backend for Portable {
    #[inline(always)]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        embed(matrix, token, x);
    }

    #[inline(always)]
    fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
        layer_norm_row(norm, x, out);
    }

    #[inline(always)]
    fn mix(work: Mix) -> Option<()> {
        mix(work)
    }
}
