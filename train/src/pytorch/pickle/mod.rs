//! Pickles, as far as `torch.save` writes them.

mod error;
mod global;
mod machine;
mod opcodes;
mod rebuild;
mod value;

pub use error::PickleError;
pub use machine::run;
pub use value::{ElementType, Id, TensorRef, Value, Values};
