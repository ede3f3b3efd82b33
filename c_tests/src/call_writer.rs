//! Writes a sequence of calls as firmware might make them.

use fastrand::Rng;

use crate::call::{Call, Contents, Edit, ModelRef, Sampling, BAD_ARGUMENTS, CLASSIFIER_BUFFERS, MODEL_BUFFERS, STATES};
use crate::packed::{malformed, Packing};
use crate::random_values::{activations, hostile, length, token};
use crate::shapes::TestShape;

/// Writes the calls: remembers what is loaded and what was predicted from.
pub struct CallWriter<'a> {
    shape: &'static TestShape,
    rng: &'a mut Rng,
    contents: &'a Contents,
    /// The last tokens of each state.
    recent: [Vec<i32>; STATES],
    loaded: Vec<usize>,
    classifiers: Vec<usize>,
}

impl<'a> CallWriter<'a> {
    pub fn new(shape: &'static TestShape, rng: &'a mut Rng, contents: &'a Contents) -> Self {
        Self { shape, rng, contents, recent: Default::default(), loaded: Vec::new(), classifiers: Vec::new() }
    }

    /// A case mostly starts by loading things.
    pub fn opening(&mut self) -> Vec<Call> {
        let mut calls = vec![self.load(0)];
        if self.rng.u32(..3) > 0 {
            calls.push(self.load(1));
        }
        for slot in 0..2 {
            if self.rng.u32(..3) == 0 {
                calls.push(self.load_classifier(slot));
            }
        }
        calls
    }

    /// Another call.
    pub fn call(&mut self) -> Call {
        let state = self.state();
        let slot = self.rng.usize(..2);
        match self.rng.u32(..100) {
            0..44 => {
                let tokens = self.tokens(state);
                Call::Predict { model: self.model(), state, tokens }
            }
            44..50 => {
                let (prompt, max_tokens) = self.prompt(state);
                Call::Generate { model: self.model(), state, prompt, max_tokens }
            }
            50..58 => self.classify(state),
            58..63 => self.load(slot),
            63..65 => self.load_classifier(slot),
            65..68 => self.load_bad(slot),
            68..70 => self.load_bad_classifier(slot),
            70..72 => self.copy_model(),
            72..75 => {
                Call::Rewrite { buffer: self.rng.usize(..MODEL_BUFFERS), content: self.rng.usize(..MODEL_BUFFERS) }
            }
            75..79 => self.change(),
            79 => Call::Init { state },
            80..82 => Call::Scribble { state, seed: self.rng.u64(..) },
            82..84 => {
                let (prompt, max_tokens) = self.prompt(state);
                Call::GenerateSampled { model: self.model(), state, prompt, max_tokens, sampling: self.sampling() }
            }
            84 => {
                let (prompt, max_tokens) = self.prompt(state);
                Call::GenerateSliding { model: self.model(), state, prompt, max_tokens: max_tokens.min(9) }
            }
            85 => self.stream(state),
            86 => Call::Sample { state, draws: self.rng.usize(1..=4), sampling: self.sampling() },
            87 => Call::Entropy { state },
            88..90 => Call::BadArguments {
                probe: self.rng.u32(..BAD_ARGUMENTS),
                model: self.model(),
                classifier: slot,
                state,
            },
            _ => self.building_block(state),
        }
    }

    /// Mostly the first one.
    fn state(&mut self) -> usize {
        usize::from(self.rng.u32(..4) == 0)
    }

    /// A struct that is loaded, mostly; the model below a classifier now and then.
    fn model(&mut self) -> ModelRef {
        let from_classifier = !self.classifiers.is_empty() && self.rng.u32(..8) == 0;
        if from_classifier {
            ModelRef::Base(self.classifiers[self.rng.usize(..self.classifiers.len())])
        } else if self.rng.u32(..40) == 0 {
            ModelRef::Slot(self.rng.usize(..2))
        } else {
            ModelRef::Slot(self.loaded[self.rng.usize(..self.loaded.len())])
        }
    }

    /// Fresh, or what a program makes of its last sequence: longer, shorter, edited, the same.
    fn tokens(&mut self, state: usize) -> Vec<i32> {
        let (max_seq, vocab_size) = (self.shape.max_seq, self.shape.vocab_size);
        let source = if self.rng.u32(..8) == 0 { self.state() } else { state };
        let mut tokens = self.recent[source].clone();
        match self.rng.u32(..10) {
            _ if tokens.is_empty() => tokens = self.fresh_tokens(),
            0..2 => tokens = self.fresh_tokens(),
            2..6 => {
                let more = self.rng.usize(1..=3).min((max_seq + 3).saturating_sub(tokens.len()));
                tokens.extend((0..more).map(|_| token(self.rng, vocab_size)));
            }
            6 => tokens.truncate(self.rng.usize(1..=tokens.len())),
            7..9 => {
                let at = self.rng.usize(..tokens.len());
                tokens[at] = token(self.rng, vocab_size);
            }
            _ => {}
        }
        self.recent[state] = tokens.clone();
        tokens
    }

    fn fresh_tokens(&mut self) -> Vec<i32> {
        let count = length(self.rng, self.shape.max_seq);
        (0..count).map(|_| token(self.rng, self.shape.vocab_size)).collect()
    }

    /// Generation predicts once a token: mostly few of them.
    fn prompt(&mut self, state: usize) -> (Vec<i32>, i32) {
        let prompt = self.tokens(state);
        let max_tokens = match self.rng.u32(..12) {
            0 => i32::MAX,
            1 => [0, -1, i32::MIN][self.rng.usize(..3)],
            _ => self.rng.i32(1..=4),
        };
        (prompt, max_tokens)
    }

    /// Mostly longer than the window.
    fn stream(&mut self, state: usize) -> Call {
        let (max_seq, vocab_size) = (self.shape.max_seq, self.shape.vocab_size);
        let mut prompt = if self.rng.bool() { self.fresh_tokens() } else { Vec::new() };
        prompt.truncate(max_seq);
        let count = self.rng.usize(1..=(2 * max_seq + 3).min(80));
        let tokens = (0..count).map(|_| token(self.rng, vocab_size)).collect();
        // What the state then holds is no sequence that later calls could go on from.
        self.recent[state].clear();
        Call::Stream { model: self.model(), state, prompt, tokens }
    }

    fn sampling(&mut self) -> Sampling {
        let rng = &mut *self.rng;
        let mut sampling = Sampling {
            temperature: [0.0, 0.7, 1.0, 1.5, 1e-3, 1e30][rng.usize(..6)],
            top_k: [1, 2, 5, 40, i32::MAX][rng.usize(..5)],
            top_p: [1.0, 0.95, 0.5, 0.01, 1e-30][rng.usize(..5)],
            seed: rng.u64(..),
        };
        match rng.u32(..24) {
            0 => sampling.temperature = [-1.0, f32::NAN, f32::INFINITY][rng.usize(..3)],
            1 => sampling.top_k = [0, -1, i32::MIN][rng.usize(..3)],
            2 => sampling.top_p = [0.0, -1.0, 1.1, f32::NAN][rng.usize(..4)],
            _ => {}
        }
        sampling
    }

    fn load(&mut self, slot: usize) -> Call {
        if !self.loaded.contains(&slot) {
            self.loaded.push(slot);
        }
        Call::Load { slot, buffer: self.rng.usize(..MODEL_BUFFERS), trailing: self.rng.usize(..6) }
    }

    fn load_classifier(&mut self, slot: usize) -> Call {
        if !self.classifiers.contains(&slot) {
            self.classifiers.push(slot);
        }
        let buffer = MODEL_BUFFERS + self.rng.usize(..CLASSIFIER_BUFFERS);
        Call::LoadClassifier { slot, buffer, trailing: self.rng.usize(..6) }
    }

    fn load_bad(&mut self, slot: usize) -> Call {
        let file = &self.contents.models[self.rng.usize(..MODEL_BUFFERS)];
        let count = self.shape.vocab_size * self.shape.d_model;
        let malformed = Some(()).filter(|()| self.rng.bool()).and_then(|()| malformed(file, count, self.rng));
        Call::LoadBad { slot, data: malformed.unwrap_or_else(|| spoilt(file, 7, self.rng)) }
    }

    fn load_bad_classifier(&mut self, slot: usize) -> Call {
        let file = &self.contents.classifiers[self.rng.usize(..CLASSIFIER_BUFFERS)];
        let data = if self.rng.bool() {
            let bad = [0, -1, self.shape.max_classes as i32 + 1, i32::MAX, i32::MIN][self.rng.usize(..5)];
            let mut data = file.clone();
            data[9..13].copy_from_slice(&bad.to_le_bytes());
            data
        } else {
            spoilt(file, 9, self.rng)
        };
        Call::LoadBadClassifier { slot, data }
    }

    fn copy_model(&mut self) -> Call {
        let from = self.loaded[self.rng.usize(..self.loaded.len())];
        let to = 1 - from;
        if !self.loaded.contains(&to) {
            self.loaded.push(to);
        }
        Call::CopyModel { from, to }
    }

    fn change(&mut self) -> Call {
        let model = self.model();
        let edit = if self.rng.bool() {
            Edit::TopK { layer: self.rng.usize(..self.shape.n_layers), top_k: self.rng.usize(..=self.shape.top_k) }
        } else {
            let scale = if self.rng.u32(..6) == 0 { hostile(self.rng) } else { self.rng.f32() + 0.1 };
            Edit::Scale { matrix: self.rng.usize(..2 + 5 * self.shape.n_layers), scale }
        };
        Call::Change { model, edit }
    }

    fn classify(&mut self, state: usize) -> Call {
        if self.classifiers.is_empty() {
            return self.load_classifier(0);
        }
        let slot = self.classifiers[self.rng.usize(..self.classifiers.len())];
        Call::Classify { slot, state, tokens: self.tokens(state), wants_logits: self.rng.u32(..4) > 0 }
    }

    fn building_block(&mut self, state: usize) -> Call {
        let (d, max_seq, n_layers) = (self.shape.d_model, self.shape.max_seq, self.shape.n_layers);
        let layer = self.rng.usize(..n_layers);
        let model = self.model();
        let n = length(self.rng, max_seq);
        match self.rng.u32(..6) {
            0 => {
                // Any of the models may lie there by then.
                let bytes = self.contents.models.iter().map(Vec::len).min().unwrap_or(0);
                let at = self.rng.usize(..bytes);
                Call::UnpackTrits { buffer: 0, at, count: self.rng.usize(1..=4 * (bytes - at).min(16)) }
            }
            1 => {
                // Embedding, unembedding, or any matrix of a layer but its convolution.
                let matrix = match self.rng.usize(..6) {
                    index @ 0..2 => index,
                    index => 2 + 5 * layer + index - 1,
                };
                Call::Matvec { model, matrix, x: activations(self.rng, d) }
            }
            2 => Call::LayerNorm { model, norm: self.rng.usize(..=n_layers), x: activations(self.rng, d) },
            3 => Call::CausalConv { model, layer, x: activations(self.rng, n * d) },
            4 => {
                let h = if self.rng.bool() { vec![0.0; d] } else { activations(self.rng, d) };
                Call::Ssm { model, layer, x: activations(self.rng, n * d), h, split: self.rng.usize(..=n) }
            }
            _ => Call::SparseAttn { model, layer, state, x: activations(self.rng, n.min(max_seq) * d) },
        }
    }
}

/// A file with a wrong magic, or cut at a random place: within the magic, at a section's edge, one byte early.
fn spoilt(file: &[u8], magic: usize, rng: &mut Rng) -> Vec<u8> {
    let mut data = file.to_vec();
    match rng.u32(..4) {
        0 => {
            let at = rng.usize(..magic);
            data[at] ^= rng.u8(1..);
            if data.starts_with(b"ATOME01") || Packing::of_file(&data) != Packing::TwoBits {
                // Another format's.
                data[at] = 0;
            }
        }
        1 => data.truncate(rng.usize(..magic + 8).min(file.len() - 1)),
        2 => data.truncate(file.len() - 1),
        _ => data.truncate(rng.usize(..file.len())),
    }
    data
}
