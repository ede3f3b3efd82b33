//! Faster ways for microcontrollers with a single-precision FPU (Cortex-M4F, M7, M33): feature `speed`.
//!
//! The bits are those of the definition. Besides 12 KB of flash this takes less than 500 bytes of stack and no other memory.

mod attention;
mod five_taps;
mod four_rows;
mod mix;
pub(crate) mod powers;
mod products;
mod project;
#[cfg(test)]
mod tests;

use super::attention::{Keys, TopK, Window};
use super::backend::Backend;
use super::definition;
use super::mix::Mix;
use super::project::add_weight;
use super::properties::Vfp;
use super::scalar::mix::mix as scalar;
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
