//! The arithmetic of docs/integer.md, position by position: integers only, with results that no order of sums can change.
//!
//! A second arithmetic beside [`crate::exact`]: the same models and schedules, in a quarter to a third of the memory. Its results
//! are close to the exact ones, not equal to them, and the same everywhere: no rounding depends on an order, a compiler or a chip.
//!
//! | step | here | numbers |
//! |---|---|---|
//! | embed | [`steps`] | 32 bits, with the model's fraction bits |
//! | norm | [`norm`] | 16 bits |
//! | keys, values, queries | [`project`], [`kernel`] | sums of 32 bits, kept in 8 with a shift a row |
//! | router | [`router`], [`softmax`] | shares in units of 2^-15 |
//! | attention | [`attend`] | scores of 64 bits, sums of 32 |
//! | convolution | [`conv`] | 32 bits |
//! | recurrence, mix | [`mix`] | 32 bits |
//! | feed-forward sublayers | [`feed_forward`] | sums of 32 bits, hidden values of 15 |
//! | final norm, logits | [`logits`] | sums of 32 bits, handed out as binary32 |
//!
//! What follows from the weights alone is in [`constants`].

mod arithmetic;
mod attend;
mod constants;
mod conv;
mod feed_forward;
#[cfg(test)]
mod feed_forward_tests;
mod gate;
mod kernel;
mod layout;
mod logits;
mod mix;
mod norm;
mod pass;
mod position;
mod project;
#[cfg(any(kani, atome_proofs))]
#[path = "../proofs/integer.rs"]
mod proofs;
mod refusal;
mod router;
mod scaled;
mod softmax;
mod steps;
mod tables;
#[cfg(vectors)]
mod together;
mod words;
mod workspace;

pub use kernel::products_agree;
pub use layout::{Layout, LayoutError};
pub use refusal::{check, check_head, Check, Reason, Refusal};
pub use workspace::Workspace;

// The sums of every step are bounded for these sizes (docs/integer.md#bounds).

/// The greatest d_model.
const MOST_MODEL: usize = 1024;
/// The greatest d_head.
const MOST_HEAD: usize = 256;
/// The greatest kernel_size.
const MOST_TAPS: usize = 16;
/// The longest sequence.
const MOST_POSITIONS: usize = 4096;

/// Whether the least code counts, and no time: in the profile for size of microcontrollers.
const IS_LEAST: bool = cfg!(all(small, backend = "portable", target_os = "none"));
