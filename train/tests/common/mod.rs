//! What several test files share.
#![allow(dead_code, reason = "every test file uses a part")]

use std::path::{Path, PathBuf};

use atome_engine::Dims;
use atome_train::checkpoint::{elements, model_tensors, set_dims, Checkpoint, Tensor};
use fastrand::Rng;

/// A model of no round sizes, so that rows start inside bytes and the last byte of a section is not full.
pub const ODD: Dims =
    Dims { d_model: 7, n_layers: 2, d_head: 3, kernel_size: 4, n_pathways: 3, vocab_size: 11, top_k: 2 };

/// A checkpoint of these sizes with weights from -1 to 1.
pub fn random_checkpoint(dims: &Dims, seed: u64) -> Checkpoint {
    let mut rng = Rng::with_seed(seed);
    let mut checkpoint = Checkpoint::default();
    for (name, shape) in model_tensors(dims) {
        let data = (0..elements(&shape).unwrap()).map(|_| 2.0 * rng.f32() - 1.0).collect();
        checkpoint.tensors.insert(name, Tensor::new(shape, data).unwrap());
    }
    set_dims(&mut checkpoint, dims, Some(32));
    checkpoint
}

/// A file of the data folder beside the workspace, which not everyone has.
pub fn data_file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}
