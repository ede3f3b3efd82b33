//! Model files, read in place.
//!
//! A file is a magic, then sections without gaps or alignment in the order of a [table](`entries`). Files carry no shape:
//! the reader is told. See docs/formats.md#the-body.

mod classifier;
mod coded;
mod cursor;
mod error;
mod feed_forward;
mod model;
mod sections;
mod table;
mod two_bits;
mod whole_model;

pub use classifier::{classifier_body, Classifier, ClassifierBody};
pub use coded::{any_body, coded_body, unchecked_body, CodedBody};
pub use cursor::Cursor;
pub use error::FormatError;
pub use feed_forward::{sublayer_sections, SublayerSection, Sublayers, SublayersError, MOST_SUBLAYERS};
pub use model::{model_fingerprint, Model};
pub use sections::{packed_body_len, sections, sections_packed, Section};
pub use table::{entries, Entry, Part, SectionKind, BACK, FRONT, LAYER};
pub use two_bits::model_body;
pub use whole_model::{WholeLayer, WholeModel};

/// First bytes of a model file with 2-bit weights.
pub const MAGIC: &[u8; 7] = b"ATOME01";

/// First bytes of a classifier file with 2-bit weights; an i32 class count follows.
pub const CLASSIFIER_MAGIC: &[u8; 9] = b"ATOMECL01";
