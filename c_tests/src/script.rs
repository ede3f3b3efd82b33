//! What a trial does: model files and a sequence of calls, all derived from one seed.

use fastrand::Rng;

use crate::author::Author;
use crate::packed::{with_last_weight_changed, Packing};
use crate::random_model::model_file;
use crate::random_values::Character;
use crate::shapes::TestShape;
use crate::world::Edit;

/// Blobs that model structs are loaded from; those behind them are classifiers'.
pub const MODEL_BUFFERS: usize = 3;
pub const CLASSIFIER_BUFFERS: usize = 2;
/// States of every engine.
pub const STATES: usize = 2;
/// Probes of [`Call::BadArguments`].
pub const BAD_ARGUMENTS: u32 = 27;

/// A model struct: one of two, or the model below one of two classifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRef {
    Slot(usize),
    Base(usize),
}

/// How the tokens are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    pub temperature: f32,
    pub top_k: i32,
    pub top_p: f32,
    pub seed: u64,
}

/// One call of the API, or a thing that firmware does between calls.
#[derive(Clone, Debug)]
pub enum Call {
    Load {
        slot: usize,
        buffer: usize,
        trailing: usize,
    },
    /// Bytes that are no model.
    LoadBad {
        slot: usize,
        data: Vec<u8>,
    },
    LoadClassifier {
        slot: usize,
        buffer: usize,
        trailing: usize,
    },
    LoadBadClassifier {
        slot: usize,
        data: Vec<u8>,
    },
    /// Assignment of structs.
    CopyModel {
        from: usize,
        to: usize,
    },
    /// Another model's bytes at the same address, and every struct that points there loaded again.
    Rewrite {
        buffer: usize,
        content: usize,
    },
    Change {
        model: ModelRef,
        edit: Edit,
    },
    Init {
        state: usize,
    },
    /// Firmware writes into state->logits.
    Scribble {
        state: usize,
        seed: u64,
    },
    Predict {
        model: ModelRef,
        state: usize,
        tokens: Vec<i32>,
    },
    Generate {
        model: ModelRef,
        state: usize,
        prompt: Vec<i32>,
        max_tokens: i32,
    },
    GenerateSampled {
        model: ModelRef,
        state: usize,
        prompt: Vec<i32>,
        max_tokens: i32,
        sampling: Sampling,
    },
    GenerateSliding {
        model: ModelRef,
        state: usize,
        prompt: Vec<i32>,
        max_tokens: i32,
    },
    /// A stream from its start: a prediction from the prompt, if there is one, then a step for each token.
    Stream {
        model: ModelRef,
        state: usize,
        prompt: Vec<i32>,
        tokens: Vec<i32>,
    },
    Sample {
        state: usize,
        draws: usize,
        sampling: Sampling,
    },
    Entropy {
        state: usize,
    },
    Classify {
        slot: usize,
        state: usize,
        tokens: Vec<i32>,
        wants_logits: bool,
    },
    UnpackTrits {
        buffer: usize,
        at: usize,
        count: usize,
    },
    Matvec {
        model: ModelRef,
        matrix: usize,
        x: Vec<f32>,
    },
    /// A layer's norm, or the final one from n_layers on.
    LayerNorm {
        model: ModelRef,
        norm: usize,
        x: Vec<f32>,
    },
    CausalConv {
        model: ModelRef,
        layer: usize,
        x: Vec<f32>,
    },
    /// The rows before `split` first, then the rest with the h that came out.
    Ssm {
        model: ModelRef,
        layer: usize,
        x: Vec<f32>,
        h: Vec<f32>,
        split: usize,
    },
    SparseAttn {
        model: ModelRef,
        layer: usize,
        state: usize,
        x: Vec<f32>,
    },
    /// NULL, or a number out of range, in one place; `model` and `state` everywhere else.
    BadArguments {
        probe: u32,
        model: ModelRef,
        classifier: usize,
        state: usize,
    },
}

/// The files of a trial.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub models: Vec<Vec<u8>>,
    pub classifiers: Vec<Vec<u8>>,
    /// Where each starts in its memory.
    pub starts: Vec<usize>,
}

/// All of a trial but the choice of calls.
#[derive(Clone, Debug)]
pub struct Script {
    pub contents: Contents,
    pub calls: Vec<Call>,
    /// What memory holds before it is used: states of the reference and the engine's work area.
    pub garbage: u64,
    /// Whether an archive compiled without a choice of plan takes part, too.
    pub with_auto_plan: bool,
}

impl Script {
    /// The same seed gives the same script.
    pub fn new(shape: &'static TestShape, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let character = Character::random(&mut rng);
        Self::with_character(shape, character, &mut rng)
    }

    /// With models of the given character.
    pub fn with_character(shape: &'static TestShape, character: Character, rng: &mut Rng) -> Self {
        let contents = contents(shape, character, rng);
        let garbage = [0, u64::MAX, rng.u64(..), 0x7f80_0000_7f80_0000][rng.usize(..4)];
        let with_auto_plan = rng.u32(..4) == 0;
        let count = rng.usize(3..=12);
        let mut author = Author::new(shape, rng, &contents);
        let mut calls = author.opening();
        while calls.len() < count {
            let call = author.call();
            calls.push(call);
        }
        Self { contents, calls, garbage, with_auto_plan }
    }
}

fn contents(shape: &TestShape, character: Character, rng: &mut Rng) -> Contents {
    let mut contents = Contents::default();
    for _ in 0..MODEL_BUFFERS {
        let packing = Packing::random(rng);
        contents.models.push(model_file(shape, packing, None, character, rng));
    }
    if rng.bool() {
        contents.models[1] = retouched(shape, &contents.models[0], rng);
    }
    for _ in 0..CLASSIFIER_BUFFERS {
        let n_classes = rng.usize(1..=shape.max_classes);
        contents.classifiers.push(model_file(shape, Packing::TwoBits, Some(n_classes), character, rng));
    }
    contents.starts = (0..MODEL_BUFFERS + CLASSIFIER_BUFFERS).map(|_| rng.usize(..8)).collect();
    contents
}

/// The same file but for a few weights, as after a little more training: what tells two models apart by less than all of
/// their bytes takes them for one.
fn retouched(shape: &TestShape, file: &[u8], rng: &mut Rng) -> Vec<u8> {
    if Packing::of_file(file) != Packing::TwoBits {
        return with_last_weight_changed(file, shape.vocab_size, shape.d_model);
    }
    let mut other = file.to_vec();
    for _ in 0..rng.usize(1..=6) {
        let at = rng.usize(7..file.len());
        other[at] ^= 1 << rng.u32(..8);
    }
    other
}
