//! The memory of a sequence of which only the first positions stay.
//!
//! The residual stream and what layers remember are cut anew:
//!
//! ```text
//! residual stream of the others | some rows that are not used | one layer's memory, as in the lean plan | what stays of layer 0 | of layer 1 | ...
//! ```
//!
//! What stays are the first positions' keys and values, and history and state behind them. The last layer's keys and values
//! stay where the lean plan has them: those of another layer change places with them while that layer is computed.

use core::mem::swap;

use super::compute::compute;
use super::layer_memory::{cut, take, LayerMemory};
use super::pass::Pass;
use super::steps::fill_gates;
use super::workspace::{front, Place, Workspace};
use crate::kernel::{Current, Keys, Properties};
use crate::layout::{Layout, Plan};
use crate::schedule::{self, Division, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// A workspace of which a part is used in the lean plan's order, which cuts one layer's memory as the partial plan's own layout
/// does, and what stays besides: of every layer
/// `[history_len + 1][d_model]` of history and state; then, of every layer but the last, `[first][d_head]` keys and
/// `[first][d_model]` values.
pub(super) struct Divided<'d, 'w> {
    workspace: &'d mut Workspace<'w>,
    division: Division,
}

impl<'d, 'w> Divided<'d, 'w> {
    /// `None` where the memory is too small.
    pub fn new(workspace: &'d mut Workspace<'w>, division: Division) -> Option<Self> {
        let all = Self { workspace, division };
        (all.front() + all.workspace.layout.layer() <= all.workspace.stream.len()).then_some(all)
    }

    /// Floats in front of the layer's memory.
    fn front(&self) -> usize {
        let layout = self.workspace.layout;
        front(layout) + self.division.others * layout.shape().d_model()
    }

    /// One layer's memory as the lean plan has it, and what stays.
    fn parts(&mut self) -> (&mut [f32], &mut [f32]) {
        let front = self.front();
        let layers = self.workspace.stream.get_mut(front..).unwrap_or_default();
        layers.split_at_mut_checked(self.workspace.layout.layer()).unwrap_or_default()
    }

    /// Exchanges the keys and values of the first `count` positions of layer `layer` with what lies where the lean plan has
    /// them. The last layer's are there.
    fn exchange(&mut self, layer: usize, count: usize) {
        let (layout, first) = (self.workspace.layout, self.division.first);
        let (shape, max_seq) = (layout.shape(), layout.max_seq());
        let (d, h) = (shape.d_model(), shape.d_head());
        if layer + 1 == shape.n_layers() {
            return;
        }
        let start = shape.n_layers() * recurrent(layout) + layer * first * (d + h);
        let (in_work, stays) = self.parts();
        let mut stays = cut(stays, start, first * (d + h));
        let keys = take(&mut stays, first * h);
        let memory = LayerMemory::of(layout, in_work, 0);
        for row in 0..count {
            let (start, step) = Keys::place(max_seq, h, row);
            let placed = memory.keys.get_mut(start..).unwrap_or_default().iter_mut().step_by(step.max(1));
            cut(keys, row * h, h).iter_mut().zip(placed).for_each(|(stays, placed)| swap(stays, placed));
        }
        let placed = cut(memory.values, 0, count * d);
        stays.iter_mut().zip(placed).for_each(|(stays, placed)| swap(stays, placed));
    }

    /// History and state of layer `layer`: what stays, and where the lean plan has them.
    fn histories(&mut self, layer: usize) -> [&mut [f32]; 2] {
        let layout = self.workspace.layout;
        let len = recurrent(layout);
        let start = layout.layer() - layout.shape().d_model() - len;
        let (in_work, stays) = self.parts();
        [cut(stays, layer * len, len), cut(in_work, start, len)]
    }
}

/// Floats of a layer's history and state.
fn recurrent(layout: &Layout) -> usize {
    (layout.history_len() + 1) * layout.shape().d_model()
}

impl schedule::Divided for Divided<'_, '_> {
    #[inline(always)]
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()> {
        let (layout, front) = (self.workspace.layout, self.front());
        if Current::POSITIONS_TOGETHER > 1 {
            let lean = layout.inner(Plan::Lean, layout.max_seq());
            return compute(weights, self.workspace, Place { layout: &lean, front }, work, observe);
        }
        // The lean plan has no more than one chunk.
        let Work { positions, layers, has_gates } = work;
        let place = Place { layout, front };
        Pass { weights, workspace: self.workspace, place, has_gates, observe }.chunk(positions, layers, true)
    }

    #[cfg_attr(small, inline(never))]
    fn fetch<'m>(&mut self, layer: usize, block: &impl Layer<'m>, before: usize) {
        self.exchange(layer, before.min(self.division.first));
        let [stays, in_work] = self.histories(layer);
        copy(in_work, stays);
        let layout = self.workspace.layout;
        fill_gates(LayerMemory::of(layout, self.parts().0, 0).gate, block);
    }

    fn put_back(&mut self, layer: usize, end: usize) {
        self.exchange(layer, end.min(self.division.first));
    }

    #[cfg_attr(small, inline(never))]
    fn keep(&mut self, layer: usize) {
        let [stays, in_work] = self.histories(layer);
        copy(stays, in_work);
    }

    fn leave(&mut self, index: usize) {
        let d = self.workspace.layout.shape().d_model();
        let mut later = &mut *self.workspace.stream;
        let first = take(&mut later, d);
        if let Some(before) = index.checked_sub(1) {
            copy(first, cut(later, before * d, d));
        }
    }
}

/// Copies as much as both have.
fn copy(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
