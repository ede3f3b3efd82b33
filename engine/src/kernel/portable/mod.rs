//! The definition in little code and on little stack: what one weight or one row needs, as a call of its own.

mod add;
mod embed;
mod norm;

use super::backend::Backend;
use super::properties::Portable;
use super::scalar::mix::mix;
use super::Mix;
use crate::weights::{Matrix, Norm};

impl Backend for Portable {
    #[inline(always)]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        embed::embed(matrix, token, x);
    }

    #[inline(always)]
    fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
        norm::layer_norm_row(norm.gamma, norm.beta, x, out);
    }

    #[inline(always)]
    fn mix(work: Mix) -> Option<()> {
        mix(work, add::add_weight)
    }
}
