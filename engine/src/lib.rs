//! The inference engine of Atome LM, a tiny ternary language model for microcontrollers.
//!
//! Data flows one way: bytes -> [`format`] (borrowed views, nothing copied) -> [`Model`] -> forward pass over a
//! [`Workspace`] -> logits -> [`sample`]. The crate needs no standard library, allocates nothing and never panics. Unsafe
//! code is confined to [`kernel`] (vector instructions, assembly), to [`math`] and to one function of [`bytes`].
//!
//! ```
//! use atome_engine::{predict_next, Dims, Layout, Model, Plan, Shape, Workspace};
//!
//! const SHAPE: Shape = match Shape::new(Dims { d_model: 8, d_head: 4, n_layers: 1, vocab_size: 16, ..Dims::DEFAULT }) {
//!     Ok(shape) => shape,
//!     Err(_) => panic!("checked by the compiler"),
//! };
//! const LAYOUT: Layout = match Layout::new(SHAPE, 12, Plan::Cached) {
//!     Ok(layout) => layout,
//!     Err(_) => panic!("checked by the compiler"),
//! };
//!
//! let mut blob = [0; Model::blob_len(&SHAPE)]; // in firmware: the exported file, in flash
//! blob[..7].copy_from_slice(b"ATOME01");
//! let model = Model::new(SHAPE, &blob)?;
//!
//! let mut floats = [0.0; LAYOUT.floats()]; // in firmware: statics
//! let mut words = [0; LAYOUT.words()];
//! let mut workspace = Workspace::new(&LAYOUT, &mut floats, &mut words)?;
//! let next = predict_next(&model, &mut workspace, [7, 3])?;
//! assert_eq!(next, 0); // all weights are zero here
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every value is defined by the numeric contract (binary32, rounded after every operation, sums in a fixed order): see
//! [`kernel`], which reads like it.
//!
//! Compiled for release, loading, predicting, steps and the exact self-test take less than 16 KB of stack on x86-64, whatever the
//! shape and the kernel; what several positions need at a time lies in the workspace where it has room.
#![no_std]
// Proofs export their names, which counts as unsafe.
#![cfg_attr(not(atome_proofs), deny(unsafe_code))]

mod argmax;
pub mod bytes;
mod classify;
mod codec;
pub mod container;
pub mod dialogue;
mod entropy;
mod error;
mod exact;
mod fingerprint;
pub mod format;
mod generate;
pub mod grammar;
mod held;
pub mod integer;
pub mod kernel;
mod layout;
pub mod math;
mod parts;
mod predict;
#[cfg(any(kani, atome_proofs))]
mod proofs;
mod run;
pub mod sample;
mod schedule;
mod self_test;
mod shape;
mod step;
mod tiled;
pub mod vocabulary;
mod weights;

#[cfg(test)]
extern crate std;

// The integration tests have it too.
#[cfg(test)]
#[allow(dead_code)]
#[path = "../tests/common/random.rs"]
mod random;

pub use argmax::argmax;
pub use classify::classify;
pub use codec::{BASE_THREE, POWERS_OF_THREE};
pub use entropy::entropy;
pub use error::RunError;
pub use exact::{AttentionMemory, Workspace, WorkspaceError};
pub use fingerprint::{fingerprint, Fingerprint};
pub use format::{Classifier, FormatError, Model, WholeModel};
pub use generate::{generate, generate_constrained, generate_sliding, Room};
pub use held::Held;
pub use layout::{c99_state_bytes, Layout, Plan, TAG_WORDS};
pub use parts::Part;
pub use predict::{predict_next, predict_next_observed};
pub use run::{start_cached, start_partial, Run};
pub use schedule::{Arithmetic, Prefix, RouterReading, Start};
pub use self_test::{self_test, SelfTestError};
pub use shape::{Dims, Shape, ShapeError};
pub use step::{step, step_observed};
pub use tiled::{Tiled, TiledLayer};
pub use weights::{
    Attention, Block, Codec, Conv, Expected, Fault, FeedForward, Floats, Layer, Matrix, Norm, Packing, Pathways, Ssm,
    Trit, Trits, Weights,
};
