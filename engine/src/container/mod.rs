//! ATOMEBOX, a file that says what is in it: a model file of the plain formats with its shape, a checksum, a place for a
//! signature, notes for people and parts such as a vocabulary. `docs/container.md` describes every byte.
//!
//! ```
//! use atome_engine::container::{self, Container, Description, WeightFormat};
//! use atome_engine::{Dims, Model, Shape};
//!
//! let shape = Shape::new(Dims { d_model: 8, d_head: 4, n_layers: 1, vocab_size: 16, ..Dims::DEFAULT })?;
//! let mut plain = vec![0; Model::blob_len(&shape)];
//! plain[..7].copy_from_slice(b"ATOME01");
//!
//! let about = Description::new(shape, 32, WeightFormat::TwoBits);
//! let notes = [("name", "nothing but zeros")];
//! let mut file = vec![0; container::file_len(&about, &notes, &plain).unwrap()];
//! container::write(&about, &notes, &plain, &mut file).unwrap();
//!
//! let read = Container::open(&file)?;
//! assert_eq!(read.about().shape, shape);
//! assert_eq!(read.notes().next(), Some(Ok(("name", "nothing but zeros"))));
//! let model = Model::new(shape, read.payload())?; // in place
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod crc;
mod error;
mod fields;
mod header;
mod notes;
mod part_kind;
mod parts;
#[cfg(test)]
mod parts_tests;
#[cfg(any(kani, atome_proofs))]
#[path = "../proofs/container.rs"]
mod proofs;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use crc::crc32;
pub use error::{ContainerError, PartFault};
pub use header::{Description, Tokenizer, WeightFormat};
pub use notes::Notes;
pub use part_kind::PartKind;
pub use parts::{Parts, MOST_PARTS, PART_ALIGNMENT};
pub use read::Container;
pub use write::{file_len, put_signature, write, Contents};

/// First bytes of a container.
pub const MAGIC: &[u8; 8] = b"ATOMEBOX";

/// The version of the layout that this library reads and writes.
pub const VERSION: u16 = 1;

/// Bytes of a signature (Ed25519), and of its place in every container.
pub const SIGNATURE_LEN: usize = 64;

/// Bytes of a key's id: the first ones of the public key.
pub const KEY_ID_LEN: usize = 4;

/// Bytes behind the payload: the signature and the checksum.
const TAIL_LEN: usize = SIGNATURE_LEN + 4;
