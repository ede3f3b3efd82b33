//! What a calibration gives.

use serde::Serialize;

use super::domains::Domain;
use super::tokens::{Correlation, Step};

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    /// Windows of the domain.
    pub sequences: usize,
    /// Bytes that were predicted in them.
    pub bytes: usize,
    /// Their mean cross-entropy in nats.
    pub loss: f64,
    /// The share of them that the most probable byte was not.
    pub wrong: f64,
    /// Each signal against the loss of the byte that follows.
    pub correlations: Vec<Correlation>,
    /// Mean loss in tenths of the bytes, by rising signal: the router's entropy, then the output's.
    pub steps: Vec<Vec<Step>>,
    /// Each other domain against this one.
    pub domains: Vec<Domain>,
    /// Why some of the numbers are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
