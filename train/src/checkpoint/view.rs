//! The tensors of a model, found and checked.

use std::collections::BTreeSet;

use atome_engine::format::MOST_SUBLAYERS;
use atome_engine::Shape;

use super::contents::Checkpoint;
use super::dims::sublayers;
use super::names::{is_model_name, section_tensors, sublayer_tensors, SectionTensor};
use super::tensor::TensorError;

/// All values of a model, row-major as PyTorch has them.
#[derive(Clone, Debug)]
pub struct ModelView<'a> {
    /// The sizes that every tensor has.
    pub shape: Shape,
    /// The tensors in the order of a file's sections, each with as many values as its sizes say.
    pub tensors: Vec<(SectionTensor, &'a [f32])>,
    /// The tensors of the feed-forward sublayers of each layer, layer by layer, in the order of a file: their names, shapes
    /// and values.
    pub feed_forward: Vec<(String, Vec<usize>, &'a [f32])>,
    /// Sublayers of each layer.
    pub sublayers: usize,
}

impl<'a> ModelView<'a> {
    /// The model of this shape in `checkpoint`. Tensors that are no part of any model, such as an optimiser's, may lie
    /// beside it.
    ///
    /// # Errors
    /// [`TensorError`] names the first tensor, in the order of a file's sections, that is missing or has another shape;
    /// else one with a model's name that this shape has no place for, because leaving it out would give another model.
    pub fn new(checkpoint: &'a Checkpoint, shape: Shape) -> Result<Self, TensorError> {
        let mut tensors = Vec::new();
        for tensor in section_tensors(&shape.dims()) {
            let values = find(checkpoint, &tensor.name, &tensor.shape)?;
            tensors.push((tensor, values));
        }
        // One more is unexpected.
        let (sublayers, mut feed_forward) = (sublayers(checkpoint).min(MOST_SUBLAYERS), Vec::new());
        for layer in 0..shape.n_layers() {
            for (name, sizes) in (0..sublayers).flat_map(|index| sublayer_tensors(layer, index, shape.d_model())) {
                let values = find(checkpoint, &name, &sizes)?;
                feed_forward.push((name, sizes, values));
            }
        }
        let names = tensors.iter().map(|(tensor, _)| tensor.name.as_str());
        let expected: BTreeSet<&str> = names.chain(feed_forward.iter().map(|(name, ..)| name.as_str())).collect();
        match checkpoint.tensors.keys().find(|name| is_model_name(name) && !expected.contains(name.as_str())) {
            Some(name) => Err(TensorError::Unexpected { name: name.clone() }),
            None => Ok(Self { shape, tensors, feed_forward, sublayers }),
        }
    }
}

fn find<'a>(checkpoint: &'a Checkpoint, name: &str, shape: &[usize]) -> Result<&'a [f32], TensorError> {
    let (name, expected) = (name.to_owned(), shape.to_vec());
    match checkpoint.tensors.get(&name) {
        None => Err(TensorError::Missing { name, expected }),
        Some(tensor) if tensor.shape() != shape => {
            Err(TensorError::WrongShape { name, found: tensor.shape().to_vec(), expected })
        }
        Some(tensor) => Ok(tensor.data()),
    }
}
