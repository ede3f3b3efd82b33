//! The forward pass of a training against the inference engine on the exported model.

use std::path::Path;

use atome_engine::{predict_next, Layout as Memory, Model, Plan, Shape, WholeModel, Workspace};
use atome_train::checkpoint::Checkpoint;
use atome_train::config::{AtomeConfig, ModelConfig, Quantiser};
use atome_train::export::{export, Format, USUAL_THREADS};
use atome_train::layout::{Initialisation, Layout};
use atome_train::model::new_pass;
use atome_train::saved::SavedModel;
use atome_train::weights::Weights;
use fastrand::Rng;

/// A model with random parameters, away from the initial values, where norms and gates are all the same.
fn random_model(config: AtomeConfig, seed: u64) -> SavedModel {
    let mut rng = Rng::with_seed(seed);
    let model = ModelConfig::Atome(config);
    let mut params: Vec<f32> = Layout::new(&model).initial(seed, Initialisation::Scaled);
    params.iter_mut().for_each(|value| *value += 0.1 * (rng.f32() - 0.5));
    SavedModel { config: model, params }
}

/// Few tokens, so that equal keys and tied scores are common.
fn random_text(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    (0..len).map(|_| rng.u8(0..8)).collect()
}

/// The largest difference of a logit at any position of `text`.
fn largest_difference(model: &SavedModel, text: &[u8]) -> f32 {
    let ModelConfig::Atome(config) = model.config else { panic!("the engine reads no other model") };
    let weights = Weights::new(&model.config, &Layout::new(&model.config), &model.params);
    let mut pass = new_pass::<f32>(&model.config);
    let tokens: Vec<u16> = text.iter().copied().map(u16::from).collect();
    pass.forward(&weights, &tokens, tokens.len());

    let shape = Shape::new(config.dims()).unwrap();
    let format = Format::of(&model.config).unwrap();
    let exported = export(&model.to_checkpoint(), shape, format, USUAL_THREADS).unwrap();
    assert_eq!(exported.feed_forward.is_some(), config.feed_forward > 0);
    let payload = Model::new(shape, &exported.bytes).unwrap();
    let engine = WholeModel::new(payload, exported.feed_forward.as_deref()).unwrap();
    let memory = Memory::new(shape, text.len(), Plan::Cached).unwrap();
    let (mut floats, mut words) = (vec![0.0; memory.floats()], vec![0; memory.words()]);
    let mut workspace = Workspace::new(&memory, &mut floats, &mut words).unwrap();
    let mut largest = 0.0f32;
    for (t, ours) in pass.logits().chunks_exact(config.vocab_size).enumerate() {
        predict_next(&engine, &mut workspace, text[..=t].iter().map(|&byte| i32::from(byte))).unwrap();
        for (&ours, &theirs) in ours.iter().zip(workspace.logits()) {
            assert!(ours.is_finite());
            largest = largest.max((ours - theirs).abs());
        }
    }
    largest
}

/// In portable mode both compute the same bits; the functions of a C library may differ in the last one.
fn check(largest: f32, system: f32) {
    println!("largest difference of a logit: {largest:e}");
    let most = if atome_engine::math::MODE == "portable" { 0.0 } else { system };
    assert!(largest <= most, "{largest:e}");
}

#[test]
fn logits_are_those_of_the_engine() {
    let small = AtomeConfig {
        vocab_size: 37,
        d_model: 19,
        n_layers: 3,
        d_head: 7,
        kernel_size: 3,
        top_k: 4,
        ..AtomeConfig::default()
    };
    let mut largest = 0.0f32;
    for seed in 0..6 {
        let configs = [
            (AtomeConfig::default(), 63),
            (AtomeConfig { top_k: 1 + seed as usize, ..small }, 40),
            (AtomeConfig { kernel_size: 9, ..small }, 5),
            (AtomeConfig { feed_forward: 1 + seed as usize, ..small }, 20),
            (AtomeConfig { feed_forward: 2, quantiser: Quantiser::P3, ..small }, 12),
        ];
        for (config, len) in configs {
            largest = largest.max(largest_difference(&random_model(config, seed), &random_text(len, seed)));
        }
    }
    check(largest, 1e-5);
}

#[test]
fn logits_of_the_published_model_are_too() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let (checkpoint, sample) = (data.join("atome_1m_v1.pt"), data.join("tinystories_sample.txt"));
    if !checkpoint.exists() || !sample.exists() {
        eprintln!("SKIPPED: {} or {} is not there", checkpoint.display(), sample.display());
        return;
    }
    let model = SavedModel::from_checkpoint(&Checkpoint::load(&checkpoint).unwrap()).unwrap();
    let sample = std::fs::read(sample).unwrap();
    let mut largest = 0.0f32;
    for start in [0, 100_000, 235_930] {
        largest = largest.max(largest_difference(&model, &sample[start..start + 128]));
    }
    check(largest, 1e-4);
}
