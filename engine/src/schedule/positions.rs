//! What one pass through the layers computes, and where its rows lie.

use crate::layout::Layout;

/// Neighbouring positions of a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Positions {
    /// Row of the memory that the first of them takes; the others take the next ones.
    pub row: usize,
    /// Positions before them that the memory holds.
    pub before: usize,
    /// How many.
    pub count: usize,
}

impl Positions {
    /// `count` of them from index `start` on, which there are.
    #[inline]
    pub fn part(&self, start: usize, count: usize) -> Self {
        Self { row: self.row + start, before: self.before + start, count }
    }
}

/// One pass through some layers.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Positions that are computed.
    pub positions: Positions,
    /// The first layer, and the one behind the last. In layer 0, positions are made from their tokens; in others, from what
    /// the layer before left.
    pub layers: [usize; 2],
    /// Whether the gates, which follow from the weights alone, are there from an earlier call.
    pub has_gates: bool,
}

impl Work {
    /// Through all layers.
    #[inline(always)]
    pub fn of(layout: &Layout, positions: Positions, has_gates: bool) -> Self {
        Self { positions, layers: [0, layout.shape().n_layers()], has_gates }
    }
}
