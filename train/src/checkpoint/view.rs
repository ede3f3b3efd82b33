//! The tensors of a model, found and checked.

use std::collections::BTreeSet;

use atome_engine::{Dims, Shape};

use super::contents::Checkpoint;
use super::names::{block_name, block_tensors, is_model_name, model_tensors};
use super::tensor::TensorError;

/// All values of a model, row-major as PyTorch has them.
#[derive(Clone, Debug)]
pub struct ModelView<'a> {
    /// The sizes that every slice below has.
    pub shape: Shape,
    /// vocab_size rows of d_model.
    pub embed: &'a [f32],
    /// n_layers of them.
    pub blocks: Vec<BlockView<'a>>,
    /// d_model values.
    pub final_gamma: &'a [f32],
    /// d_model values.
    pub final_beta: &'a [f32],
    /// vocab_size rows of d_model.
    pub unembed: &'a [f32],
}

/// All values of one layer.
#[derive(Clone, Copy, Debug)]
pub struct BlockView<'a> {
    /// d_model values.
    pub gamma: &'a [f32],
    /// d_model values.
    pub beta: &'a [f32],
    /// d_model rows of kernel_size taps, the oldest position first: model files have them the other way round.
    pub conv: &'a [f32],
    /// d_model values.
    pub a_raw: &'a [f32],
    /// d_model values.
    pub b: &'a [f32],
    /// d_model values.
    pub c_out: &'a [f32],
    /// d_head rows of d_model.
    pub wq: &'a [f32],
    /// d_head rows of d_model.
    pub wk: &'a [f32],
    /// d_model rows of d_model.
    pub wv: &'a [f32],
    /// n_pathways rows of d_model.
    pub router: &'a [f32],
}

impl<'a> ModelView<'a> {
    /// The model of this shape in `checkpoint`. Tensors that are no part of any model, such as an optimiser's, may lie
    /// beside it.
    ///
    /// # Errors
    /// [`TensorError`] names the first tensor, in the order of a file's sections, that is missing or has another shape;
    /// else one with a model's name that this shape has no place for, because leaving it out would give another model.
    pub fn new(checkpoint: &'a Checkpoint, shape: Shape) -> Result<Self, TensorError> {
        let dims = shape.dims();
        let find = |name: &str, expected: &[usize]| find(checkpoint, name, expected);
        let (d, vocab_size) = (dims.d_model, dims.vocab_size);
        let embed = find("embed.weight", &[vocab_size, d])?;
        let mut blocks = Vec::new();
        for layer in 0..dims.n_layers {
            blocks.push(BlockView::new(checkpoint, &dims, layer)?);
        }
        let view = Self {
            shape,
            embed,
            blocks,
            final_gamma: find("final_norm.weight", &[d])?,
            final_beta: find("final_norm.bias", &[d])?,
            unembed: find("unembed.weight", &[vocab_size, d])?,
        };
        let expected: BTreeSet<String> = model_tensors(&dims).map(|(name, _)| name).collect();
        match checkpoint.tensors.keys().find(|name| is_model_name(name) && !expected.contains(*name)) {
            Some(name) => Err(TensorError::Unexpected { name: name.clone() }),
            None => Ok(view),
        }
    }
}

impl<'a> BlockView<'a> {
    fn new(checkpoint: &'a Checkpoint, dims: &Dims, layer: usize) -> Result<Self, TensorError> {
        let mut found = [[].as_slice(); 10];
        for (slot, (part, shape)) in found.iter_mut().zip(block_tensors(dims)) {
            *slot = find(checkpoint, &block_name(layer, part), &shape)?;
        }
        let [gamma, beta, conv, a_raw, b, c_out, wq, wk, wv, router] = found;
        Ok(Self { gamma, beta, conv, a_raw, b, c_out, wq, wk, wv, router })
    }
}

fn find<'a>(checkpoint: &'a Checkpoint, name: &str, expected: &[usize]) -> Result<&'a [f32], TensorError> {
    let (name, expected) = (name.to_owned(), expected.to_vec());
    match checkpoint.tensors.get(&name) {
        None => Err(TensorError::Missing { name, expected }),
        Some(tensor) if tensor.shape() != expected => {
            Err(TensorError::WrongShape { name, found: tensor.shape().to_vec(), expected })
        }
        Some(tensor) => Ok(tensor.data()),
    }
}
