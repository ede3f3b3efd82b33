//! Pickles, as far as `torch.save` writes them.

mod error;
mod global;
mod machine;
mod opcodes;
mod reader;
mod rebuild;
mod stack;
mod value;

pub use error::PickleError;
pub use machine::run;
pub use value::{Id, TensorRef, Value, Values};
