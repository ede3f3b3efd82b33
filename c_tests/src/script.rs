//! What a trial does: model files and a sequence of calls, all derived from one seed.

use fastrand::Rng;

use crate::call::{Call, Contents, CLASSIFIER_BUFFERS, MODEL_BUFFERS};
use crate::call_writer::CallWriter;
use crate::packed::{with_last_weight_changed, Packing};
use crate::random_model::model_file;
use crate::random_values::Character;
use crate::shapes::TestShape;

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
    /// Equal seeds give equal scripts.
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
        let mut writer = CallWriter::new(shape, rng, &contents);
        let mut calls = writer.opening();
        while calls.len() < count {
            let call = writer.call();
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

/// The file with a few weights changed, as after a little more training. Code that compares only a part of two models'
/// bytes takes the two for one.
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
