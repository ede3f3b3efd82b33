//! Named f32 tensors with a description, in safetensors files or read from PyTorch's.
//!
//! Files of other trainings are read, too: [`Loaded`] tells which of their tensors were taken.

pub mod atomic;
mod choice;
mod dims;
mod error;
mod file;
mod loaded;
mod names;
mod number;
mod safetensors;
mod tensor;
mod view;

use std::collections::BTreeMap;
use std::path::Path;

pub use dims::{dims_of, set_dims, Described};
pub use error::{CheckpointError, ContentError};
pub use loaded::Loaded;
pub use names::{block_name, model_tensors};
pub use number::Number;
pub use tensor::{elements, Tensor, TensorError};
pub use view::{BlockView, ModelView};

pub(crate) use choice::{choose, shown, Listed};
pub(crate) use names::{is_parameter, is_part_of_a_model, MEAN, SQUARE};

use file::Format;

/// Keys of [`Checkpoint::metadata`] that this crate writes.
pub mod keys {
    /// The model's sizes: a JSON object of integers, such as `{"d_model":64,...}`.
    pub const SHAPE: &str = "shape";
    /// How it was trained: free text, JSON where this crate trained it.
    pub const RECIPE: &str = "recipe";
    /// Digest of the text that it was trained on.
    pub const CORPUS: &str = "corpus_digest";
    /// The configuration of a model that this crate trained, as JSON.
    pub const MODEL: &str = "model";
    /// All of them: words of other programs under these names are not taken for ours.
    pub(crate) const RESERVED: [&str; 4] = [SHAPE, RECIPE, CORPUS, MODEL];
}

/// Tensors by name, with strings that describe them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Model tensors have PyTorch's names ([`model_tensors`]); a training's own state may lie beside them.
    pub tensors: BTreeMap<String, Tensor>,
    /// The description: see [`keys`].
    pub metadata: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Reads a file of either format, told apart by its first bytes.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file, and the place and what was expected where its bytes are wrong.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        Ok(Loaded::load(path, None)?.checkpoint)
    }

    /// Whether the first bytes of a file, 9 or more, are those of a checkpoint, if perhaps of a kind that is not read.
    pub fn begins_with(start: &[u8]) -> bool {
        Format::of(start).is_ok() || file::is_pickle(start)
    }

    /// Reads the bytes of a file of either format.
    ///
    /// # Errors
    /// [`ContentError`] names the place and what was expected.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContentError> {
        Ok(Loaded::from_bytes(bytes, None)?.checkpoint)
    }

    /// Makes the embedding the unembedding, too, where there is none.
    pub(crate) fn tie(&mut self) {
        if let (Some(embed), false) = (self.tensors.get("embed.weight"), self.tensors.contains_key("unembed.weight")) {
            let unembed = embed.clone();
            self.tensors.insert("unembed.weight".to_owned(), unembed);
        }
    }

    /// The bytes of a safetensors file. Equal checkpoints give equal bytes.
    ///
    /// # Errors
    /// [`ContentError::Safetensors`] where a tensor is named `__metadata__`.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, ContentError> {
        safetensors::write(self)
    }

    /// Saves a safetensors file: whatever happens, `path` leads to all of the old bytes or all of the new.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file and the reason, such as a full disk or a folder that cannot be written to.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = self.to_safetensors().map_err(CheckpointError::content(path))?;
        atomic::write_atomic(path, &bytes).map_err(CheckpointError::io(path, "save"))
    }
}
