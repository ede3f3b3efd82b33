//! Calls that only the archive has.

use std::ffi::c_void;

use super::engine::{CEngine, Structs};
use crate::call::{Call, Sampling};
use crate::engine_api::engine_extras;
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::world::World;

/// ATOME_PLAN_CACHED and ATOME_ERR_PLAN of atome.h.
const PLAN_CACHED: i32 = 2;
const ERR_PLAN: i32 = -4;

impl CEngine {
    /// The calls that only the archive has.
    pub fn perform_extra(
        &self,
        extras: &engine_extras,
        structs: &mut impl Structs,
        call: &Call,
        world: &World,
    ) -> Outcome {
        let mut out = Outcome::default();
        match call {
            Call::Entropy { state } => {
                let state = structs.state(*state);
                let n_layers = self.api.shape.n_layers;
                // SAFETY: a state of this engine; layers out of range are answered.
                let entropy = |layer| unsafe { (extras.router_entropy.unwrap())(state, layer) };
                out.floats("router entropy", &(-1..=n_layers).map(entropy).collect::<Vec<_>>());
            }
            Call::GenerateSliding { model, state, prompt, max_tokens } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                self.generate_within(i32::MAX, state, prompt, *max_tokens, &mut out, |output| {
                    let (start, len) = (prompt.as_ptr(), prompt.len() as i32);
                    // SAFETY: as for `generate`.
                    unsafe { (extras.generate_sliding.unwrap())(model, state, start, len, output, *max_tokens) }
                });
            }
            Call::Stream { model, state, prompt, tokens } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                if !self.stream(extras, (model, state), prompt, tokens, &mut out) {
                    return Outcome::absent();
                }
            }
            Call::Sample { state, draws, sampling } => {
                let state = structs.state(*state);
                let (code, mut sampler) = sampler(extras, sampling);
                out.code(code);
                // SAFETY: a state and a sampler of this engine.
                let mut draw = || unsafe { (extras.sample.unwrap())(state, sampler.pointer()) };
                let drawn: Vec<_> = (0..*draws).filter(|_| code == 0).map(|_| draw()).collect();
                out.tokens("draws", &drawn);
                self.sampler_state(extras, code, &mut sampler, &mut out);
            }
            Call::GenerateSampled { model, state, prompt, max_tokens, sampling } => {
                let (model, state) = (structs.model(world, *model), structs.state(*state));
                let (code, mut sampler) = sampler(extras, sampling);
                out.code(code);
                if code == 0 {
                    self.generate(state, prompt, *max_tokens, &mut out, |output| {
                        let (start, len) = (prompt.as_ptr(), prompt.len() as i32);
                        let generate = extras.generate_sampled.unwrap();
                        // SAFETY: as for `generate`, and a sampler of this engine.
                        unsafe { generate(model, state, sampler.pointer(), start, len, output, *max_tokens) }
                    });
                }
                self.sampler_state(extras, code, &mut sampler, &mut out);
            }
            _ => {}
        }
        out
    }

    /// A prediction from `prompt`, if there is one, then a step for each of `tokens`; false in a program of another plan than the cached one, which refuses.
    fn stream(
        &self,
        extras: &engine_extras,
        (model, state): (*mut c_void, *mut c_void),
        prompt: &[i32],
        tokens: &[i32],
        out: &mut Outcome,
    ) -> bool {
        // SAFETY: a model and a state of this engine.
        let step = |token| unsafe { (extras.step.unwrap())(model, state, token) };
        if self.api.shape.plan != PLAN_CACHED {
            assert_eq!(step(0), ERR_PLAN, "another plan's answer to a step");
            return false;
        }
        // SAFETY: a state of this engine.
        unsafe { (extras.restart.unwrap())(state) };
        if !prompt.is_empty() {
            // SAFETY: as above, and as many tokens as said.
            unsafe { (self.api.predict_next.unwrap())(model, state, prompt.as_ptr(), prompt.len() as i32) };
        }
        for &token in tokens {
            out.integers("answer", vec![i64::from(step(token))]);
            out.floats("logits of a step", self.logits(state));
        }
        true
    }

    fn sampler_state(&self, extras: &engine_extras, code: i32, sampler: &mut Memory, out: &mut Outcome) {
        if code == 0 {
            // SAFETY: member access.
            let state = unsafe { (extras.sampler_state.unwrap())(sampler.pointer::<c_void>()) };
            out.integers("sampler state", vec![state as i64]);
        }
        out.fact("sampler's guard is intact", sampler.is_guard_intact());
    }
}

fn sampler(extras: &engine_extras, sampling: &Sampling) -> (i32, Memory) {
    let mut memory = Memory::new(extras.sampler_size, u64::MAX);
    let Sampling { temperature, top_k, top_p, seed } = *sampling;
    // SAFETY: memory of the struct's size.
    let code = unsafe { (extras.sampler_init.unwrap())(memory.pointer(), temperature, top_k, top_p, seed) };
    (code, memory)
}
