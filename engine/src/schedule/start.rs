//! What a run takes over from the one before.

use super::prefix::Prefix;

/// Where a run starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// What its work is filed under; 0 for nothing that a later run could find.
    pub(crate) identity: u64,
    /// Whether the gates, which follow from the weights alone, are there from an earlier run.
    pub(crate) has_gates: bool,
    /// Positions that need not be computed again.
    pub(crate) before: usize,
}

impl Start {
    /// From what is computed of the first `n` tokens of `prefix` for the model `identity`: for 0, nothing.
    pub fn after(prefix: &Prefix, identity: u64, n: usize) -> Self {
        let has_gates = prefix.is_of(identity);
        let before = if has_gates { prefix.reusable(n) } else { 0 };
        Self { identity, has_gates, before }
    }
}
