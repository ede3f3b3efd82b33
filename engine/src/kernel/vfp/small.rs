//! What is computed with the feature `kernels`.

use super::rows;
use crate::kernel::backend::Backend;
use crate::kernel::properties::Vfp;
use crate::kernel::{definition, portable, Mix};
use crate::weights::{Matrix, Norm, Projection};

impl Backend for Vfp {
    #[inline(always)]
    fn embed(matrix: &Matrix, token: usize, x: &mut [f32]) {
        portable::embed(matrix, token, x);
    }

    #[inline(always)]
    fn layer_norm_row(norm: &Norm, x: &[f32], out: &mut [f32]) {
        portable::layer_norm_row(norm, x, out);
    }

    #[inline(always)]
    fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        // Outputs that are done already are computed again.
        if !rows::project(inputs, positions, projections) {
            definition::project(inputs, positions, projections);
        }
    }

    #[inline(always)]
    fn mix(work: Mix) -> Option<()> {
        portable::mix(work)
    }
}
