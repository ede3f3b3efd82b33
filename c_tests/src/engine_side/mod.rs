//! The Rust engine through a trial, in one memory plan. Its work area starts with garbage and lives from call to call.

mod blocks;
mod codes;
mod engine;
mod runs;
mod sampler;
mod shape;

use atome_engine::sample::Sampler;
use atome_engine::{entropy, Classifier, Model, Plan, Trits};

pub use shape::layout;

use crate::call::{Call, Sampling};
use crate::outcome::Outcome;
use crate::shapes::TestShape;
use crate::world::{scribble, World};
use blocks::building_block;
use codes::load_code;
use engine::Engine;
use runs::{Prompt, Runs};
use sampler::{open_sampler, push_sampler};

/// One plan of the engine.
pub struct EngineSide {
    engine: Engine,
}

impl EngineSide {
    pub fn new(shape: &TestShape, plan: Plan, garbage: u64) -> Self {
        Self { engine: Engine::new(shape, plan, garbage) }
    }

    pub fn name(&self) -> &'static str {
        self.engine.name()
    }

    /// Logits of the last prediction.
    pub fn logits(&mut self, state: usize) -> &[f32] {
        self.engine.logits(state)
    }

    /// Performs a call that `world` has taken note of; absent where the engine has no such call or its model is not loaded.
    pub fn perform(&mut self, call: &Call, world: &World) -> Outcome {
        let mut out = Outcome::default();
        if self.perform_into(call, world, &mut out).is_none() {
            return Outcome::absent();
        }
        out.fact("memory behind the structs is untouched", true);
        out
    }

    fn perform_into(&mut self, call: &Call, world: &World, out: &mut Outcome) -> Option<()> {
        match call {
            Call::Load { .. } | Call::LoadBad { .. } | Call::LoadClassifier { .. } | Call::LoadBadClassifier { .. } => {
                self.load(call, world, out);
                Some(())
            }
            Call::CopyModel { .. } | Call::Rewrite { .. } | Call::Change { .. } => Some(()),
            Call::Init { .. } | Call::Scribble { .. } | Call::Sample { .. } | Call::Entropy { .. } => {
                self.use_state(call, out);
                Some(())
            }
            Call::UnpackTrits { buffer, at, count } => {
                let trits = Trits::starting_at(&world.buffer(*buffer).bytes(0)[*at..], 0).take(*count);
                out.integers("weights", trits.map(|trit| i64::from(trit.value())).collect());
                Some(())
            }
            Call::Matvec { .. }
            | Call::LayerNorm { .. }
            | Call::CausalConv { .. }
            | Call::Ssm { .. }
            | Call::SparseAttn { .. } => building_block(&mut self.engine, call, world, out),
            _ => self.run(call, world, out),
        }
    }

    fn load(&self, call: &Call, world: &World, out: &mut Outcome) {
        let (shape, max_classes) = (*self.engine.layout.shape(), self.engine.max_classes);
        match call {
            Call::Load { buffer, trailing, .. } => {
                out.code(load_code(Model::new(shape, world.buffer(*buffer).bytes(*trailing))));
            }
            Call::LoadBad { data, .. } => out.code(load_code(Model::new(shape, data))),
            Call::LoadClassifier { buffer, trailing, .. } => {
                let loaded = Classifier::new(shape, world.buffer(*buffer).bytes(*trailing), max_classes);
                out.code(load_code(loaded));
                out.integers("n_classes", vec![loaded.map_or(-1, |classifier| classifier.n_classes() as i64)]);
            }
            Call::LoadBadClassifier { data, .. } => out.code(load_code(Classifier::new(shape, data, max_classes))),
            _ => {}
        }
    }

    /// Calls that need a state and no model.
    fn use_state(&mut self, call: &Call, out: &mut Outcome) {
        let shape = *self.engine.layout.shape();
        match call {
            Call::Init { state } => {
                self.engine.workspace(*state).forget();
                self.engine.logits_mut(*state).fill(0.0);
            }
            Call::Scribble { state, seed } => {
                let values = scribble(*seed, shape.vocab_size());
                self.engine.logits_mut(*state).copy_from_slice(&values);
            }
            Call::Sample { state, draws, sampling } => self.sample(*state, *draws, sampling, out),
            Call::Entropy { state } => {
                let workspace = self.engine.workspace(*state);
                let of = |layer| workspace.last_router_weights(layer).map_or(-1.0, entropy);
                let entropy: Vec<f32> = (0..=shape.n_layers()).map(of).collect();
                out.floats("router entropy", &[&[-1.0], &entropy[..]].concat());
            }
            _ => {}
        }
    }

    fn sample(&mut self, state: usize, draws: usize, sampling: &Sampling, out: &mut Outcome) {
        let mut sampler = open_sampler(sampling, out);
        let logits = self.engine.logits(state);
        let draw = |sampler: &mut Sampler| (0..draws).map(|_| sampler.sample(logits) as i32).collect();
        out.tokens("draws", &sampler.as_mut().map_or_else(|_| Vec::new(), draw));
        push_sampler(sampler, out);
    }

    /// Calls that run a model over tokens.
    fn run(&mut self, call: &Call, world: &World, out: &mut Outcome) -> Option<()> {
        let engine = &mut self.engine;
        match call {
            Call::Predict { model, state, tokens } => {
                Runs { engine, world, state: *state, out }.predict(*model, tokens)
            }
            Call::Generate { model, state, prompt: tokens, max_tokens } => {
                let prompt = Prompt { tokens, max_tokens: *max_tokens };
                Runs { engine, world, state: *state, out }.generate(*model, prompt)
            }
            Call::GenerateSampled { model, state, prompt: tokens, max_tokens, sampling } => {
                let prompt = Prompt { tokens, max_tokens: *max_tokens };
                Runs { engine, world, state: *state, out }.generate_sampled(*model, prompt, sampling)
            }
            Call::GenerateSliding { model, state, prompt: tokens, max_tokens } => {
                let prompt = Prompt { tokens, max_tokens: *max_tokens };
                Runs { engine, world, state: *state, out }.generate_sliding(*model, prompt)
            }
            Call::Stream { model, state, prompt, tokens } => {
                Runs { engine, world, state: *state, out }.stream(*model, prompt, tokens)
            }
            Call::Classify { slot, state, tokens, wants_logits } => {
                Runs { engine, world, state: *state, out }.classify(*slot, tokens, *wants_logits)
            }
            // Safe code has no NULL; what is left is a sequence of nothing.
            Call::BadArguments { probe: 3..=5, model, state, .. } => {
                Runs { engine, world, state: *state, out }.predict_from_nothing(*model)
            }
            _ => None,
        }
    }
}
