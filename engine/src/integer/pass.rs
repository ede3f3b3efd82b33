//! One position at a time through the layers, step by step (docs/integer.md#the-pass).

use super::constants::LayerConstants;
use super::feed_forward::{One, Vectors};
use super::kernel::compiled;
use super::norm::norm;
use super::position::{start_sequence, Projected, Rest};
use super::steps::{embed, model_constants, prepare, project_all};
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
    let layers = workspace.layout.shape().n_layers();
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
                // Of the last layer only the last position leaves something of use.
                let is_of_use = layer + 1 < layers || done + index + 1 == positions.count;
                if block.feed_forward(0).is_some() && is_of_use {
                    sublayers(block, workspace, index);
                }
            }
        }
        done += chunk.count;
    }
    Some(())
}

/// The feed-forward sublayers of a layer, for the position whose residual stream is in row `index`.
#[inline(always)] // so that nothing is left of it for models without any
fn sublayers<'m>(block: &impl Layer<'m>, workspace: &mut Workspace, index: usize) {
    let residual_bits = model_constants(workspace).residual_bits;
    let Workspace { layout, logits, keeps_logits, residual, sums, normed, .. } = workspace;
    let d = layout.shape().d_model();
    let residual = cut(residual, index * d, d);
    let room = if *keeps_logits { &mut [] } else { bits_of(logits) };
    compiled(One { block, vectors: Vectors { residual, residual_bits, normed, sums, room } });
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
