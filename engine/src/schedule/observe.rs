//! Watching a run as it computes.

/// The router's decision at one position of one layer, as it is computed.
#[derive(Clone, Copy, Debug)]
pub struct RouterReading<'r> {
    /// Layer, from 0.
    pub layer: usize,
    /// Position, from 0.
    pub position: usize,
    /// Shares of the pathways, `[n_pathways]`.
    pub weights: &'r [f32],
}

/// The observer of a run that nobody watches. One function, so that such runs can share one copy of the forward pass.
pub(crate) fn unobserved(_: RouterReading) {}
