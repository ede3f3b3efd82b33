//! Calls that run a model over tokens.

use atome_engine::{
    argmax, classify, generate, generate_sliding, predict_next, step, Classifier, Plan, Run, Tiled, Workspace,
};

use super::codes::run_code;
use super::engine::Engine;
use super::sampler::{open_sampler, push_sampler};
use crate::call::{ModelRef, Sampling};
use crate::outcome::Outcome;
use crate::untouched::{MARGIN, UNTOUCHED, UNTOUCHED_FLOAT};
use crate::world::World;

/// Tokens to start from, and how many to make of them.
#[derive(Clone, Copy)]
pub struct Prompt<'p> {
    pub tokens: &'p [i32],
    pub max_tokens: i32,
}

/// Runs of one state in one world; each answers `None` where its model is not loaded or the plan has no such call.
pub struct Runs<'r> {
    pub engine: &'r mut Engine,
    pub world: &'r World,
    pub state: usize,
    pub out: &'r mut Outcome,
}

impl Runs<'_> {
    pub fn predict(&mut self, model: ModelRef, tokens: &[i32]) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        let result = predict_next(&model, &mut self.engine.workspace(self.state), tokens.iter().copied());
        self.out.code(run_code(result));
        self.out.fact("get_logits leads to state->logits", true);
        self.engine.push_run(self.state, tokens.len(), result.is_ok(), true, self.out);
        Some(())
    }

    pub fn generate(&mut self, model: ModelRef, prompt: Prompt<'_>) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        self.generate_with(&model, prompt, |logits| argmax(logits.iter().copied()));
        Some(())
    }

    pub fn generate_sampled(&mut self, model: ModelRef, prompt: Prompt<'_>, sampling: &Sampling) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        let mut sampler = open_sampler(sampling, self.out);
        if let Ok(sampler) = &mut sampler {
            self.generate_with(&model, prompt, |logits| sampler.sample(logits));
        }
        push_sampler(sampler, self.out);
        Some(())
    }

    pub fn generate_sliding(&mut self, model: ModelRef, prompt: Prompt<'_>) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        let max_tokens = usize::try_from(prompt.max_tokens).unwrap_or(0);
        let mut output = Vec::new();
        let tokens = prompt.tokens.iter().copied();
        let written = generate_sliding(&model, &mut self.engine.workspace(self.state), tokens, max_tokens, |logits| {
            let token = argmax(logits.iter().copied());
            output.push(token as i32);
            Some(token)
        });
        self.push_generated(prompt, written.unwrap_or(0), output, max_tokens);
        Some(())
    }

    /// A prediction from `prompt`, if there is one, then a step for each of `tokens`.
    pub fn stream(&mut self, model: ModelRef, prompt: &[i32], tokens: &[i32]) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        if self.engine.layout.plan() != Plan::Cached {
            return None;
        }
        let mut workspace = self.engine.workspace(self.state);
        workspace.forget();
        if !prompt.is_empty() {
            predict_next(&model, &mut workspace, prompt.iter().copied()).ok()?;
        }
        for &token in tokens {
            let next = step(&model, &mut workspace, token);
            self.out.integers("answer", vec![i64::from(run_code(next))]);
            self.out.floats("logits of a step", workspace.logits());
        }
        Some(())
    }

    pub fn classify(&mut self, slot: usize, tokens: &[i32], wants_logits: bool) -> Option<()> {
        let loaded = self.world.classifier(slot)?;
        let data = self.world.buffer(loaded.buffer).bytes(0);
        let head = Classifier::new(*self.engine.layout.shape(), data, self.engine.max_classes).ok()?.head;
        let (base, mut tiles) = self.engine.with_room(self.world, ModelRef::Base(slot))?;
        let base = Tiled::new(base, &mut tiles);
        let mut logits = vec![UNTOUCHED_FLOAT; self.engine.max_classes + MARGIN];
        let tokens_in_order = tokens.iter().copied();
        let result = classify(&base, &head, &mut self.engine.workspace(self.state), tokens_in_order, |class, logit| {
            if wants_logits {
                logits[class] = logit;
            }
        });
        self.out.code(run_code(result));
        self.out.floats("class_logits", &logits);
        self.engine.push_run(self.state, tokens.len(), result.is_ok(), false, self.out);
        Some(())
    }

    /// A prediction from a sequence of nothing.
    pub fn predict_from_nothing(&mut self, model: ModelRef) -> Option<()> {
        let (model, mut tiles) = self.engine.with_room(self.world, model)?;
        let model = Tiled::new(model, &mut tiles);
        let result = predict_next(&model, &mut self.engine.workspace(self.state), []);
        self.out.integers("answer", vec![i64::from(run_code(result))]);
        Some(())
    }

    /// A generation that takes the tokens which `choose` finds in the logits.
    fn generate_with<'m>(
        &mut self,
        model: &impl for<'w> Run<'m, Workspace<'w>>,
        prompt: Prompt<'_>,
        mut choose: impl FnMut(&[f32]) -> usize,
    ) {
        let max_tokens = usize::try_from(prompt.max_tokens).unwrap_or(0);
        let room = max_tokens.min(self.engine.layout.max_seq());
        let mut output = Vec::with_capacity(room + MARGIN);
        let written = generate(
            model,
            &mut self.engine.workspace(self.state),
            prompt.tokens.iter().copied(),
            max_tokens,
            |logits| {
                let token = choose(logits);
                output.push(token as i32);
                Some(token)
            },
        );
        self.push_generated(prompt, written.unwrap_or(0), output, room);
    }

    /// What a generation has `written` to `output`, which has room for so many tokens, and what it left in the state.
    fn push_generated(&mut self, prompt: Prompt<'_>, written: usize, mut output: Vec<i32>, room: usize) {
        output.resize(room + MARGIN, UNTOUCHED);
        self.out.code(written as i32);
        self.out.tokens("output", &output);
        let positions = (prompt.tokens.len() + written).saturating_sub(1);
        self.engine.push_run(self.state, positions, written > 0, true, self.out);
    }
}
