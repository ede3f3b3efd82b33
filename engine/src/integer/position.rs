//! One position in one layer, behind the products of its input with the layer's matrices (docs/integer.md#the-pass).

use super::attend::Query;
use super::constants::{layer as fill_constants, LayerConstants, LAYER_WORDS};
use super::layout::Layout;
use super::logits::share;
use super::mix::Way;
use super::router::route;
use super::steps::{attend_and_mix, keep, window};
use super::workspace::{cut, LayerMemory};
use crate::schedule::{Positions, RouterReading};
use crate::weights::Layer;

/// A sequence is always a fresh start: no history, state 0.
#[inline(always)]
pub(super) fn start_sequence<'m>(block: &impl Layer<'m>, layout: &Layout, memory: &mut LayerMemory) {
    memory.history.fill(0);
    memory.state.fill(0);
    if layout.held_layers() < layout.shape().n_layers() {
        fill_constants(block, memory.gates, memory.output_weights, &mut [0; LAYER_WORDS]);
    }
}

/// What comes behind the products of one position with a layer's matrices.
pub(super) struct Rest<'r, L, F> {
    pub block: &'r L,
    pub constants: LayerConstants<'r>,
    pub layout: &'r Layout,
    /// As in a [`Workspace`].
    pub router: &'r mut [f32],
    pub last_shares: &'r mut [f32],
    pub query: &'r mut [i8],
    pub layer: usize,
    pub position: Positions,
    pub observe: &'r mut F,
}

/// One position's vectors.
pub(super) struct Projected<'p> {
    /// Normalised inputs, `[d_model]`.
    pub normed: &'p [i16],
    /// The sums of the layer's matrices; then room.
    pub sums: &'p mut [i32],
    /// `[d_model]`, and its fraction bits.
    pub residual: &'p mut [i32],
    pub residual_bits: i32,
}

impl<'m, L: Layer<'m>, F: FnMut(RouterReading)> Rest<'_, L, F> {
    #[inline(always)]
    pub(super) fn run(self, memory: &mut LayerMemory, projected: Projected) {
        let Self { block, constants, layout, router, last_shares, query, layer, position, observe } = self;
        let Projected { normed, sums, residual, residual_bits } = projected;
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let query_shift = keep(position.row, sums, memory, query, d);
        let shares = &route(sums.get(sums.len().saturating_sub(pathways)..).unwrap_or_default(), constants.router());
        let handed_out = cut(router, position.row * pathways, pathways);
        let last = cut(last_shares, layer * pathways, pathways);
        for ((slot, last), &number) in handed_out.iter_mut().zip(last).zip(shares) {
            *slot = share(number);
            *last = *slot;
        }
        observe(RouterReading { layer, position: position.row, weights: handed_out });
        let query = Query { values: query, shift: query_shift };
        let rows = window(layout.max_seq(), position);
        let mut way = Way { inputs: normed, shares, sums: cut(sums, 0, d), residual, residual_bits };
        attend_and_mix(block, constants, memory, &query, rows, &mut way);
    }
}
