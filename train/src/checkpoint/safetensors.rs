//! Checkpoints as safetensors.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorInfo, TensorView};
use serde::Serialize;

use super::choice::{choose, Listed};
use super::contents::{keys, Checkpoint};
use super::digest::Contents;
use super::error::ContentError;
use super::loaded::Loaded;
use super::names::is_parameter;
use super::number::Number;
use super::tensor::{Tensor, TensorError};
use super::unique::Unique;

/// The file's header. The library's own writer goes through a hash map, so that two runs give metadata in two orders;
/// the same training must give the same bytes.
#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'a str, &'a str>,
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
    let digest = digest_of(checkpoint);
    let words = checkpoint.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let metadata = words.chain([(keys::CONTENTS, digest.as_str())]).collect();
    let mut header = serde_json::to_vec(&Header { metadata, tensors })
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

/// What [`check`] will expect.
fn digest_of(checkpoint: &Checkpoint) -> String {
    let mut contents = Contents::new();
    for (key, value) in checkpoint.metadata.iter().filter(|(key, _)| *key != keys::CONTENTS) {
        contents.word(key, value);
    }
    for (name, tensor) in &checkpoint.tensors {
        contents.tensor(name, &Dtype::F32.to_string(), tensor.shape());
        let (whole, _) = tensor.data().as_chunks::<1024>();
        let rest = tensor.data().get(1024 * whole.len()..).unwrap_or_default();
        for values in whole.iter().map(<[f32; 1024]>::as_slice).chain([rest]) {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            contents.values(&bytes);
        }
    }
    contents.finish()
}

/// Whether a file that says what its contents were still has them.
fn check(metadata: &HashMap<String, String>, views: &[(&str, TensorView<'_>)]) -> Result<(), ContentError> {
    let Some(expected) = metadata.get(keys::CONTENTS) else { return Ok(()) };
    let mut contents = Contents::new();
    let words: BTreeMap<_, _> = metadata.iter().filter(|(key, _)| *key != keys::CONTENTS).collect();
    words.into_iter().for_each(|(key, value)| contents.word(key, value));
    for (name, view) in views {
        contents.tensor(name, &view.dtype().to_string(), view.shape());
        contents.values(view.data());
    }
    let found = contents.finish();
    match found == *expected {
        true => Ok(()),
        false => Err(ContentError::Changed { found, expected: expected.clone() }),
    }
}

/// Reads such a file, ours or anyone's: the weights named `asked`, else the ones that are clearly meant, as f32. A
/// training's own state lies beside them in ours, and tensors of other types in other people's.
///
/// # Errors
/// [`ContentError::Safetensors`] where the library refuses the bytes or a name stands twice, [`ContentError::Changed`] where
/// the file says what its contents were and has others, [`ContentError::Weights`] where the weights are not clear,
/// [`TensorError::WrongType`] where a weight is no float.
pub fn read(bytes: &[u8], asked: Option<&str>) -> Result<Loaded, ContentError> {
    let refused = |error: safetensors::SafeTensorError| ContentError::Safetensors(error.to_string());
    let (len, header) = SafeTensors::read_metadata(bytes).map_err(refused)?;
    let json = bytes.get(8..).and_then(|rest| rest.get(..len)).unwrap_or_default();
    serde_json::from_slice::<Unique>(json)
        .map_err(|error| ContentError::Safetensors(format!("the header: {error}")))?;
    let file = SafeTensors::deserialize(bytes).map_err(refused)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let mut views: Vec<(&str, TensorView<'_>)> = file.iter().collect();
    views.sort_by_key(|&(name, _)| name);
    check(&metadata, &views)?;
    let own = views.len();
    views.extend(metadata.iter().filter_map(|(name, other)| stored_once(&file, name, other)));
    let listed: Vec<Listed<'_>> =
        views.iter().map(|&(name, _)| Listed { name: name.to_owned(), place: None }).collect();
    let mut checkpoint = Checkpoint::default();
    let choice = choose(&listed, asked)?;
    match &choice {
        Some(choice) => {
            for (index, name) in &choice.tensors {
                if let Some((_, view)) = views.get(*index) {
                    if number(view.dtype()).is_some() || is_parameter(name) {
                        checkpoint.tensors.insert(name.clone(), tensor(name, view)?);
                    }
                }
            }
        }
        None => {
            let has_floats = views.iter().any(|(_, view)| number(view.dtype()).is_some());
            for (name, view) in views.iter().take(own) {
                if number(view.dtype()).is_some() || !has_floats {
                    checkpoint.tensors.insert((*name).to_owned(), tensor(name, view)?);
                }
            }
        }
    }
    checkpoint.metadata.extend(metadata);
    // Of this file, and of no other that is made of it.
    checkpoint.metadata.remove(keys::CONTENTS);
    let (label, others) = choice.map(|choice| (choice.label, choice.others)).unwrap_or_default();
    Ok(Loaded { checkpoint, label, others })
}

/// A name that stands for another tensor: of tied weights, the library stores one and says so in the metadata.
fn stored_once<'n, 'f>(file: &SafeTensors<'f>, name: &'n str, other: &str) -> Option<(&'n str, TensorView<'f>)> {
    let is_table = ["embed.weight", "unembed.weight"]
        .iter()
        .any(|end| name.strip_suffix(end).is_some_and(|front| front.is_empty() || front.ends_with('.')));
    match file.tensor(name) {
        Err(_) if is_table => Some((name, file.tensor(other).ok()?)),
        _ => None,
    }
}

fn number(dtype: Dtype) -> Option<Number> {
    match dtype {
        Dtype::F64 => Some(Number::F64),
        Dtype::F32 => Some(Number::F32),
        Dtype::F16 => Some(Number::F16),
        Dtype::BF16 => Some(Number::BF16),
        _ => None,
    }
}

fn tensor(name: &str, view: &TensorView<'_>) -> Result<Tensor, ContentError> {
    let Some(number) = number(view.dtype()) else {
        return Err(TensorError::WrongType { name: name.to_owned(), found: format!("{:?}", view.dtype()) }.into());
    };
    let tensor = Tensor::new(view.shape().to_vec(), number.read_all(view.data()));
    let wrong = || TensorError::Layout {
        name: name.to_owned(),
        what: format!("{} bytes do not fill the shape {:?}", view.data().len(), view.shape()),
    };
    Ok(tensor.ok_or_else(wrong)?)
}
