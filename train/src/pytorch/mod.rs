//! A reader for what `torch.save` writes: a zip file of stored entries, a pickle that describes tensors, and their
//! bytes.
//!
//! A pickle is a program. This reader knows the instructions that such files need and the few names that describe tensors,
//! and gives those a fixed meaning. Whatever else is named stays a name, and is passed over: nothing is ever executed.

mod archive;
mod description;
mod pickle;
mod state_dict;
mod storage;
mod tree;

pub use archive::ArchiveError;
pub use pickle::PickleError;
pub use state_dict::read;
