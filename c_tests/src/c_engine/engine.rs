//! A table of C functions, and what structs a side must give to them.

use std::ffi::c_void;

use crate::call::{Edit, ModelRef};
use crate::engine_api::engine_api;
use crate::world::World;

/// A table of functions and what is known to hold for all of them.
#[derive(Clone, Copy)]
pub struct CEngine {
    pub api: &'static engine_api,
}

/// The structs of a side. Pointers lead to memory of the sizes in the table and stay valid while the side lives.
pub trait Structs {
    /// The struct that a load shall fill.
    fn model_to_load(&mut self, slot: usize) -> *mut c_void;
    fn classifier_to_load(&mut self, slot: usize) -> *mut c_void;
    /// A struct with everything in it that the world says.
    fn model(&mut self, world: &World, model: ModelRef) -> *mut c_void;
    fn classifier(&mut self, world: &World, slot: usize) -> *mut c_void;
    fn state(&mut self, state: usize) -> *mut c_void;
}

impl CEngine {
    /// Tokens of the table's shape.
    pub fn vocab_size(&self) -> usize {
        self.api.shape.vocab_size as usize
    }

    /// Width of the residual stream.
    pub fn d_model(&self) -> usize {
        self.api.shape.d_model as usize
    }

    pub fn load(&self, model: *mut c_void, data: &[u8]) -> i32 {
        // SAFETY: `Structs` gives memory of the table's size; the data is as long as said.
        unsafe { (self.api.load.unwrap())(model, data.as_ptr(), data.len()) }
    }

    pub fn classifier_load(&self, classifier: *mut c_void, data: &[u8]) -> i32 {
        // SAFETY: as `load`.
        unsafe { (self.api.classifier_load.unwrap())(classifier, data.as_ptr(), data.len()) }
    }

    pub fn init(&self, state: *mut c_void) {
        // SAFETY: NULL or a state of the table's size.
        unsafe { (self.api.init.unwrap())(state) }
    }

    /// The model below a classifier.
    pub fn base(&self, classifier: *mut c_void) -> *mut c_void {
        // SAFETY: member access.
        unsafe { (self.api.classifier_base.unwrap())(classifier) }
    }

    pub fn change(&self, model: *mut c_void, edit: Edit) {
        // SAFETY: a model struct, a layer and a matrix that it has.
        unsafe {
            match edit {
                Edit::TopK { layer, top_k } => (self.api.set_top_k.unwrap())(model, layer as i32, top_k as i32),
                Edit::Scale { matrix, scale } => (self.api.set_scale.unwrap())(model, matrix as i32, scale),
            }
        }
    }

    /// `state->logits`.
    pub fn logits(&self, state: *mut c_void) -> &[f32] {
        // SAFETY: member access; an array of that length, read before the next call of the engine.
        unsafe { std::slice::from_raw_parts((self.api.logits.unwrap())(state), self.vocab_size()) }
    }

    /// Writes `state->logits`, as firmware may.
    pub fn set_logits(&self, state: *mut c_void, values: &[f32]) {
        let count = values.len().min(self.vocab_size());
        // SAFETY: member access; no more values than the array has.
        unsafe { (self.api.logits.unwrap())(state).copy_from_nonoverlapping(values.as_ptr(), count) };
    }

    /// The first `rows` rows of `state->router_w`.
    pub fn router(&self, state: *mut c_void, rows: usize) -> &[f32] {
        let len = rows * self.api.shape.n_pathways as usize;
        // SAFETY: member access; `rows` is at most max_seq.
        unsafe { std::slice::from_raw_parts((self.api.router_w.unwrap())(state), len) }
    }

    /// Positions of a sequence that count.
    pub fn counted(&self, tokens: usize) -> usize {
        tokens.min(self.api.shape.max_seq as usize)
    }
}
