//! One position at a time through the layers, step by step (docs/integer.md#the-pass).

use super::attend::Query;
use super::constants::{layer as fill_constants, LayerConstants, LAYER_WORDS};
use super::kernel::compiled;
use super::layout::Layout;
use super::logits::share;
use super::mix::Way;
use super::norm::norm;
use super::router::route;
use super::steps::{attend_and_mix, embed, keep, model_constants, prepare, project_all, window};
#[cfg(vectors)]
use super::together;
use super::workspace::{cut, LayerMemory, Workspace};
use crate::bytes::bits_of;
use crate::layout::Plan;
use crate::schedule::{Positions, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// Takes positions through the layers: all through one layer after the other in the lean plan, else one after the other through
/// all layers. `None` where the weights are not of the shape that they say.
pub(super) fn run<'m>(
    weights: &impl Weights<'m>,
    workspace: &mut Workspace,
    work: Work,
    mut observe: impl FnMut(RouterReading),
) -> Option<()> {
    let Work { positions, layers: [first, end], has_gates } = work;
    if !has_gates {
        prepare(weights, workspace)?;
    }
    #[cfg(vectors)]
    if positions.count > 1 && together::most(workspace.layout) > 1 {
        return together::run(weights, workspace, work, observe);
    }
    let chunk = if workspace.layout.plan() == Plan::Cached { 1 } else { positions.count };
    let mut done = 0;
    while done < positions.count {
        let chunk = positions.part(done, chunk);
        if first == 0 {
            embed(weights, workspace, chunk.row, chunk.count);
        }
        for layer in first..end {
            // Not moved: it would lie on the stack twice.
            let block = &weights.layer(layer);
            let block = block.as_ref()?;
            for index in 0..chunk.count {
                let position = chunk.part(index, 1);
                compiled(Step { block, workspace, layer, position, index, observe: &mut observe });
            }
        }
        done += chunk.count;
    }
    Some(())
}

/// One position through one layer: its residual stream is in row `index`.
struct Step<'s, 'w, L, F> {
    block: &'s L,
    workspace: &'s mut Workspace<'w>,
    layer: usize,
    position: Positions,
    index: usize,
    observe: &'s mut F,
}

impl<'m, L: Layer<'m>, F: FnMut(RouterReading)> super::kernel::Work for Step<'_, '_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { block, workspace, layer, position, index, observe } = self;
        let residual_bits = model_constants(workspace).residual_bits;
        let Workspace {
            layout,
            logits,
            keeps_logits,
            router,
            last_shares,
            layer_constants,
            residual,
            sums,
            normed,
            query,
            layers,
            ..
        } = workspace;
        let d = layout.shape().d_model();
        let mut memory = LayerMemory::of(layout, layers, layer);
        if position.before == 0 {
            start_sequence(block, layout, &mut memory);
        }
        let constants = LayerConstants::of_layer(layer_constants, layer);
        let residual = cut(residual, index * d, d);
        norm(&block.norm(), &constants.norm(), residual, residual_bits, normed);
        // A prediction writes logits at its end, and nobody reads them before.
        let room = if *keeps_logits { &mut [] } else { bits_of(logits) };
        project_all(block, normed, sums, room);
        let rest = Rest { block, constants, layout, router, last_shares, query, layer, position, observe };
        rest.run(&mut memory, Projected { normed, sums, residual, residual_bits });
    }
}

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
