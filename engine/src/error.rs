//! Why a run did not start.

use core::fmt;

use crate::grammar::NoText;

/// Why a prediction, generation or classification did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError {
    /// There was no token to start from.
    NoTokens,
    /// The model's shape is not the one that the workspace was laid out for.
    ShapeMismatch,
    /// A stream needs every layer's memory, which only the cached plan keeps.
    NotCached,
    /// A layer's weights are missing or too few: a [`crate::Weights`] that breaks its promise. What the run had written
    /// stays, and is not taken for a result.
    BrokenWeights,
    /// Nothing that the grammar allows can be generated here.
    NoText(NoText),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoText(why) => return why.fmt(f),
            Self::NoTokens => "no tokens were given, expected at least one",
            Self::NotCached => "a stream needs a workspace of the cached plan",
            Self::BrokenWeights => "a layer's weights are missing or of the wrong size",
            Self::ShapeMismatch => "the model's shape differs from the shape that the workspace was laid out for",
        })
    }
}

impl core::error::Error for RunError {}
