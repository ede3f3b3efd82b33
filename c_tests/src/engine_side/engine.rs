//! The engine and its memory, which lives from call to call and starts with garbage.

use atome_engine::{Classifier, Layout, Model, Plan, Tiled, Workspace};

use super::shape::layout;
use crate::call::{ModelRef, MODEL_BUFFERS, STATES};
use crate::edited_model::EditedModel;
use crate::outcome::Outcome;
use crate::shapes::TestShape;
use crate::world::World;

/// The engine in one plan: its layout and, for every state, a work area.
pub struct Engine {
    pub layout: Layout,
    pub max_classes: usize,
    floats: [Vec<f32>; STATES],
    words: [Vec<u32>; STATES],
}

impl Engine {
    pub fn new(shape: &TestShape, plan: Plan, garbage: u64) -> Self {
        let layout = layout(shape, plan);
        Self {
            layout,
            max_classes: shape.max_classes,
            floats: [(); STATES].map(|()| vec![f32::from_bits(garbage as u32); layout.floats()]),
            words: [(); STATES].map(|()| vec![garbage as u32; layout.words()]),
        }
    }

    pub fn name(&self) -> &'static str {
        match self.layout.plan() {
            Plan::Lean => "engine, lean plan",
            Plan::Partial => "engine, partial plan",
            Plan::Cached => "engine, cached plan",
        }
    }

    /// The work area of a state.
    pub fn workspace(&mut self, state: usize) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats[state], &mut self.words[state])
            .expect("the arrays have the layout's own sizes")
    }

    /// Logits of the last prediction.
    pub fn logits(&mut self, state: usize) -> &[f32] {
        &self.floats[state][..self.layout.shape().vocab_size()]
    }

    /// What firmware may write over.
    pub fn logits_mut(&mut self, state: usize) -> &mut [f32] {
        &mut self.floats[state][..self.layout.shape().vocab_size()]
    }

    /// The model that a struct holds, with its edits; `None` where it was never loaded.
    pub fn model<'w>(&self, world: &'w World, model: ModelRef) -> Option<EditedModel<'w>> {
        let loaded = world.model(model)?;
        let data = world.buffer(loaded.buffer).bytes(0);
        let model = if loaded.buffer < MODEL_BUFFERS {
            Model::new(*self.layout.shape(), data).ok()?
        } else {
            Classifier::new(*self.layout.shape(), data, self.max_classes).ok()?.base
        };
        Some(EditedModel::new(model, &loaded.edits))
    }

    /// [`Engine::model`] and memory for its tiles; the archive computes without tiles.
    pub fn with_room<'w>(&self, world: &'w World, model: ModelRef) -> Option<(EditedModel<'w>, Vec<u8>)> {
        let model = self.model(world, model)?;
        let room = Tiled::room(&model);
        Some((model, vec![0; room]))
    }

    /// What a run over `count` tokens left behind.
    pub fn push_run(&mut self, state: usize, count: usize, is_ok: bool, has_logits: bool, out: &mut Outcome) {
        if !is_ok {
            return;
        }
        if has_logits {
            out.floats("logits", self.logits(state));
        }
        let rows = count.min(self.layout.max_seq());
        let len = rows * self.layout.shape().n_pathways();
        out.floats("router_w", &self.workspace(state).router_weights()[..len]);
    }
}
