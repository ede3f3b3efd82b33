//! The Rust engine through a trial, in one memory plan. Its work area starts with garbage and lives from call to call.

use atome_engine::sample::{SampleError, Sampler};
use atome_engine::{
    argmax, classify, entropy, generate, generate_sliding, kernel, predict_next, step, Classifier, Dims, FormatError,
    Layout, Model, Plan, RunError, Shape, Tiled, Trits, Weights, Workspace,
};

use crate::call::{Call, ModelRef, Sampling, MODEL_BUFFERS, STATES};
use crate::edited_model::EditedModel;
use crate::outcome::Outcome;
use crate::shapes::TestShape;
use crate::world::{scribble, World};

/// Elements behind an output: the C sides have them too, where they must stay untouched.
const MARGIN: usize = 3;
const UNTOUCHED: i32 = -777;
const UNTOUCHED_FLOAT: f32 = -777.0;

/// One plan of the engine.
pub struct EngineSide {
    layout: Layout,
    max_classes: usize,
    floats: [Vec<f32>; STATES],
    words: [Vec<u32>; STATES],
}

/// The engine's shape of a test shape.
pub fn engine_shape(shape: &TestShape) -> Shape {
    Shape::new(Dims {
        d_model: shape.d_model,
        n_layers: shape.n_layers,
        d_head: shape.d_head,
        kernel_size: shape.kernel_size,
        n_pathways: shape.n_pathways,
        vocab_size: shape.vocab_size,
        top_k: shape.top_k,
    })
    .expect("the shapes of the list are in range")
}

/// The layout of a test shape's work area.
pub fn layout(shape: &TestShape, plan: Plan) -> Layout {
    Layout::new(engine_shape(shape), shape.max_seq, plan).expect("the shapes of the list are in range")
}

impl EngineSide {
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
            Plan::Cached => "engine, cached plan",
        }
    }

    fn workspace(&mut self, state: usize) -> Workspace<'_> {
        Workspace::new(&self.layout, &mut self.floats[state], &mut self.words[state])
            .expect("the arrays have the layout's own sizes")
    }

    /// Logits of the last prediction.
    pub fn logits(&mut self, state: usize) -> &[f32] {
        &self.floats[state][..self.layout.shape().vocab_size()]
    }

    fn logits_mut(&mut self, state: usize) -> &mut [f32] {
        &mut self.floats[state][..self.layout.shape().vocab_size()]
    }

    fn model<'w>(&self, world: &'w World, model: ModelRef) -> Option<EditedModel<'w>> {
        let loaded = world.model(model)?;
        let data = world.buffer(loaded.buffer).bytes(0);
        let model = if loaded.buffer < MODEL_BUFFERS {
            Model::new(*self.layout.shape(), data).ok()?
        } else {
            Classifier::new(*self.layout.shape(), data, self.max_classes).ok()?.base
        };
        Some(EditedModel::new(model, &loaded.edits))
    }

    /// The same, and memory for its tiles: the archive is the one that computes without.
    fn with_room<'w>(&self, world: &'w World, model: ModelRef) -> Option<(EditedModel<'w>, Vec<u8>)> {
        let model = self.model(world, model)?;
        let room = Tiled::room(&model);
        Some((model, vec![0; room]))
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
        let shape = *self.layout.shape();
        match call {
            Call::Load { buffer, trailing, .. } => {
                out.code(load_code(Model::new(shape, world.buffer(*buffer).bytes(*trailing))));
            }
            Call::LoadBad { data, .. } => out.code(load_code(Model::new(shape, data))),
            Call::LoadClassifier { buffer, trailing, .. } => {
                let loaded = Classifier::new(shape, world.buffer(*buffer).bytes(*trailing), self.max_classes);
                out.code(load_code(loaded));
                out.integers("n_classes", vec![loaded.map_or(-1, |classifier| classifier.n_classes() as i64)]);
            }
            Call::LoadBadClassifier { data, .. } => out.code(load_code(Classifier::new(shape, data, self.max_classes))),
            Call::CopyModel { .. } | Call::Rewrite { .. } | Call::Change { .. } => {}
            Call::Init { state } => {
                self.workspace(*state).forget();
                self.logits_mut(*state).fill(0.0);
            }
            Call::Scribble { state, seed } => {
                let values = scribble(*seed, shape.vocab_size());
                self.logits_mut(*state).copy_from_slice(&values);
            }
            Call::Predict { model, state, tokens } => {
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                let result = predict_next(&model, &mut self.workspace(*state), tokens.iter().copied());
                out.code(run_code(result));
                out.fact("get_logits leads to state->logits", true);
                self.push_run(*state, tokens.len(), result.is_ok(), true, out);
            }
            Call::Generate { model, state, prompt, max_tokens } => {
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                self.generate(&model, *state, prompt, *max_tokens, out, |logits| argmax(logits.iter().copied()));
            }
            Call::GenerateSampled { model, state, prompt, max_tokens, sampling } => {
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                let mut sampler = open_sampler(sampling, out);
                if let Ok(sampler) = &mut sampler {
                    self.generate(&model, *state, prompt, *max_tokens, out, |logits| sampler.sample(logits));
                }
                push_sampler(sampler, out);
            }
            Call::GenerateSliding { model, state, prompt, max_tokens } => {
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                let max_tokens = usize::try_from(*max_tokens).unwrap_or(0);
                let mut output = Vec::new();
                let tokens = prompt.iter().copied();
                let written = generate_sliding(&model, &mut self.workspace(*state), tokens, max_tokens, |logits| {
                    let token = argmax(logits.iter().copied());
                    output.push(token as i32);
                    Some(token)
                });
                let written = written.unwrap_or(0);
                output.resize(max_tokens + MARGIN, UNTOUCHED);
                out.code(written as i32);
                out.tokens("output", &output);
                self.push_run(*state, (prompt.len() + written).saturating_sub(1), written > 0, true, out);
            }
            Call::Stream { model, state, prompt, tokens } => {
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                if self.layout.plan() == Plan::Lean {
                    return None;
                }
                let mut workspace = self.workspace(*state);
                workspace.forget();
                if !prompt.is_empty() {
                    predict_next(&model, &mut workspace, prompt.iter().copied()).ok()?;
                }
                for &token in tokens {
                    let next = step(&model, &mut workspace, token);
                    out.integers("answer", vec![i64::from(run_code(next))]);
                    out.floats("logits of a step", workspace.logits());
                }
            }
            Call::Sample { state, draws, sampling } => {
                let mut sampler = open_sampler(sampling, out);
                let logits = self.logits(*state);
                let draw = |sampler: &mut Sampler| (0..*draws).map(|_| sampler.sample(logits) as i32).collect();
                out.tokens("draws", &sampler.as_mut().map_or_else(|_| Vec::new(), draw));
                push_sampler(sampler, out);
            }
            Call::Entropy { state } => {
                let n_layers = self.layout.shape().n_layers();
                let workspace = self.workspace(*state);
                let of = |layer| workspace.last_router_weights(layer).map_or(-1.0, entropy);
                let entropy: Vec<f32> = (0..=n_layers).map(of).collect();
                out.floats("router entropy", &[&[-1.0], &entropy[..]].concat());
            }
            Call::Classify { slot, state, tokens, wants_logits } => {
                let loaded = world.classifier(*slot)?;
                let data = world.buffer(loaded.buffer).bytes(0);
                let head = Classifier::new(shape, data, self.max_classes).ok()?.head;
                let (base, mut tiles) = self.with_room(world, ModelRef::Base(*slot))?;
                let base = Tiled::new(base, &mut tiles);
                let mut logits = vec![UNTOUCHED_FLOAT; self.max_classes + MARGIN];
                let tokens_in_order = tokens.iter().copied();
                let result = classify(&base, &head, &mut self.workspace(*state), tokens_in_order, |class, logit| {
                    if *wants_logits {
                        logits[class] = logit;
                    }
                });
                out.code(run_code(result));
                out.floats("class_logits", &logits);
                self.push_run(*state, tokens.len(), result.is_ok(), false, out);
            }
            Call::UnpackTrits { buffer, at, count } => {
                let trits = Trits::starting_at(&world.buffer(*buffer).bytes(0)[*at..], 0).take(*count);
                out.integers("weights", trits.map(|trit| i64::from(trit.value())).collect());
            }
            Call::Matvec { model, matrix, x } => {
                let matrix = self.model(world, *model)?.matrix(*matrix)?;
                let mut y = vec![UNTOUCHED_FLOAT; matrix.rows() + MARGIN];
                kernel::matvec(&matrix, x, &mut y[..matrix.rows()]);
                out.floats("matvec", &y);
            }
            Call::LayerNorm { model, norm, x } => {
                let model = self.model(world, *model)?;
                let norm = model.block(*norm).map_or(model.final_norm(), |block| block.norm);
                let mut x = x.clone();
                kernel::layer_norm_in_place(&norm, &mut x);
                x.extend([UNTOUCHED_FLOAT; MARGIN]);
                out.floats("layer_norm", &x);
            }
            Call::CausalConv { model, layer, x } => {
                let conv = self.model(world, *model)?.block(*layer)?.conv;
                let d = shape.d_model();
                let mut y = Vec::with_capacity(x.len() + MARGIN);
                for t in 0..x.len() / d {
                    y.extend((0..d).map(|c| {
                        let inputs = (0..=t).rev().map(|position| x[position * d + c]);
                        kernel::conv_taps(&conv, c, inputs)
                    }));
                }
                y.extend([UNTOUCHED_FLOAT; MARGIN]);
                out.floats("causal_conv", &y);
            }
            Call::Ssm { model, layer, x, h, .. } => {
                let ssm = self.model(world, *model)?.block(*layer)?.ssm;
                let mut h = h.clone();
                let mut y = Vec::with_capacity(x.len() + MARGIN);
                for row in x.chunks(shape.d_model()) {
                    let channels = ssm.a_raw.iter().zip(ssm.b.iter()).zip(ssm.c_out.iter()).zip(row).zip(&mut h);
                    let step = |((((a, b), c), &u), h)| kernel::ssm_step(kernel::gate(a), b, c, u, h);
                    y.extend(channels.map(step));
                }
                y.extend([UNTOUCHED_FLOAT; MARGIN]);
                h.extend([UNTOUCHED_FLOAT; MARGIN]);
                out.floats("ssm_forward", &y);
                out.floats("h", &h);
            }
            Call::SparseAttn { model, layer, state, x } => {
                let attention = self.model(world, *model)?.block(*layer)?.attention;
                let d = shape.d_model();
                let mut workspace = self.workspace(*state);
                let mut memory = workspace.attention_memory();
                for (t, row) in x.chunks(d).enumerate() {
                    memory.store(&attention, t, row);
                }
                let mut y = Vec::with_capacity(x.len() + MARGIN);
                for (t, row) in x.chunks(d).enumerate() {
                    y.extend_from_slice(memory.attend(&attention, t, row));
                }
                y.extend([UNTOUCHED_FLOAT; MARGIN]);
                out.floats("sparse_attn", &y);
            }
            Call::BadArguments { probe, model, state, .. } => {
                // Safe code has no NULL; what is left is a sequence of nothing.
                if !matches!(probe, 3..=5) {
                    return None;
                }
                let (model, mut tiles) = self.with_room(world, *model)?;
                let model = Tiled::new(model, &mut tiles);
                let result = predict_next(&model, &mut self.workspace(*state), []);
                out.integers("answer", vec![i64::from(run_code(result))]);
            }
        }
        Some(())
    }

    fn generate<'m>(
        &mut self,
        model: &impl Weights<'m>,
        state: usize,
        prompt: &[i32],
        max_tokens: i32,
        out: &mut Outcome,
        mut choose: impl FnMut(&[f32]) -> usize,
    ) {
        let max_tokens = usize::try_from(max_tokens).unwrap_or(0);
        let room = max_tokens.min(self.layout.max_seq());
        let mut output = Vec::with_capacity(room + MARGIN);
        let written = generate(model, &mut self.workspace(state), prompt.iter().copied(), max_tokens, |logits| {
            let token = choose(logits);
            output.push(token as i32);
            Some(token)
        });
        let written = written.unwrap_or(0);
        output.resize(room + MARGIN, UNTOUCHED);
        out.code(written as i32);
        out.tokens("output", &output);
        self.push_run(state, (prompt.len() + written).saturating_sub(1), written > 0, true, out);
    }

    /// What a run over `count` tokens left behind.
    fn push_run(&mut self, state: usize, count: usize, is_ok: bool, has_logits: bool, out: &mut Outcome) {
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

/// The C codes of the engine's results.
fn load_code<T>(result: Result<T, FormatError>) -> i32 {
    match result {
        Ok(_) => 0,
        Err(FormatError::Truncated { .. }) => -2,
        Err(FormatError::Malformed { .. }) => -5,
        Err(_) => -1,
    }
}

fn run_code(result: Result<usize, RunError>) -> i32 {
    result.map_or(-1, |index| index as i32)
}

fn open_sampler(sampling: &Sampling, out: &mut Outcome) -> Result<Sampler, SampleError> {
    // A negative number has no counterpart in the engine; 0 is refused alike.
    let top_k = usize::try_from(sampling.top_k).unwrap_or(0);
    let sampler = Sampler::new(sampling.temperature, top_k, sampling.top_p, sampling.seed);
    out.code(if sampler.is_ok() { 0 } else { -1 });
    sampler
}

fn push_sampler(sampler: Result<Sampler, SampleError>, out: &mut Outcome) {
    if let Ok(sampler) = sampler {
        out.integers("sampler state", vec![sampler.state() as i64]);
    }
    out.fact("sampler's guard is intact", true);
}
