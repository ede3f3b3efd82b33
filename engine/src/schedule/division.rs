//! A sequence of which only the first positions stay.

use crate::layout::Layout;

/// How a sequence is divided into first positions, which stay, and others.
#[derive(Clone, Copy)]
pub(crate) struct Division {
    /// How many stay.
    pub first: usize,
    /// How many others there may be.
    pub others: usize,
}

impl Division {
    /// `first` of at most as many positions as `layout` has.
    pub fn new(layout: &Layout, first: usize) -> Self {
        Self { first, others: layout.max_seq() - first }
    }
}
