//! One position at a time through the layers, step by step (docs/numerics.md#the-forward-pass).
//!
//! Positions are taken in chunks, and each chunk goes through all layers. The lean plan takes all positions in one chunk,
//! so that every layer can use the same memory; in the cached plan, where every layer's memory stays for the next call, a
//! chunk is one position.

use super::feed_forward::One;
use super::layer_memory::{cut, LayerMemory};
use super::steps::{embed, mix, norm, project, room_behind, route, start_sequence, window};
use super::workspace::{Place, Workspace};
use crate::layout::Plan;
use crate::schedule::{Positions, RouterReading};
use crate::weights::{Layer, Weights};

/// One call's way through the layers, one position at a time.
pub(super) struct Pass<'p, 'w, W, F> {
    pub weights: &'p W,
    pub workspace: &'p mut Workspace<'w>,
    pub place: Place<'p>,
    /// Whether the gates, which follow from the weights alone, are those of this model.
    pub has_gates: bool,
    pub observe: F,
}

impl<'m, W: Weights<'m>, F: FnMut(RouterReading)> Pass<'_, '_, W, F> {
    /// Takes all positions through the layers, chunk by chunk.
    #[inline(always)]
    pub fn run(&mut self, positions: Positions, layers: [usize; 2]) -> Option<()> {
        let mut done = 0;
        while done < positions.count {
            let count = match self.place.layout.plan() {
                Plan::Lean => positions.count,
                Plan::Partial | Plan::Cached => 1,
            };
            self.chunk(positions.part(done, count), layers, done + count == positions.count)?;
            done += count;
        }
        Some(())
    }

    /// Takes the positions of one chunk, which may be the call's last, through these layers.
    #[inline(always)]
    pub fn chunk(&mut self, chunk: Positions, [first, end]: [usize; 2], is_last: bool) -> Option<()> {
        if first == 0 {
            embed(self.weights, self.workspace, chunk.row, chunk.count);
        }
        for layer in first..end {
            self.layer(layer, chunk, is_last)?;
        }
        Some(())
    }

    /// Step 2 in one layer, for the positions of `chunk`, whose residual stream is at the front of its rows.
    #[inline(always)]
    fn layer(&mut self, layer: usize, chunk: Positions, is_last: bool) -> Option<()> {
        let block = &self.weights.layer(layer)?;
        for index in 0..chunk.count {
            self.position(layer, block, chunk.part(index, 1), index)?;
        }
        if block.feed_forward(0).is_some() {
            self.sublayers(layer, block, chunk, is_last)?;
        }
        Some(())
    }

    /// Steps 2.1 to 2.7 in one layer, for one position, whose residual stream is in row `index`.
    #[inline(never)]
    fn position(&mut self, layer: usize, block: &W::Layer, position: Positions, index: usize) -> Option<()> {
        let Workspace { router, last_shares, normed, search, stream, .. } = &mut *self.workspace;
        let Place { layout, front } = self.place;
        let (d, pathways) = (layout.shape().d_model(), layout.shape().n_pathways());
        let (residual, layers) = stream.split_at_mut_checked(front)?;
        let residual = cut(residual, index * d, d);
        let mut memory = LayerMemory::of(layout, layers, layer);
        if position.before == 0 {
            start_sequence(&mut memory, block, self.has_gates);
        }
        let shares = cut(router, position.row * pathways, pathways);

        norm(block, residual, normed);
        project(block, layout, position, normed, &mut memory, search, shares);
        route(shares, cut(last_shares, layer * pathways, pathways));
        (self.observe)(RouterReading { layer, position: position.row, weights: shares });
        let window = window(layout, position, 0);
        search.attend(layout, &memory, layout.shape().d_head(), block.top_k(), window);
        mix(block, 1, &mut memory, shares, normed, search.outputs, residual)
    }

    /// Step 2.8 for the positions of a chunk, behind all of its other steps: of the last layer only the call's last position leaves
    /// something of use.
    #[inline(never)]
    fn sublayers(&mut self, layer: usize, block: &W::Layer, chunk: Positions, is_last: bool) -> Option<()> {
        let Workspace { normed, search, stream, .. } = &mut *self.workspace;
        let Place { layout, front } = self.place;
        let d = layout.shape().d_model();
        let (residual, layers) = stream.split_at_mut_checked(front)?;
        let newest = chunk.part(chunk.count.checked_sub(1)?, 1);
        let room = room_behind(LayerMemory::of(layout, layers, layer).values, d, newest);
        let is_last_layer = layer + 1 == layout.shape().n_layers();
        let first = if is_last_layer { chunk.count - usize::from(is_last) } else { 0 };
        for index in first..chunk.count {
            let residual = cut(residual, index * d, d);
            One { normed, hidden: search.outputs, room }.run(block, residual);
        }
        Some(())
    }
}
