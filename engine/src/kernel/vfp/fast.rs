//! What is computed with the feature `speed`.

use super::{attention, mix, project};
use crate::kernel::attention::{Keys, TopK, Window};
use crate::kernel::backend::Backend;
use crate::kernel::definition;
use crate::kernel::mix::Mix;
use crate::kernel::project::add_weight;
use crate::kernel::properties::Vfp;
use crate::kernel::scalar::mix::mix as scalar;
use crate::weights::Projection;

impl Backend for Vfp {
    #[inline(always)]
    fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        // Outputs that are done already are computed again.
        if !project::project(inputs, positions, projections) {
            definition::project(inputs, positions, projections);
        }
    }

    #[inline(always)]
    fn offer_scores(query: &[f32], keys: &Keys, window: &Window, scale: f32, best: &mut TopK) {
        attention::offer_scores(query, keys, window, scale, best);
    }

    #[inline(always)]
    fn add_values(best: &TopK, values: &[f32], out: &mut [f32]) {
        attention::add_values(best, values, out);
    }

    #[inline(always)]
    fn mix(mut work: Mix) -> Option<()> {
        if mix::mix(&mut work) {
            return Some(());
        }
        scalar(work, add_weight)
    }
}
