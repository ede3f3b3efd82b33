//! How weights lie in bytes, and what may be wrong with them.

use core::fmt;

/// How the weights of a file's matrices lie in bytes (docs/formats.md#packings). Rows follow each other without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Two bits a weight, four to a byte: -1, 0, +1.
    #[default]
    TwoBits,
    /// Base 3, five weights to a byte: -1, 0, +1.
    BaseThree,
    /// Three bits a weight, eight to three bytes: 0, ±1, ±3, ±9.
    PowersOfThree,
}

impl Packing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TwoBits, Self::BaseThree, Self::PowersOfThree];

    /// Bytes of `count` weights, fewer than 2^32 - 3, as in every matrix.
    #[inline(always)]
    #[allow(clippy::manual_div_ceil)] // which takes a core more code
    pub const fn len(self, count: usize) -> usize {
        match self {
            Self::TwoBits => (count + 3) / 4,
            Self::BaseThree => count.div_ceil(5),
            Self::PowersOfThree => 3 * count.div_ceil(8),
        }
    }

    /// Weights and bytes of a group, the least that starts and ends on bytes.
    pub const fn group(self) -> (usize, usize) {
        match self {
            Self::TwoBits => (4, 1),
            Self::BaseThree => (5, 1),
            Self::PowersOfThree => (8, 3),
        }
    }

    /// The packing of a model file with this magic.
    pub fn of_magic(magic: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.magic() == magic)
    }

    /// The first bytes of a model file with such weights.
    pub const fn magic(self) -> &'static [u8; 7] {
        match self {
            Self::TwoBits => b"ATOME01",
            Self::BaseThree => b"ATOME02",
            Self::PowersOfThree => b"ATOMEP3",
        }
    }
}

/// A byte that stands for no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which byte, from the first packed one.
    pub index: usize,
    /// Its value.
    pub found: u8,
    /// What was expected there.
    pub expected: Expected,
}

/// What a byte of packed weights has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The greatest byte is 242.
    BaseThree,
    /// Every code but 111 stands for a weight.
    PowersOfThree,
    /// Behind a matrix's last weight there are zeros.
    Padding,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BaseThree => "0 to 242 (five weights in base 3)",
            Self::PowersOfThree => "no code 111 (000 to 110 stand for weights)",
            Self::Padding => "zeros behind the last weight of the matrix",
        })
    }
}
