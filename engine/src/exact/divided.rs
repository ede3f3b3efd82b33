//! The memory of a sequence of which only the first positions stay.
//!
//! What layers remember is cut anew:
//!
//! ```text
//! residual stream of the others | one layer's memory, as in the lean plan | what stays of layer 0 | of layer 1 | ...
//! ```
//!
//! What stays are the first positions' keys and values, and history and state behind them. The last layer's keys and values
//! stay where the lean plan has them: those of another layer change places with them while that layer is computed.

use core::mem::swap;

use super::compute::compute_apart;
use super::layer_memory::{cut, take, LayerMemory};
use super::steps::fill_gates;
use super::workspace::Workspace;
use crate::kernel::Keys;
use crate::layout::Layout;
use crate::schedule::{self, Division, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// A workspace in the lean plan's order, and what stays besides.
pub(super) struct Divided<'d> {
    lean: Workspace<'d>,
    layout: &'d Layout,
    /// How many positions stay.
    first: usize,
    /// `[n_layers]` of history and state, `[history_len + 1][d_model]`; then, but for the last layer, of `[first][d_head]` keys
    /// and `[first][d_model]` values.
    stays: &'d mut [f32],
    /// Where the last position's residual stream is left, `[d_model]`.
    last: &'d mut [f32],
}

impl<'d> Divided<'d> {
    /// `None` where the memory is too small.
    pub fn new(mut lean: Workspace<'d>, division: &'d Division) -> Option<Self> {
        let layout = &division.lean;
        let layers = core::mem::take(&mut lean.layers);
        let (residual, layers) = layers.split_at_mut_checked(division.others * layout.shape().d_model())?;
        let (layers, stays) = layers.split_at_mut_checked(layout.layer())?;
        let last = core::mem::replace(&mut lean.rows.residual, residual);
        lean.layers = layers;
        Some(Self { lean, layout, first: division.first, stays, last })
    }

    /// Exchanges the keys and values of the first `count` positions of layer `layer` with what lies where the lean plan has
    /// them. The last layer's are there.
    fn exchange(&mut self, layer: usize, count: usize) {
        let (shape, max_seq) = (self.layout.shape(), self.layout.max_seq());
        let (d, h) = (shape.d_model(), shape.d_head());
        if layer + 1 == shape.n_layers() {
            return;
        }
        let start = shape.n_layers() * self.recurrent() + layer * self.first * (d + h);
        let mut stays = cut(self.stays, start, self.first * (d + h));
        let keys = take(&mut stays, self.first * h);
        let memory = LayerMemory::of(self.layout, self.lean.layers, 0);
        for row in 0..count {
            let (start, step) = Keys::place(max_seq, h, row);
            let placed = memory.keys.get_mut(start..).unwrap_or_default().iter_mut().step_by(step.max(1));
            cut(keys, row * h, h).iter_mut().zip(placed).for_each(|(stays, placed)| swap(stays, placed));
        }
        let placed = cut(memory.values, 0, count * d);
        stays.iter_mut().zip(placed).for_each(|(stays, placed)| swap(stays, placed));
    }

    /// Floats of a layer's history and state.
    fn recurrent(&self) -> usize {
        (self.layout.history_len() + 1) * self.layout.shape().d_model()
    }

    /// History and state of layer `layer`: what stays, and where the lean plan has them.
    fn histories(&mut self, layer: usize) -> [&mut [f32]; 2] {
        let len = self.recurrent();
        let in_work = self.layout.layer() - self.layout.shape().d_model() - len;
        [cut(self.stays, layer * len, len), cut(self.lean.layers, in_work, len)]
    }
}

impl schedule::Divided for Divided<'_> {
    #[inline(always)]
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()> {
        compute_apart(weights, &mut self.lean, work, observe)
    }

    fn fetch<'m>(&mut self, layer: usize, block: &impl Layer<'m>, before: usize) {
        self.exchange(layer, before.min(self.first));
        let [stays, in_work] = self.histories(layer);
        copy(in_work, stays);
        fill_gates(LayerMemory::of(self.layout, self.lean.layers, 0).gate, block);
    }

    fn put_back(&mut self, layer: usize, end: usize) {
        self.exchange(layer, end.min(self.first));
    }

    fn keep(&mut self, layer: usize) {
        let [stays, in_work] = self.histories(layer);
        copy(stays, in_work);
    }

    fn leave(&mut self, index: usize) {
        let d = self.layout.shape().d_model();
        copy(self.last, cut(self.lean.rows.residual, index * d, d));
    }
}

/// Copies as much as both have.
fn copy(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
