//! The forward pass of a training against the inference engine on the exported model.

use atome_engine::{predict_next, Layout as Memory, Model, Plan, Shape, Workspace};
use atome_train::config::{AtomeConfig, ModelConfig};
use atome_train::export::{export, Format, USUAL_THREADS};
use atome_train::layout::{Initialisation, Layout};
use atome_train::model::new_pass;
use atome_train::saved::{dims, SavedModel};
use atome_train::weights::Weights;
use fastrand::Rng;

/// The largest difference of a logit at any position of a random text.
fn largest_difference(config: AtomeConfig, len: usize, seed: u64) -> f32 {
    let model = ModelConfig::Atome(config);
    let mut rng = Rng::with_seed(seed);
    let mut params: Vec<f32> = Layout::new(&model).initial(seed, Initialisation::Scaled);
    // Away from the initial values, where norms and gates are all the same.
    params.iter_mut().for_each(|value| *value += 0.1 * (rng.f32() - 0.5));
    // Few tokens, so that equal keys and tied scores are common.
    let text: Vec<u8> = (0..len).map(|_| rng.u8(0..8)).collect();

    let mut pass = new_pass::<f32>(&model);
    pass.forward(&Weights::new(&model, &Layout::new(&model), &params), &text, len);

    let shape = Shape::new(dims(&config)).unwrap();
    let checkpoint = SavedModel { config: model, params }.to_checkpoint();
    let blob = export(&checkpoint, shape, Format::Atome01, USUAL_THREADS).unwrap().bytes;
    let engine = Model::new(shape, &blob).unwrap();
    let memory = Memory::new(shape, len, Plan::Cached).unwrap();
    let (mut floats, mut words) = (vec![0.0; memory.floats()], vec![0; memory.words()]);
    let mut workspace = Workspace::new(memory, &mut floats, &mut words).unwrap();
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
        largest = largest.max(largest_difference(AtomeConfig::default(), 63, seed));
        largest = largest.max(largest_difference(AtomeConfig { top_k: 1 + seed as usize, ..small }, 40, seed));
        largest = largest.max(largest_difference(AtomeConfig { kernel_size: 9, ..small }, 5, seed));
    }
    println!("largest difference of a logit: {largest:e}");
    assert!(largest <= 1e-5, "{largest:e}");
}
