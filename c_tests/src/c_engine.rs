//! An engine behind a table of C functions: each call of a script, turned into calls of the table.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use crate::call::{Call, Edit, ModelRef, Sampling};
use crate::engine_api::{engine_api, engine_extras};
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::world::World;

/// What generated tokens are told from untouched memory by.
const UNTOUCHED: i32 = -777;
/// The same for floats.
const UNTOUCHED_FLOAT: f32 = -777.0;
/// Elements behind an output that must stay untouched.
const MARGIN: usize = 3;
/// ATOME_PLAN_LEAN and ATOME_ERR_PLAN of atome.h.
const PLAN_LEAN: i32 = 1;
const ERR_PLAN: i32 = -4;

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
    fn vocab_size(&self) -> usize {
        self.api.shape.vocab_size as usize
    }

    fn d_model(&self) -> usize {
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
    fn router(&self, state: *mut c_void, rows: usize) -> &[f32] {
        let len = rows * self.api.shape.n_pathways as usize;
        // SAFETY: member access; `rows` is at most max_seq.
        unsafe { std::slice::from_raw_parts((self.api.router_w.unwrap())(state), len) }
    }

    /// Positions of a sequence that count.
    fn counted(&self, tokens: usize) -> usize {
        tokens.min(self.api.shape.max_seq as usize)
    }

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
                out.code(self.classifier_load(classifier, world.buffer(*buffer).bytes(*trailing)));
                // SAFETY: member access.
                out.integers("n_classes", vec![i64::from(unsafe { (self.api.n_classes.unwrap())(classifier) })]);
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

    fn predict(&self, model: *mut c_void, state: *mut c_void, tokens: &[i32], out: &mut Outcome) {
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
    fn generate(
        &self,
        state: *mut c_void,
        prompt: &[i32],
        max_tokens: i32,
        out: &mut Outcome,
        run: impl FnOnce(*mut i32) -> i32,
    ) {
        self.generate_within(self.api.shape.max_seq, state, prompt, max_tokens, out, run);
    }

    /// A generation of at most `most` tokens, however many are asked for.
    fn generate_within(
        &self,
        most: i32,
        state: *mut c_void,
        prompt: &[i32],
        max_tokens: i32,
        out: &mut Outcome,
        run: impl FnOnce(*mut i32) -> i32,
    ) {
        let room = max_tokens.clamp(0, most) as usize;
        let mut output = vec![UNTOUCHED; room + MARGIN];
        let count = run(output.as_mut_ptr());
        out.code(count);
        out.tokens("output", &output);
        if count > 0 {
            out.floats("logits", self.logits(state));
            out.floats("router_w", self.router(state, self.counted(prompt.len() + count as usize - 1)));
        }
    }

    fn classify(
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

    fn building_block(&self, model: *mut c_void, state: *mut c_void, call: &Call, out: &mut Outcome) {
        let d = self.d_model();
        let api = self.api;
        // SAFETY (all four below): a loaded model of this engine, matrices and layers that it has, rows of d_model floats,
        // outputs with room for as many.
        match call {
            Call::Matvec { matrix, x, .. } => {
                let rows = self.rows_of(*matrix);
                let mut y = vec![UNTOUCHED_FLOAT; rows + MARGIN];
                // SAFETY: see above.
                unsafe { (api.matvec.unwrap())(model, *matrix as i32, x.as_ptr(), y.as_mut_ptr()) };
                out.floats("matvec", &y);
            }
            Call::LayerNorm { norm, x, .. } => {
                let mut x = x.clone();
                x.extend([UNTOUCHED_FLOAT; MARGIN]);
                // SAFETY: see above.
                unsafe { (api.layer_norm.unwrap())(model, *norm as i32, x.as_mut_ptr()) };
                out.floats("layer_norm", &x);
            }
            Call::CausalConv { layer, x, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let n = (x.len() / d) as i32;
                // SAFETY: see above.
                unsafe { (api.causal_conv.unwrap())(model, *layer as i32, x.as_ptr(), n, y.as_mut_ptr()) };
                out.floats("causal_conv", &y);
            }
            Call::Ssm { layer, x, h, split, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let mut h = h.clone();
                h.extend([UNTOUCHED_FLOAT; MARGIN]);
                let (first, second) = (*split as i32, (x.len() / d - split) as i32);
                let (x, y_at, h_at, from) = (x.as_ptr(), y.as_mut_ptr(), h.as_mut_ptr(), split * d);
                // SAFETY: see above; the second call starts behind the rows of the first.
                unsafe {
                    let ssm = api.ssm_forward.unwrap();
                    ssm(model, *layer as i32, x, first, h_at, y_at);
                    ssm(model, *layer as i32, x.add(from), second, h_at, y_at.add(from));
                }
                out.floats("ssm_forward", &y);
                out.floats("h", &h);
            }
            Call::SparseAttn { layer, x, .. } => {
                let mut y = vec![UNTOUCHED_FLOAT; x.len() + MARGIN];
                let n = (x.len() / d) as i32;
                // SAFETY: see above; a state of this engine, and no more rows than it has room for.
                unsafe { (api.sparse_attn.unwrap())(model, *layer as i32, x.as_ptr(), n, state, y.as_mut_ptr()) };
                out.floats("sparse_attn", &y);
            }
            _ => {}
        }
    }

    /// Rows of a matrix by its number in `engine_api.h`.
    fn rows_of(&self, matrix: usize) -> usize {
        let shape = &self.api.shape;
        let rows = match matrix.checked_sub(2).map(|index| index % 5) {
            None => shape.vocab_size,
            Some(1 | 2) => shape.d_head,
            Some(4) => shape.n_pathways,
            Some(_) => shape.d_model,
        };
        rows as usize
    }

    /// One wrong argument among good ones; the answer as a number. Which one, `probe` tells.
    fn bad_arguments(&self, probe: u32, (model, classifier): (*mut c_void, *mut c_void), state: *mut c_void) -> i64 {
        let api = self.api;
        let tokens = [0, 1, 2];
        let mut output = [UNTOUCHED; 4];
        let mut logits = [UNTOUCHED_FLOAT; 64];
        let (t, o, l) = (tokens.as_ptr(), output.as_mut_ptr(), logits.as_mut_ptr());
        // SAFETY: every pointer is NULL or good, and NULL is what the functions promise to answer.
        let answer = unsafe {
            let (predict, generate) = (api.predict_next.unwrap(), api.generate.unwrap());
            let (classify, load) = (api.classify.unwrap(), api.load.unwrap());
            let classifier_load = api.classifier_load.unwrap();
            match probe {
                0 => predict(null(), state, t, 3),
                1 => predict(model, null_mut(), t, 3),
                2 => predict(model, state, null(), 3),
                3 => predict(model, state, t, 0),
                4 => predict(model, state, t, -1),
                5 => predict(model, state, t, i32::MIN),
                6 => generate(null(), state, t, 3, o, 4),
                7 => generate(model, null_mut(), t, 3, o, 4),
                8 => generate(model, state, null(), 3, o, 4),
                9 => generate(model, state, t, 0, o, 4),
                10 => generate(model, state, t, -3, o, 4),
                11 => generate(model, state, t, 3, null_mut(), 4),
                12 => generate(model, state, t, 3, o, 0),
                13 => generate(model, state, t, 3, o, i32::MIN),
                14 => classify(null(), state, t, 3, l),
                15 => classify(classifier, null_mut(), t, 3, l),
                16 => classify(classifier, state, null(), 3, l),
                17 => classify(classifier, state, t, 0, l),
                18 => classify(classifier, state, t, -7, null_mut()),
                19 => load(null_mut(), [0; 8].as_ptr(), 8),
                20 => load(model, null(), 100),
                21 => load(null_mut(), null(), 0),
                22 => classifier_load(null_mut(), [0; 16].as_ptr(), 16),
                23 => classifier_load(classifier, null(), 100),
                24 => i32::from((api.get_logits.unwrap())(null_mut()).is_null()),
                25 => {
                    self.init(null_mut());
                    0
                }
                _ => load(model, [0; 8].as_ptr(), 0),
            }
        };
        let untouched = output == [UNTOUCHED; 4] && logits.iter().all(|&logit| logit == UNTOUCHED_FLOAT);
        i64::from(answer) + if untouched { 0 } else { 1000 }
    }

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
                // SAFETY: a model and a state of this engine.
                let step = |token| unsafe { (extras.step.unwrap())(model, state, token) };
                if self.api.shape.plan == PLAN_LEAN {
                    assert_eq!(step(0), ERR_PLAN, "a lean program's answer to a step");
                    return Outcome::absent();
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
