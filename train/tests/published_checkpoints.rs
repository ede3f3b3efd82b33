//! Checkpoints of the field, where the data folder has them.

mod common;

use atome_engine::{Dims, Shape};
use atome_train::checkpoint::{dims_of, elements, keys, Checkpoint, ModelView};
use common::data_file;

#[test]
fn the_944k_checkpoint_is_read() {
    let Some(path) = data_file("atome_1m_v1.pt") else { return };
    let checkpoint = Checkpoint::load(&path).unwrap();
    let described = dims_of(&checkpoint).unwrap();
    let dims = Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT };
    assert_eq!(described.dims(described.top_k.unwrap()), dims);
    let count: usize = checkpoint.tensors.values().map(|tensor| elements(tensor.shape()).unwrap()).sum();
    assert_eq!(count, 944_640);
    ModelView::new(&checkpoint, Shape::new(dims).unwrap()).unwrap();
    assert_eq!(checkpoint.metadata["step"], "29000");
    assert_eq!(checkpoint.metadata["val_loss"], "1.0545352958142757");
}

#[test]
fn the_gpt_checkpoint_is_read_but_is_no_model_of_three_pathways() {
    let Some(path) = data_file("vanilla_1m_v1.pt") else { return };
    let checkpoint = Checkpoint::load(&path).unwrap();
    let count: usize = checkpoint.tensors.values().map(|tensor| tensor.data().len()).sum();
    assert_eq!(count, 950_608);
    assert!(checkpoint.metadata[keys::SHAPE].contains("d_model"));
    let refused = dims_of(&checkpoint).unwrap_err().to_string();
    assert!(refused.contains("is this a model of three pathways?"), "{refused}");
}
