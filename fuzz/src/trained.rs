//! Checkpoints that load: those of a training, some with a change that only a reader who looks closely sees.

use std::collections::BTreeMap;

use atome_engine::{Model, Shape};
use atome_train::checkpoint::{dims_of, model_tensors, set_dims, Checkpoint, Loaded, Tensor};
use atome_train::export::{export, Format};
use atome_train::saved::SavedModel;

use crate::input::Input;

/// A checkpoint that was written loads as what it was, and its model can be exported and loaded by the engine; with a tensor or a
/// word of it changed it loads or is refused, and a flipped bit is noticed.
pub fn trained(data: &[u8]) {
    let mut input = Input::new(data);
    let shape = input.shape();
    let way = input.below(6);
    let mut checkpoint = of_shape(&mut input, shape, way == 0);
    match way {
        0 => {}
        1 => change_tensor(&mut input, &mut checkpoint),
        2 => change_words(&mut input, &mut checkpoint),
        _ => return flip(&mut input, &checkpoint),
    }
    let Ok(bytes) = checkpoint.to_safetensors() else { return assert_ne!(way, 0, "a model cannot be written") };
    let loaded = match Loaded::from_bytes(&bytes, None) {
        Ok(loaded) => loaded.checkpoint,
        Err(error) => return assert_ne!(way, 0, "{error}"),
    };
    let model = SavedModel::from_checkpoint(&loaded);
    // Of more pathways nothing says which they are.
    assert!(way != 0 || model.is_ok() || shape.n_pathways() != 3, "{model:?}");
    if let Ok(model) = model {
        let again = SavedModel::from_checkpoint(&model.to_checkpoint()).expect("what was written");
        assert_eq!(again.digest(), model.digest());
    }
    exports(&loaded);
}

/// With numbers of the fuzzer's choice; where they have to be `finite`, a model of them is one that can be used.
fn of_shape(input: &mut Input, shape: Shape, finite: bool) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    set_dims(&mut checkpoint, &shape.dims(), Some(1 + input.below(9)));
    let pattern: Vec<f32> = (0..1 + input.below(7))
        .map(|_| input.float())
        .map(|value| if finite && !value.is_finite() { 1.0 } else { value })
        .collect();
    for (name, dims) in model_tensors(&shape.dims()) {
        let values = pattern.iter().copied().cycle().take(dims.iter().product()).collect();
        checkpoint.tensors.insert(name, Tensor::new(dims, values).expect("as many as the dimensions say"));
    }
    checkpoint
}

/// One tensor is left out, named otherwise, or has its dimensions the other way round.
fn change_tensor(input: &mut Input, checkpoint: &mut Checkpoint) {
    let at = input.below(checkpoint.tensors.len());
    let tensors = std::mem::take(&mut checkpoint.tensors);
    let changed = |(index, (name, tensor)): (usize, (String, Tensor))| {
        if index != at {
            return Some((name, tensor));
        }
        match input.below(3) {
            0 => None,
            1 => Some((String::from_utf8_lossy(input.slice(40)).into_owned(), tensor)),
            _ => {
                let mut dims = tensor.shape().to_vec();
                dims.reverse();
                Some((name, Tensor::new(dims, tensor.into_data())?))
            }
        }
    };
    checkpoint.tensors = tensors.into_iter().enumerate().filter_map(changed).collect::<BTreeMap<_, _>>();
}

fn change_words(input: &mut Input, checkpoint: &mut Checkpoint) {
    let text = String::from_utf8_lossy(input.slice(80)).into_owned();
    match input.below(2) {
        0 => checkpoint.metadata.values_mut().for_each(|value| value.clone_from(&text)),
        _ => drop(checkpoint.metadata.insert(text.clone(), text)),
    }
}

/// A bit of a number, which a digest in the metadata tells from the one that was saved.
fn flip(input: &mut Input, checkpoint: &Checkpoint) {
    let Ok(mut bytes) = checkpoint.to_safetensors() else { return };
    let behind = usize::from(u16::from_le_bytes(input.bytes())) % 64;
    let at = bytes.len() - 1 - behind;
    let header = 8 + bytes.first_chunk().map_or(0, |len| u64::from_le_bytes(*len)) as usize;
    if at < header {
        return;
    }
    bytes[at] ^= 1 << input.below(8);
    assert!(Loaded::from_bytes(&bytes, None).is_err(), "a flipped bit went unnoticed");
}

fn exports(checkpoint: &Checkpoint) {
    let Ok(described) = dims_of(checkpoint) else { return };
    let Ok(shape) = Shape::new(described.with_top_k(described.top_k.unwrap_or(1))) else { return };
    for format in [Format::Atome01, Format::Atome02, Format::AtomeP3] {
        if let Ok(exported) = export(checkpoint, shape, format, 1) {
            assert!(Model::new(shape, &exported.bytes).is_ok(), "what was exported does not load");
        }
    }
}
