//! Why bytes are not the model they were said to be.

use core::fmt;

use crate::weights::Expected;

/// Why a file was refused. Offsets and lengths are in bytes from the start of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The data ends before the magic (and, of a classifier, the class count) is complete.
    TooShort {
        /// What there is.
        len: usize,
        /// What the header takes.
        needed: usize,
    },
    /// The data does not start with the magic of this format.
    BadMagic {
        /// The magic that was expected.
        expected: &'static str,
    },
    /// The class count is not positive or above what the caller has room for.
    BadClassCount {
        /// What the file says.
        found: i32,
        /// The most that is accepted.
        most: usize,
    },
    /// The data ends before the last section of this shape is complete.
    Truncated {
        /// What there is.
        len: usize,
        /// What a file of this shape takes.
        needed: usize,
    },
    /// A byte of a matrix stands for no weights.
    Malformed {
        /// Where it lies.
        offset: usize,
        /// The byte.
        found: u8,
        /// What was expected there.
        expected: Expected,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { len, needed } => write!(f, "{len} bytes, expected a header of {needed} bytes"),
            Self::BadMagic { expected } => write!(f, "offset 0: expected the magic {expected:?}"),
            Self::BadClassCount { found, most } => write!(f, "offset 9: class count {found}, expected 1 to {most}"),
            Self::Truncated { len, needed } => write!(f, "ends at offset {len}, expected {needed} bytes of this shape"),
            Self::Malformed { offset, found, expected } => {
                write!(f, "offset {offset}: byte {found}, expected {expected}")
            }
        }
    }
}

impl core::error::Error for FormatError {}
