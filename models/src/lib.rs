//! The default model, and all that makes it: a corpus written by seed, the recipe, the score.
//!
//! `cargo xtask model` goes from the word lists in `models/corpus` to `models/default.bin`, bit for bit.

pub mod conversation;
pub mod knowledge;
pub mod noise;
pub mod phrasing;
pub mod records;
pub mod training;

/// The default model: ATOME01.
pub const MODEL: &[u8] = include_bytes!("../default.bin");

/// Its shape and the limits below which an answer counts as unsure: JSON.
pub const SIDECAR: &str = include_str!("../default.json");
