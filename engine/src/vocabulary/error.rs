//! Why bytes are not a vocabulary, or not that of a model.

use core::fmt;

use super::{BYTES, LONGEST, LONGEST_NAME, MOST_SPECIALS};

/// Why a vocabulary was refused. Offsets are in bytes from the start of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VocabularyError {
    /// The part does not end where its tables say.
    Length {
        /// Bytes that there are.
        found: usize,
        /// What the tables say, or the least that they need.
        expected: usize,
    },
    /// The model has another number of tokens.
    Tokens {
        /// The vocabulary's.
        found: usize,
        /// The model's.
        expected: usize,
    },
    /// There are more special tokens than entries, or than there may be.
    Specials {
        /// How many the part says.
        found: usize,
    },
    /// A token is not what it may be.
    Entry {
        /// Which.
        token: usize,
        /// Why not.
        fault: EntryFault,
    },
    /// The index does not lead to the subwords that begin with a byte.
    Index {
        /// Where its number lies.
        offset: usize,
    },
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFault {
    /// Its text is too short, too long, or not behind that of the token before it.
    Length,
    /// A subword does not follow the one before it in the order of bytes.
    Order,
    /// There is a line end in a subword. A line end ends answers, and is a token of its own for certain.
    LineEnd,
    /// A special token's name is no UTF-8, or that of another one.
    Name,
}

impl EntryFault {
    /// What belongs there.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Length => "a subword of 2 to 16 bytes or a name of 1 to 64, behind the token before it",
            Self::Order => "subwords in the order of their bytes, each once",
            Self::LineEnd => "subwords without line ends",
            Self::Name => "a name of UTF-8 that no other special token has",
        }
    }
}

const _: () = assert!(LONGEST == 16 && LONGEST_NAME == 64 && MOST_SPECIALS == 64);

impl VocabularyError {
    /// What belongs to the place that is wrong.
    pub const fn expected(&self) -> &'static str {
        match self {
            Self::Length { .. } => "a part that ends with the last token's text",
            Self::Tokens { .. } => "as many tokens as the model has",
            Self::Specials { .. } => "at most 64 special tokens, among the entries",
            Self::Entry { fault, .. } => fault.expected(),
            Self::Index { .. } => "the number of subwords that begin with a lower byte",
        }
    }
}

impl fmt::Display for VocabularyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected();
        match self {
            Self::Length { found, expected: len } => {
                write!(f, "vocabulary of {found} bytes, expected {len}: {expected}")
            }
            Self::Tokens { found, expected: tokens } => {
                write!(f, "vocabulary of {found} tokens, expected {tokens}: {expected}")
            }
            Self::Specials { found } => write!(f, "vocabulary: offset 2: {found} special tokens, expected {expected}"),
            Self::Entry { token, .. } => {
                write!(f, "vocabulary: token {token} (entry {}): expected {expected}", token.saturating_sub(BYTES))
            }
            Self::Index { offset } => write!(f, "vocabulary: offset {offset}: expected {expected}"),
        }
    }
}

impl core::error::Error for VocabularyError {}
