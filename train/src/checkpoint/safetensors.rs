//! Checkpoints as safetensors.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorInfo};
use serde::Serialize;

use super::error::ContentError;
use super::tensor::{Tensor, TensorError};
use super::Checkpoint;

/// The file's header. The library's own writer goes through a hash map, so that two runs give metadata in two orders;
/// the same training must give the same bytes.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<&'a str, TensorInfo>,
}

/// The file: length of the header (u64), header (JSON, filled up with blanks to 8 bytes), values. Equal checkpoints
/// give equal bytes.
///
/// # Errors
/// [`ContentError::Safetensors`] where a tensor is named like the metadata.
pub fn write(checkpoint: &Checkpoint) -> Result<Vec<u8>, ContentError> {
    if checkpoint.tensors.contains_key("__metadata__") {
        return Err(ContentError::Safetensors("a tensor cannot be named __metadata__".to_owned()));
    }
    let mut end = 0;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in &checkpoint.tensors {
        let start = end;
        end += 4 * tensor.data().len();
        let info = TensorInfo { dtype: Dtype::F32, shape: tensor.shape().to_vec(), data_offsets: (start, end) };
        tensors.insert(name.as_str(), info);
    }
    let mut header = serde_json::to_vec(&Header { metadata: &checkpoint.metadata, tensors })
        .map_err(|error| ContentError::Safetensors(error.to_string()))?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for tensor in checkpoint.tensors.values() {
        bytes.extend(tensor.data().iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(bytes)
}

/// Reads such a file, ours or anyone's, of f32 tensors.
///
/// # Errors
/// [`ContentError::Safetensors`] where the library refuses the bytes, [`TensorError::WrongType`] where a tensor is of
/// another type.
pub fn read(bytes: &[u8]) -> Result<Checkpoint, ContentError> {
    let refused = |error: safetensors::SafeTensorError| ContentError::Safetensors(error.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(refused)?;
    let file = SafeTensors::deserialize(bytes).map_err(refused)?;
    let mut checkpoint = Checkpoint::default();
    checkpoint.metadata.extend(header.metadata().clone().unwrap_or_default());
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            let found = format!("{:?}", view.dtype());
            return Err(TensorError::WrongType { name: name.to_owned(), found }.into());
        }
        let data = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let tensor = Tensor::new(view.shape().to_vec(), data).ok_or_else(|| TensorError::Layout {
            name: name.to_owned(),
            what: format!("{} bytes do not fill the shape {:?}", view.data().len(), view.shape()),
        })?;
        checkpoint.tensors.insert(name.to_owned(), tensor);
    }
    Ok(checkpoint)
}
