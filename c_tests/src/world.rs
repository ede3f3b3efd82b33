//! What every engine of a trial is told alike: the blobs in memory, and which model struct holds what.

use crate::call::{Call, Contents, Edit, ModelRef, MODEL_BUFFERS, STATES};
use crate::packed::with_last_weight_changed;
use crate::random_values::hostile;
use crate::shapes::TestShape;

/// A blob somewhere in memory, mostly at an odd address, with bytes behind its end that belong to nobody.
#[derive(Clone)]
pub struct Buffer {
    memory: Box<[u8]>,
    start: usize,
    len: usize,
}

const BEHIND: usize = 8;

impl Buffer {
    /// With room for any blob of at most `most` bytes.
    fn new(content: &[u8], start: usize, most: usize) -> Self {
        let memory = vec![0xc3; start + most + BEHIND].into_boxed_slice();
        let mut buffer = Self { memory, start, len: 0 };
        buffer.overwrite(content);
        buffer
    }

    /// The blob with `trailing` bytes behind it, at most 8.
    pub fn bytes(&self, trailing: usize) -> &[u8] {
        &self.memory[self.start..self.start + self.len + trailing.min(BEHIND)]
    }

    fn overwrite(&mut self, content: &[u8]) {
        self.len = content.len();
        self.memory[self.start..self.start + self.len].copy_from_slice(content);
    }
}

/// What a model struct was loaded from, and what was changed since.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub buffer: usize,
    pub edits: Vec<Edit>,
}

/// The common state of a trial.
#[derive(Clone)]
pub struct World {
    pub shape: &'static TestShape,
    contents: Vec<Vec<u8>>,
    buffers: Vec<Buffer>,
    models: [Option<Loaded>; 2],
    classifiers: [Option<Loaded>; 2],
    /// What `state->logits` must show, where that is known.
    pub shown: [Option<Vec<f32>>; STATES],
    /// Whether the state's router entropies are those of a call.
    pub entropy_known: [bool; STATES],
}

impl World {
    /// Blobs in memory, nothing loaded.
    pub fn new(shape: &'static TestShape, contents: &Contents) -> Self {
        let files = contents.models.iter().chain(&contents.classifiers);
        let most = files.clone().map(Vec::len).max().unwrap_or(0);
        let buffers = files.zip(&contents.starts).map(|(file, &start)| Buffer::new(file, start, most)).collect();
        Self {
            shape,
            contents: contents.models.clone(),
            buffers,
            models: [None, None],
            classifiers: [None, None],
            shown: [const { None }; STATES],
            entropy_known: [false; STATES],
        }
    }

    /// This world with one weight changed in every blob, for proving that a difference is seen.
    pub fn with_one_weight_changed(&self) -> Self {
        let mut world = self.clone();
        let (v, d) = (self.shape.vocab_size, self.shape.d_model);
        for content in &mut world.contents {
            *content = with_last_weight_changed(content, v, d);
        }
        for (index, buffer) in world.buffers.iter_mut().enumerate() {
            let file = buffer.bytes(0).to_vec();
            let rows = if index < MODEL_BUFFERS { v } else { usize::from(file[9]) };
            buffer.overwrite(&with_last_weight_changed(&file, rows, d));
        }
        world
    }

    /// A blob.
    pub fn buffer(&self, buffer: usize) -> &Buffer {
        &self.buffers[buffer]
    }

    /// What a buffer may be rewritten with.
    pub fn content(&self, content: usize) -> &[u8] {
        &self.contents[content]
    }

    /// What a model struct was loaded from; `None` where it never was.
    pub fn model(&self, model: ModelRef) -> Option<&Loaded> {
        match model {
            ModelRef::Slot(slot) => self.models[slot].as_ref(),
            ModelRef::Base(slot) => self.classifiers[slot].as_ref(),
        }
    }

    /// The classifier structs.
    pub fn classifier(&self, slot: usize) -> Option<&Loaded> {
        self.classifiers[slot].as_ref()
    }

    /// Model structs that were loaded from a buffer.
    pub fn slots_of(&self, buffer: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.models.len())
            .filter(move |&slot| self.models[slot].as_ref().is_some_and(|loaded| loaded.buffer == buffer))
    }

    /// Makes the changes of a call that hold for every engine, before any of them performs it.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Load { slot, buffer, .. } => self.models[*slot] = Some(loaded(*buffer)),
            Call::LoadClassifier { slot, buffer, .. } => self.classifiers[*slot] = Some(loaded(*buffer)),
            Call::CopyModel { from, to } => self.models[*to] = self.models[*from].clone(),
            Call::Rewrite { buffer, content } => {
                self.buffers[*buffer].overwrite(&self.contents[*content]);
                for model in self.models.iter_mut().flatten().filter(|loaded| loaded.buffer == *buffer) {
                    model.edits.clear();
                }
            }
            Call::Change { model, edit } => {
                let loaded = match model {
                    ModelRef::Slot(slot) => &mut self.models[*slot],
                    ModelRef::Base(slot) => &mut self.classifiers[*slot],
                };
                if let Some(loaded) = loaded {
                    loaded.edits.push(*edit);
                }
            }
            Call::Init { state } => {
                self.shown[*state] = Some(vec![0.0; self.shape.vocab_size]);
                self.entropy_known[*state] = false;
            }
            Call::Stream { state, .. } => {
                // Lean states do not stream: from here on, states differ.
                self.shown[*state] = None;
                self.entropy_known[*state] = false;
            }
            Call::Scribble { state, seed } => self.shown[*state] = Some(scribble(*seed, self.shape.vocab_size)),
            _ => {}
        }
    }
}

fn loaded(buffer: usize) -> Loaded {
    Loaded { buffer, edits: Vec::new() }
}

/// What firmware writes over the logits.
pub fn scribble(seed: u64, count: usize) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| hostile(&mut rng)).collect()
}
