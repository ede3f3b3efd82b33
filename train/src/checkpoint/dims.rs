//! A model's sizes: from the description of a checkpoint, else from the shapes of its tensors.

use atome_engine::Dims;
use serde_json::{Map, Value};

use super::choice::names as list;
use super::contents::{keys, Checkpoint};
use super::error::ContentError;
use super::names::{block_name, sublayer_name, SUBLAYER};

/// What a checkpoint says about its model's size. Only tensors tell the truth; [`super::ModelView`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// The sizes; `n_pathways` is less than 3 where pathways were left out, and `top_k` the C header's where none is named.
    pub dims: Dims,
    /// Positions that attention keeps, where they are named; no tensor shows it.
    pub top_k: Option<usize>,
    /// The longest sequence, where it is named; no tensor shows it.
    pub max_seq: Option<usize>,
}

impl Described {
    /// The sizes with this `top_k`.
    pub const fn with_top_k(&self, top_k: usize) -> Dims {
        Dims { top_k, ..self.dims }
    }
}

/// The sizes that the metadata of `checkpoint` names; those that it does not are taken from the tensors' shapes.
///
/// # Errors
/// [`ContentError::Metadata`] where a size is neither named nor to be seen, is no integer from 1 to 65,535, or the
/// description is no JSON object.
pub fn dims_of(checkpoint: &Checkpoint) -> Result<Described, ContentError> {
    let named = match checkpoint.metadata.get(keys::SHAPE) {
        None => Map::new(),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(named)) => named,
            _ => return Err(ContentError::Metadata(format!("{}: expected a JSON object of integers", keys::SHAPE))),
        },
    };
    let size = |name: &str| named.get(name).map(|value| checked(name, value)).transpose();
    let needed = |name: &str, seen: Option<usize>, tensor: &str| {
        match size(name)?.or(seen) {
        Some(size) => Ok(size),
        None => Err(ContentError::Metadata(format!(
            "{name}: not named, and there is no tensor {tensor} to see it from: is this a model of three pathways? Found {}",
            list(checkpoint.tensors.keys().map(String::as_str))
        ))),
    }
    };
    let dimension = |tensor: &str, axis: usize| checkpoint.tensors.get(tensor)?.shape().get(axis).copied();
    let first = |part: &str, axis: usize| dimension(&block_name(0, part), axis);
    let layers = (0..).take_while(|&n| checkpoint.tensors.contains_key(&block_name(n, "norm.weight"))).count();
    let dims = Dims {
        vocab_size: needed("vocab_size", dimension("embed.weight", 0), "embed.weight")?,
        d_model: needed("d_model", dimension("embed.weight", 1), "embed.weight")?,
        n_layers: needed("n_layers", Some(layers).filter(|&count| count > 0), "blocks.0.norm.weight")?,
        d_head: needed("d_head", first("sparse.Wq.weight", 0), "blocks.0.sparse.Wq.weight")?,
        kernel_size: needed("kernel_size", first("local.weight", 2), "blocks.0.local.weight")?,
        n_pathways: needed("n_pathways", first("router.proj.weight", 0), "blocks.0.router.proj.weight")?,
        top_k: size("top_k")?.unwrap_or(Dims::DEFAULT.top_k),
    };
    Ok(Described { dims, top_k: size("top_k")?, max_seq: size("max_seq")? })
}

/// The feed-forward sublayers of each layer of the model in `checkpoint`, as its first layer shows them.
pub fn sublayers(checkpoint: &Checkpoint) -> usize {
    let has = |index| SUBLAYER.iter().any(|part| checkpoint.tensors.contains_key(&sublayer_name(0, index, part)));
    (0..).take_while(|&index| has(index)).count()
}

fn checked(name: &str, value: &Value) -> Result<usize, ContentError> {
    value
        .as_u64()
        .and_then(|size| u16::try_from(size).ok())
        .filter(|&size| size > 0)
        .map(usize::from)
        .ok_or_else(|| ContentError::Metadata(format!("{name} is {value}, expected an integer from 1 to 65535")))
}

/// Describes the sizes of the model in `checkpoint`.
pub fn set_dims(checkpoint: &mut Checkpoint, dims: &Dims, max_seq: Option<usize>) {
    let mut named: Map<String, Value> =
        dims.named().into_iter().map(|(name, size)| (name.to_owned(), size.into())).collect();
    named.extend(max_seq.map(|size| ("max_seq".to_owned(), size.into())));
    checkpoint.metadata.insert(keys::SHAPE.to_owned(), Value::Object(named).to_string());
}
