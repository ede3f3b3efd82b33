//! The memory of a sequence of which only the first positions stay.
//!
//! What layers remember is cut anew: the others' residual stream in front, then keys and values, the history, state and gates
//! of the layer in work, and behind it what each layer's history and state were behind the positions that stay.

use super::layer_memory::cut;
use super::pass::{compute, fill_gates};
use super::workspace::Workspace;
use crate::layout::Layout;
use crate::schedule::partial::Division;
use crate::schedule::{self, RouterReading, Work};
use crate::weights::{Layer, Weights};

/// A workspace in the lean plan's order, and what stays besides.
pub(super) struct Divided<'d> {
    lean: Workspace<'d>,
    layout: &'d Layout,
    /// `[n_layers]` of each layer's history and state.
    states: &'d mut [f32],
    /// Where the last position's residual stream is left, `[d_model]`.
    last: &'d mut [f32],
}

impl<'d> Divided<'d> {
    /// `None` where the memory is too small.
    pub fn new(mut lean: Workspace<'d>, division: &'d Division) -> Option<Self> {
        let layout = &division.layout;
        let layers = core::mem::take(&mut lean.layers);
        let (residual, layers) = layers.split_at_mut_checked(division.others * layout.shape().d_model())?;
        let (layers, states) = layers.split_at_mut_checked(layout.layer())?;
        let last = core::mem::replace(&mut lean.rows.residual, residual);
        lean.layers = layers;
        Some(Self { lean, layout, states, last })
    }

    /// What stays of layer `layer`, and where the layer in work has it.
    fn state(&mut self, layer: usize) -> [&mut [f32]; 2] {
        let d = self.layout.shape().d_model();
        let len = (self.layout.history_len() + 1) * d;
        let in_work = self.layout.layer() - d - len;
        [cut(self.states, layer * len, len), cut(self.lean.layers, in_work, len)]
    }
}

impl schedule::Divided for Divided<'_> {
    /// As a call of its own, for first positions and others.
    #[inline(never)]
    fn pass<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        work: Work,
        observe: &mut impl FnMut(RouterReading),
    ) -> Option<()> {
        compute(weights, &mut self.lean, work, observe)
    }

    fn resume<'m>(&mut self, layer: usize, block: &impl Layer<'m>) {
        let [kept, in_work] = self.state(layer);
        copy(in_work, kept);
        let d = self.layout.shape().d_model();
        fill_gates(cut(self.lean.layers, self.layout.layer() - d, d), block);
    }

    fn keep(&mut self, layer: usize) {
        let [kept, in_work] = self.state(layer);
        copy(kept, in_work);
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
