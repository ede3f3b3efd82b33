//! Checkpoints to model files: ATOME01, ATOME02 and ATOMEP3, and their C sources.

mod blob;
mod c_bytes;
mod c_classes;
mod c_dialogue;
mod c_name;
mod c_source;
mod pack;
mod quantise;
mod sum;

pub use blob::{export, exportable, Exported, Format, MatrixSummary, USUAL_THREADS};
pub use c_bytes::{comment, declaration, rows};
pub use c_classes::classes_in_c;
pub use c_name::{check_name, identifier, macro_stem, NameError};
pub use c_source::{array, header, CFile, CModel};
pub(crate) use quantise::scale;
pub use quantise::{quantise, Levels, Quantised};
