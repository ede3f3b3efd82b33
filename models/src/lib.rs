//! The default model, and all that makes it: a corpus written by seed, the recipe, the score.
//!
//! `cargo xtask model` goes from the word lists in `models/corpus` to `models/default.bin`, bit for bit.

pub mod calibration;
pub mod classifier;
pub mod conversation;
pub mod embedded;
pub mod knowledge;
pub mod noise;
pub mod phrasing;
pub mod records;
pub mod report;
pub mod score;
pub mod training;
