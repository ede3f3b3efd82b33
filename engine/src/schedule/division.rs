//! A sequence of which only the first positions stay.

use crate::layout::{Layout, Plan};

/// How a sequence is divided into first positions, which stay, and others.
pub(crate) struct Division {
    /// How many stay.
    pub first: usize,
    /// How many others there may be.
    pub others: usize,
    /// The lean plan for the whole sequence.
    pub lean: Layout,
}

impl Division {
    /// `first` of at most as many positions as `layout` has.
    pub fn new(layout: &Layout, first: usize) -> Self {
        let max_seq = layout.max_seq();
        Self { first, others: max_seq - first, lean: layout.inner(Plan::Lean, max_seq) }
    }
}
