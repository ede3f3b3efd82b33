//! Calls that run a model over tokens.

use std::ffi::c_void;
use std::ptr::null_mut;

use super::engine::CEngine;
use crate::outcome::Outcome;
use crate::untouched::{MARGIN, UNTOUCHED, UNTOUCHED_FLOAT};

impl CEngine {
    /// The next token after `tokens`, with the logits and the router's weights.
    pub fn predict(&self, model: *mut c_void, state: *mut c_void, tokens: &[i32], out: &mut Outcome) {
        // SAFETY: structs of this engine; as many tokens as said.
        let (code, logits) = unsafe {
            let code = (self.api.predict_next.unwrap())(model, state, tokens.as_ptr(), tokens.len() as i32);
            (code, (self.api.get_logits.unwrap())(state))
        };
        out.code(code);
        out.fact("get_logits leads to state->logits", std::ptr::eq(logits, self.logits(state).as_ptr()));
        if code >= 0 {
            out.floats("logits", self.logits(state));
            out.floats("router_w", self.router(state, self.counted(tokens.len())));
        }
    }

    /// `run` generates into memory with room for a whole sequence.
    pub fn generate(
        &self,
        state: *mut c_void,
        prompt: &[i32],
        max_tokens: i32,
        out: &mut Outcome,
        run: impl FnOnce(*mut i32) -> i32,
    ) {
        self.generate_within(self.api.shape.max_seq, state, prompt, max_tokens, out, run);
    }

    /// A generation of at most `max` tokens, however many are asked for.
    pub fn generate_within(
        &self,
        max: i32,
        state: *mut c_void,
        prompt: &[i32],
        max_tokens: i32,
        out: &mut Outcome,
        run: impl FnOnce(*mut i32) -> i32,
    ) {
        let room = max_tokens.clamp(0, max) as usize;
        let mut output = vec![UNTOUCHED; room + MARGIN];
        let count = run(output.as_mut_ptr());
        out.code(count);
        out.tokens("output", &output);
        if count > 0 {
            out.floats("logits", self.logits(state));
            out.floats("router_w", self.router(state, self.counted(prompt.len() + count as usize - 1)));
        }
    }

    /// The class of `tokens`.
    pub fn classify(
        &self,
        classifier: *mut c_void,
        state: *mut c_void,
        tokens: &[i32],
        wants_logits: bool,
        out: &mut Outcome,
    ) {
        let mut logits = vec![UNTOUCHED_FLOAT; self.api.shape.max_classes as usize + MARGIN];
        let class_logits = if wants_logits { logits.as_mut_ptr() } else { null_mut() };
        // SAFETY: structs of this engine, as many tokens as said, room for the most classes that there can be.
        let code = unsafe {
            (self.api.classify.unwrap())(classifier, state, tokens.as_ptr(), tokens.len() as i32, class_logits)
        };
        out.code(code);
        out.floats("class_logits", &logits);
        if code >= 0 {
            out.floats("router_w", self.router(state, self.counted(tokens.len())));
        }
    }
}
