//! An archive image through a trial: structs that live from call to call, as they do in firmware.

use std::ffi::c_void;

use crate::archive::{Image, PlanChoice};
use crate::c_engine::{CEngine, Structs};
use crate::call::{Call, ModelRef, STATES};
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::world::{scribble, World};

/// The structs of a program around the archive.
pub struct ArchiveSide<'i> {
    image: &'i Image,
    plan: PlanChoice,
    structs: ProgramStructs,
}

struct ProgramStructs {
    engine: CEngine,
    models: [Memory; 2],
    classifiers: [Memory; 2],
    states: [Memory; STATES],
}

impl<'i> ArchiveSide<'i> {
    /// Zeroed model structs, as statics are, and states that held `garbage` before their one `atome_init`.
    pub fn new(image: &'i Image, plan: PlanChoice, garbage: u64) -> Self {
        let engine = image.engine;
        let mut structs = ProgramStructs {
            engine,
            models: [(); 2].map(|()| Memory::new(engine.api.model_size, 0)),
            classifiers: [(); 2].map(|()| Memory::new(engine.api.classifier_size, 0)),
            states: [(); STATES].map(|()| Memory::new(engine.api.state_size, garbage)),
        };
        structs.states.iter_mut().for_each(|state| engine.init(state.pointer()));
        Self { image, plan, structs }
    }

    pub fn name(&self) -> &'static str {
        self.plan.name()
    }

    /// `state->logits`.
    pub fn logits(&mut self, state: usize) -> &[f32] {
        self.structs.engine.logits(self.structs.states[state].pointer())
    }

    /// Performs a call that `world` has taken note of.
    pub fn perform(&mut self, call: &Call, world: &World) -> Outcome {
        let engine = self.image.engine;
        let structs = &mut self.structs;
        let mut out = match call {
            Call::Sample { .. }
            | Call::Entropy { .. }
            | Call::GenerateSampled { .. }
            | Call::GenerateSliding { .. }
            | Call::Stream { .. } => engine.perform_extra(self.image.extras, structs, call, world),
            _ => engine.perform(structs, call, world),
        };
        match call {
            Call::CopyModel { from, to } => {
                let [first, second] = &mut structs.models;
                let (from, to) = if from < to { (first, second) } else { (second, first) };
                to.copy_from(from);
            }
            Call::Rewrite { buffer, .. } => {
                for slot in world.slots_of(*buffer) {
                    engine.load(structs.models[slot].pointer(), world.buffer(*buffer).bytes(0));
                }
            }
            Call::Change { model, edit } => engine.change(structs.model(world, *model), *edit),
            Call::Init { state } => engine.init(structs.state(*state)),
            Call::Scribble { state, seed } => {
                engine.set_logits(structs.state(*state), &scribble(*seed, world.shape.vocab_size));
            }
            _ => {}
        }
        if !out.is_absent {
            out.fact("memory behind the structs is untouched", structs.are_guards_intact());
        }
        out
    }
}

impl ProgramStructs {
    fn are_guards_intact(&mut self) -> bool {
        let all = self.models.iter_mut().chain(&mut self.classifiers).chain(&mut self.states);
        all.fold(true, |intact, memory| intact & memory.is_guard_intact())
    }
}

impl Structs for ProgramStructs {
    fn model_to_load(&mut self, slot: usize) -> *mut c_void {
        self.models[slot].pointer()
    }

    fn classifier_to_load(&mut self, slot: usize) -> *mut c_void {
        self.classifiers[slot].pointer()
    }

    fn model(&mut self, _: &World, model: ModelRef) -> *mut c_void {
        match model {
            ModelRef::Slot(slot) => self.models[slot].pointer(),
            ModelRef::Base(slot) => self.engine.base(self.classifiers[slot].pointer()),
        }
    }

    fn classifier(&mut self, _: &World, slot: usize) -> *mut c_void {
        self.classifiers[slot].pointer()
    }

    fn state(&mut self, state: usize) -> *mut c_void {
        self.states[state].pointer()
    }
}
