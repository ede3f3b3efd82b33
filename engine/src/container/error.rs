//! Why bytes are not a container, or not one for this program.

use core::fmt;

use super::fields::{self, expected};
use super::part_kind::PartKind;
use crate::shape::Shape;

/// Why a container was refused. Offsets and lengths are in bytes from the start of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerError {
    /// The data does not start with the magic, or ends before the header does.
    NotAContainer,
    /// The layout is of another version.
    Version {
        /// What the file says.
        found: u16,
    },
    /// The data ends before the container does.
    Truncated {
        /// What there is.
        len: usize,
        /// What the header says.
        needed: usize,
    },
    /// A bit is wrong somewhere.
    Checksum {
        /// What the file says.
        found: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The checksum holds, but a number is out of range or contradicts another.
    Field {
        /// Where; [`ContainerError::expected`] says what belongs there.
        offset: usize,
    },
    /// The table of parts is wrong, or names what this library cannot do without and does not know.
    Part {
        /// Where the table, or the part's line of it, begins.
        offset: usize,
        /// What is wrong with it.
        fault: PartFault,
    },
    /// The model is of another shape than the program.
    Shape {
        /// The container's.
        container: Shape,
        /// The program's.
        program: Shape,
    },
    /// The model is for another product.
    Product {
        /// The container's.
        container: u32,
        /// The program's.
        program: u32,
    },
    /// The model is older than the program takes.
    Outdated {
        /// The container's version.
        found: u32,
        /// The lowest that will do.
        least: u32,
    },
}

/// What is wrong with a container's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartFault {
    /// There is no table of parts in front of the payload.
    Table,
    /// A part's kind is not above that of the part before it.
    Order,
    /// A part is of a kind that no reader may do without, and that this library does not know.
    Unknown(PartKind),
    /// The model has feed-forward sublayers, which this program does not compute.
    FeedForward,
    /// A part is not where one may be.
    Place,
}

impl PartFault {
    /// What belongs there.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Table => "a table of 1 to 16 parts in front of the payload",
            Self::Order => "parts of rising kinds from 1 on, and reserved bytes of 0",
            Self::Unknown(_) => "parts of kinds 1 to 3, or kinds from 32768 on: the model needs a later engine",
            Self::FeedForward => "a model without feed-forward sublayers (kind 3), which this program does not compute",
            Self::Place => "a part at a multiple of 4, behind the one before it and in front of the payload",
        }
    }
}

impl ContainerError {
    /// What belongs to the place that `Field` or `Part` names; empty for other errors.
    pub const fn expected(&self) -> &'static str {
        match *self {
            Self::Field { offset } => expected(offset),
            Self::Part { fault, .. } => fault.expected(),
            _ => "",
        }
    }
}

/// A shape in one line, every number named.
struct InWords<'s>(&'s Shape);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims = self.0.dims();
        write!(
            f,
            "vocab_size={} d_model={} n_layers={} d_head={} kernel_size={} n_pathways={} top_k={}",
            dims.vocab_size, dims.d_model, dims.n_layers, dims.d_head, dims.kernel_size, dims.n_pathways, dims.top_k
        )
    }
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAContainer => write!(f, "offset 0: expected the magic \"ATOMEBOX\" and a whole header"),
            Self::Version { found } => {
                write!(f, "offset 8: container of version {found}, expected {}", super::VERSION)
            }
            Self::Truncated { len, needed } => {
                // How long the container is stands in its header; without one there is only the least.
                let least = if *needed == fields::LEN { "at least " } else { "" };
                write!(f, "ends at offset {len}, expected a container of {least}{needed} bytes")
            }
            Self::Checksum { found, computed } => {
                write!(f, "the checksum is {computed:08x}, expected {found:08x}: the container is damaged")
            }
            Self::Field { offset } => write!(f, "offset {offset}: expected {}", expected(*offset)),
            Self::Part { offset, fault: PartFault::Unknown(kind) } => {
                let expected = PartFault::Unknown(*kind).expected();
                write!(f, "offset {offset}: a part of kind {}, expected {expected}", kind.number())
            }
            Self::Part { offset, fault } => write!(f, "offset {offset}: expected {}", fault.expected()),
            Self::Shape { container, program } => write!(
                f,
                "the model's shape is {}, the program's {}: expected the same",
                InWords(container),
                InWords(program)
            ),
            Self::Product { container, program } => {
                write!(f, "the model is for product {container}, expected product {program}")
            }
            Self::Outdated { found, least } => {
                write!(f, "the model is of version {found}, expected version {least} or a later one")
            }
        }
    }
}

impl core::error::Error for ContainerError {}
