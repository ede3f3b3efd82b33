//! The calls that a trial is made of, and the model files that they name by number.

/// Blobs that model structs are loaded from; those behind them are classifiers'.
pub const MODEL_BUFFERS: usize = 3;
pub const CLASSIFIER_BUFFERS: usize = 2;
/// States of every engine.
pub const STATES: usize = 2;
/// Probes of [`Call::BadArguments`].
pub const BAD_ARGUMENTS: u32 = 27;

/// The files of a trial.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub models: Vec<Vec<u8>>,
    pub classifiers: Vec<Vec<u8>>,
    /// Where each starts in its memory.
    pub starts: Vec<usize>,
}

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

/// A change that firmware makes to a loaded struct.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edit {
    /// `blocks[layer].attn.top_k`.
    TopK { layer: usize, top_k: usize },
    /// The scale of a matrix, numbered as in `engine_api.h`.
    Scale { matrix: usize, scale: f32 },
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
