//! An engine behind a table of C functions: each call of a script, turned into calls of the table.

mod bad_arguments;
mod blocks;
mod engine;
mod extras;
mod runs;

use std::ptr::null_mut;

pub use engine::{CEngine, Structs};

use crate::call::Call;
use crate::outcome::Outcome;
use crate::world::World;

impl CEngine {
    /// Performs a call that every C engine has in common, with arguments in order.
    pub fn perform(&self, structs: &mut impl Structs, call: &Call, world: &World) -> Outcome {
        let mut out = Outcome::default();
        match call {
            Call::Load { slot, buffer, trailing } => {
                out.code(self.load(structs.model_to_load(*slot), world.buffer(*buffer).bytes(*trailing)));
            }
            Call::LoadBad { slot, data } => out.code(self.load(structs.model_to_load(*slot), data)),
            Call::LoadClassifier { slot, buffer, trailing } => {
                let classifier = structs.classifier_to_load(*slot);
                let code = self.classifier_load(classifier, world.buffer(*buffer).bytes(*trailing));
                out.code(code);
                // One that is refused leaves what the struct held before.
                if code == 0 {
                    // SAFETY: member access.
                    out.integers("n_classes", vec![i64::from(unsafe { (self.api.n_classes.unwrap())(classifier) })]);
                }
            }
            Call::LoadBadClassifier { slot, data } => {
                out.code(self.classifier_load(structs.classifier_to_load(*slot), data));
            }
            Call::Predict { model, state, tokens } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                self.predict(model, state, tokens, &mut out);
            }
            Call::Generate { model, state, prompt, max_tokens } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                self.generate(state, prompt, *max_tokens, &mut out, |output| {
                    // SAFETY: structs of this engine; the prompt is as long as said, the output at least max_seq.
                    unsafe {
                        let len = prompt.len() as i32;
                        (self.api.generate.unwrap())(model, state, prompt.as_ptr(), len, output, *max_tokens)
                    }
                });
            }
            Call::Classify { slot, state, tokens, wants_logits } => {
                let (classifier, state) = (structs.classifier(world, *slot), structs.state(*state));
                self.classify(classifier, state, tokens, *wants_logits, &mut out);
            }
            Call::UnpackTrits { buffer, at, count } => {
                let packed = world.buffer(*buffer).bytes(0)[*at..].as_ptr();
                // SAFETY: `count` weights lie inside the blob.
                let unpack = |index| unsafe { (self.api.unpack_trit.unwrap())(packed, index) };
                out.tokens("weights", &(0..*count as i32).map(unpack).collect::<Vec<_>>());
            }
            Call::Matvec { model, .. }
            | Call::LayerNorm { model, .. }
            | Call::CausalConv { model, .. }
            | Call::Ssm { model, .. } => self.building_block(structs.model(world, *model), null_mut(), call, &mut out),
            Call::SparseAttn { model, state, .. } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                self.building_block(model, state, call, &mut out);
            }
            Call::BadArguments { probe, model, classifier, state } => {
                let models = (structs.model(world, *model), structs.classifier(world, *classifier));
                out.integers("answer", vec![self.bad_arguments(*probe, models, structs.state(*state))]);
            }
            _ => {}
        }
        out
    }
}
