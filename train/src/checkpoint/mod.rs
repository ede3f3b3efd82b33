//! Named f32 tensors with a description, in safetensors files or read from PyTorch's.
//!
//! Files of other trainings are read, too: [`Loaded`] tells which of their tensors were taken.

pub mod atomic;
mod choice;
mod contents;
mod digest;
mod dims;
mod error;
mod file;
mod loaded;
mod names;
mod number;
mod read;
mod safetensors;
mod save;
mod tensor;
mod unique;
mod view;

pub use contents::{keys, Checkpoint};
pub use dims::{dims_of, set_dims, sublayers, Described};
pub use error::{CheckpointError, ContentError};
pub use loaded::Loaded;
pub use names::{block_name, model_tensors, section_tensors, sublayer_name, sublayer_tensors, SectionTensor};
pub use number::Number;
pub use tensor::{elements, Tensor, TensorError};
pub use view::ModelView;

pub(crate) use choice::{choose, shown, Listed};
pub(crate) use names::{is_parameter, is_part_of_a_model, LATEST, MEAN, SQUARE};
