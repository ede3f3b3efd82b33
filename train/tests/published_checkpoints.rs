//! Checkpoints of the field, where the data folder has them.

mod common;

use atome_engine::{Dims, Shape};
use atome_train::checkpoint::{dims_of, elements, keys, Checkpoint, ModelView};
use atome_train::export::{export, exportable, Format, USUAL_THREADS};
use common::data_file;

#[test]
fn the_944k_checkpoint_is_read() {
    let Some(path) = data_file("atome_1m_v1.pt") else { return };
    let checkpoint = Checkpoint::load(&path).unwrap();
    let described = dims_of(&checkpoint).unwrap();
    let dims = Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT };
    assert_eq!(described.with_top_k(described.top_k.unwrap()), dims);
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

#[test]
fn the_944k_checkpoint_becomes_the_published_file_byte_for_byte() {
    let (Some(checkpoint), Some(blob)) = (data_file("atome_1m_v1.pt"), data_file("atome_944k.bin")) else { return };
    let checkpoint = Checkpoint::load(&checkpoint).unwrap();
    let described = dims_of(&checkpoint).unwrap();
    let shape = exportable(described.with_top_k(described.top_k.unwrap())).unwrap();
    let expected = std::fs::read(blob).unwrap();
    let exported = export(&checkpoint, shape, Format::Atome01, USUAL_THREADS).unwrap();
    assert_eq!(exported.parameters, 944_640);
    assert!(exported.bytes == expected, "{} bytes differ", differing(&exported.bytes, &expected));
    // What the threads are for: on one, scales come out otherwise.
    assert_ne!(export(&checkpoint, shape, Format::Atome01, 1).unwrap().bytes, expected);
    // The way through safetensors loses nothing.
    let again = Checkpoint::from_bytes(&checkpoint.to_safetensors().unwrap()).unwrap();
    assert!(again == checkpoint);
}

fn differing(found: &[u8], expected: &[u8]) -> usize {
    found.len().abs_diff(expected.len())
        + found.iter().zip(expected).filter(|(found, expected)| found != expected).count()
}
