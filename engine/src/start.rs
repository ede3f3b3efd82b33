//! What a run takes over from the one before.

use crate::layout::Plan;
use crate::workspace::Workspace;

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
    /// From what the workspace holds for the model `identity` and the first `n` of its tokens: in the lean plan, and for the
    /// identity 0, nothing.
    pub fn after(workspace: &Workspace, identity: u64, n: usize) -> Self {
        if workspace.layout.plan() == Plan::Lean {
            return Self::default();
        }
        let has_gates = workspace.prefix.is_of(identity);
        let before = if has_gates { workspace.prefix.reusable(n) } else { 0 };
        Self { identity, has_gates, before }
    }
}
