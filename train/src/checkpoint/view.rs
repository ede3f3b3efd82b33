//! The tensors of a model, found and checked.

use std::collections::BTreeSet;

use atome_engine::Shape;

use super::contents::Checkpoint;
use super::names::{is_model_name, section_tensors, SectionTensor};
use super::tensor::TensorError;

/// All values of a model, row-major as PyTorch has them.
#[derive(Clone, Debug)]
pub struct ModelView<'a> {
    /// The sizes that every tensor has.
    pub shape: Shape,
    /// The tensors in the order of a file's sections, each with as many values as its sizes say.
    pub tensors: Vec<(SectionTensor, &'a [f32])>,
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
            let values = find(checkpoint, &tensor)?;
            tensors.push((tensor, values));
        }
        let expected: BTreeSet<&str> = tensors.iter().map(|(tensor, _)| tensor.name.as_str()).collect();
        match checkpoint.tensors.keys().find(|name| is_model_name(name) && !expected.contains(name.as_str())) {
            Some(name) => Err(TensorError::Unexpected { name: name.clone() }),
            None => Ok(Self { shape, tensors }),
        }
    }
}

fn find<'a>(checkpoint: &'a Checkpoint, wanted: &SectionTensor) -> Result<&'a [f32], TensorError> {
    let SectionTensor { name, shape, .. } = wanted.clone();
    match checkpoint.tensors.get(&name) {
        None => Err(TensorError::Missing { name, expected: shape }),
        Some(tensor) if tensor.shape() != shape => {
            Err(TensorError::WrongShape { name, found: tensor.shape().to_vec(), expected: shape })
        }
        Some(tensor) => Ok(tensor.data()),
    }
}
