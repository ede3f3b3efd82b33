//! A reader for what `torch.save` writes: a zip file of stored entries, a pickle that describes tensors, and their
//! bytes.
//!
//! A pickle is a program. This reader knows the few instructions that such files need and the few names that they may
//! call, gives those a fixed meaning, and refuses everything else by its name and place: nothing is ever executed.

mod archive;
mod pickle;
mod state_dict;
mod storage;

pub use archive::ArchiveError;
pub use pickle::PickleError;
pub use state_dict::read;
