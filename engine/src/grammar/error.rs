//! Why a table is refused.

use core::fmt;

/// Why bytes are no grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrammarError {
    /// They do not begin as a table does.
    NotAGrammar,
    /// They are too few or too many.
    Length {
        /// How many there are.
        len: usize,
        /// How many a table that begins so has.
        needed: usize,
    },
    /// What is at an offset contradicts the rest.
    Table {
        /// Bytes from the start.
        offset: usize,
        /// What belongs there.
        expected: &'static str,
    },
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAGrammar => f.write_str("is no compiled grammar, expected the magic ATOMEGR1"),
            Self::Length { len, needed } => write!(f, "has {len} bytes, expected a grammar of {needed}"),
            Self::Table { offset, expected } => write!(f, "offset {offset}: expected {expected}"),
        }
    }
}

impl core::error::Error for GrammarError {}
