//! Reading checkpoints: PyTorch's and safetensors.

use atome_engine::Shape;
use atome_train::checkpoint::{dims_of, Checkpoint, Loaded};
use atome_train::export::{export, Format};
use atome_train::saved::SavedModel;

use crate::archive::around;

/// A checkpoint is refused, or what was read can be written, and read again as the same; and a model in it can be exported.
/// What is no file of its own is taken for the pickle in one.
pub fn checkpoint(data: &[u8]) {
    match Checkpoint::begins_with(data) && !data.starts_with(b"\x80") {
        true => file(data),
        false => file(&around(data)),
    }
}

fn file(data: &[u8]) {
    let loaded = match Loaded::from_bytes(data, None) {
        Ok(loaded) => loaded,
        Err(_) => {
            // Perhaps there are several to choose from.
            let _ = Loaded::from_bytes(data, Some("ema"));
            return;
        }
    };
    for other in loaded.others.iter().take(4) {
        let _ = Loaded::from_bytes(data, Some(other));
    }
    let checkpoint = loaded.checkpoint;
    if let Ok(bytes) = checkpoint.to_safetensors() {
        let again = Checkpoint::from_bytes(&bytes).expect("what was written is read");
        assert_eq!(again.metadata, checkpoint.metadata);
        assert!(again.tensors.keys().eq(checkpoint.tensors.keys()));
    }
    let _ = SavedModel::from_checkpoint(&checkpoint);
    let Ok(described) = dims_of(&checkpoint) else { return };
    let Ok(shape) = Shape::new(described.with_top_k(described.top_k.unwrap_or(1))) else { return };
    for format in [Format::Atome01, Format::Atome02, Format::AtomeP3] {
        if let Ok(exported) = export(&checkpoint, shape, format, 1) {
            assert_eq!(exported.bytes[..7], *format.magic().as_bytes());
        }
    }
}
