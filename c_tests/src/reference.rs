//! The C reference: every call on a freshly loaded model and a fresh state, so that no earlier call can have a part in it.

use std::ffi::c_void;
use std::sync::Mutex;

use crate::c_engine::{CEngine, Structs};
use crate::call::{Call, Edit, ModelRef};
use crate::compiled_references::{IS_OURS, SCOUTS, TABLES};
use crate::engine_api::engine_api;
use crate::integer_tables;
use crate::left_out;
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::shapes::SHAPES;
use crate::wild_calls::{Class, Classes};
use crate::world::{Loaded, World};

/// A user's engine may keep scratch memory in statics: one thread at a time then.
static ONE_AT_A_TIME: [Mutex<()>; SHAPES.len()] = [const { Mutex::new(()) }; SHAPES.len()];

/// The reference of one shape.
#[derive(Clone, Copy)]
pub struct Reference {
    engine: CEngine,
    index: usize,
}

/// The reference compiled for `SHAPES[index]`.
pub fn of_shape(index: usize) -> Reference {
    Reference { engine: CEngine { api: TABLES[index] }, index }
}

/// An engine of the shape `SHAPES[index]` whose predictions are the integer reference's. Every call is its own.
pub fn of_integers(index: usize) -> Reference {
    Reference { engine: CEngine { api: integer_tables::engine_of_shape(index) }, index }
}

impl Reference {
    pub fn api(&self) -> &'static engine_api {
        self.engine.api
    }

    /// What `atome_load` says of some bytes.
    pub fn load_code(&self, data: &[u8]) -> i32 {
        self.engine.load(Memory::new(self.api().model_size, 0).pointer(), data)
    }

    /// What `atome_classifier_load` says of some bytes.
    pub fn classifier_load_code(&self, data: &[u8]) -> i32 {
        self.engine.classifier_load(Memory::new(self.api().classifier_size, 0).pointer(), data)
    }

    /// Why an engine of the user's is not asked for this call, if so; classes in `asked` are no reason.
    pub fn is_left_out(&self, call: &Call, world: &World, garbage: u64, asked: Classes) -> Option<Class> {
        let &(api, heard) = SCOUTS.get(self.index)?;
        left_out::class_of(call, world, asked, || {
            let _guard = ONE_AT_A_TIME[self.index].lock();
            let engine = CEngine { api };
            engine.perform(&mut FreshStructs::new(engine, garbage), call, world);
            // SAFETY: it reads and clears a variable, which no other thread has to do with while the lock is held.
            unsafe { heard() }
        })
    }

    /// What is known without asking: the description's answers to bad arguments.
    pub fn specified(call: &Call) -> Outcome {
        let Call::BadArguments { probe, .. } = call else { return Outcome::absent() };
        let mut out = Outcome::default();
        out.integers("answer", vec![specified_answer(*probe)]);
        out.fact("memory behind the structs is untouched", true);
        out
    }

    /// Performs a call on fresh structs, the state full of `garbage`.
    pub fn perform(&self, call: &Call, world: &World, garbage: u64) -> Outcome {
        if let Call::Sample { .. }
        | Call::Entropy { .. }
        | Call::GenerateSampled { .. }
        | Call::GenerateSliding { .. }
        | Call::Stream { .. } = call
        {
            return Outcome::absent();
        }
        let _guard = (!IS_OURS).then(|| ONE_AT_A_TIME[self.index].lock());
        let mut structs = FreshStructs::new(self.engine, garbage);
        let mut out = self.engine.perform(&mut structs, call, world);
        if out.code_of().is_some_and(|code| code == UNANSWERED) {
            return Outcome::absent();
        }
        out.fact("memory behind the structs is untouched", structs.are_guards_intact());
        out
    }
}

/// What the integer reference says of a model that was changed into one which a load refuses: results are meaningless then.
const UNANSWERED: i64 = -1000;

/// What the specification has functions answer.
fn specified_answer(probe: u32) -> i64 {
    match probe {
        6..=13 | 25 => 0,
        24 => 1,
        _ => -1,
    }
}

/// Structs made for one call.
struct FreshStructs {
    engine: CEngine,
    garbage: u64,
    model: Memory,
    classifier: Memory,
    state: Option<Memory>,
}

impl FreshStructs {
    fn new(engine: CEngine, garbage: u64) -> Self {
        let (model, classifier) = (Memory::new(engine.api.model_size, 0), Memory::new(engine.api.classifier_size, 0));
        Self { engine, garbage, model, classifier, state: None }
    }

    fn change_all(&self, model: *mut c_void, edits: &[Edit]) {
        edits.iter().for_each(|&edit| self.engine.change(model, edit));
    }

    fn fresh_classifier(&mut self, loaded: Option<&Loaded>, world: &World) -> *mut c_void {
        let classifier = self.classifier.pointer();
        if let Some(loaded) = loaded {
            self.engine.classifier_load(classifier, world.buffer(loaded.buffer).bytes(0));
            self.change_all(self.engine.base(classifier), &loaded.edits);
        }
        classifier
    }

    fn are_guards_intact(&mut self) -> bool {
        let state_is_intact = self.state.as_mut().is_none_or(Memory::is_guard_intact);
        self.model.is_guard_intact() && self.classifier.is_guard_intact() && state_is_intact
    }
}

impl Structs for FreshStructs {
    fn model_to_load(&mut self, _: usize) -> *mut c_void {
        self.model.pointer()
    }

    fn classifier_to_load(&mut self, _: usize) -> *mut c_void {
        self.classifier.pointer()
    }

    fn model(&mut self, world: &World, model: ModelRef) -> *mut c_void {
        let loaded = world.model(model);
        match model {
            ModelRef::Base(_) => {
                let classifier = self.fresh_classifier(loaded, world);
                self.engine.base(classifier)
            }
            ModelRef::Slot(_) => {
                let model = self.model.pointer();
                if let Some(loaded) = loaded {
                    self.engine.load(model, world.buffer(loaded.buffer).bytes(0));
                    self.change_all(model, &loaded.edits);
                }
                model
            }
        }
    }

    fn classifier(&mut self, world: &World, slot: usize) -> *mut c_void {
        self.fresh_classifier(world.classifier(slot), world)
    }

    fn state(&mut self, _: usize) -> *mut c_void {
        let mut memory = Memory::new(self.engine.api.state_size, self.garbage);
        if !IS_OURS {
            // A C99 engine of the user's may count on it.
            self.engine.init(memory.pointer());
        }
        self.state.insert(memory).pointer()
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::call::BAD_ARGUMENTS;
    use crate::packed::Packing;
    use crate::random_model::model_file;
    use crate::random_values::Character;
    use crate::script::Script;
    use crate::tally::Tally;

    #[test]
    fn our_reference_answers_bad_arguments_as_specified() {
        let script = Script::new(&SHAPES[0], 1);
        let mut world = World::new(&SHAPES[0], &script.contents);
        world.apply(&Call::Load { slot: 0, buffer: 0, trailing: 0 });
        for probe in 0..BAD_ARGUMENTS {
            let call = Call::BadArguments { probe, model: ModelRef::Slot(0), classifier: 0, state: 0 };
            if IS_OURS {
                let found = of_shape(0).perform(&call, &world, 0);
                let difference = Reference::specified(&call).compare(&found, &mut Tally::default());
                assert_eq!(difference, None, "probe {probe}");
            }
        }
    }

    #[test]
    fn a_file_is_as_long_as_the_reference_expects() {
        for (index, shape) in SHAPES.iter().enumerate() {
            let mut rng = Rng::with_seed(index as u64);
            let engine = of_shape(index);
            let is_known = |packing: &Packing| IS_OURS || *packing == Packing::TwoBits;
            for packing in Packing::ALL.into_iter().filter(is_known) {
                let file = model_file(shape, packing, None, Character::Tame, &mut rng);
                assert_eq!(engine.load_code(&file), 0, "{}", shape.name);
                assert_eq!(engine.load_code(&file[..file.len() - 1]), -2, "{}", shape.name);
            }
            let classifier = model_file(shape, Packing::TwoBits, Some(1), Character::Tame, &mut rng);
            assert_eq!(engine.classifier_load_code(&classifier), 0, "{}", shape.name);
            assert_eq!(engine.classifier_load_code(&classifier[..classifier.len() - 1]), -2, "{}", shape.name);
        }
    }
}
