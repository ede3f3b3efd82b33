//! Numbers that may tell how sure a model is: higher for less sure.

use super::readings::Reading;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Router entropy, mean over the layers.
    MeanRouter,
    /// Router entropy of the most undecided layer.
    HighestRouter,
    /// Router entropy of one layer, from 0.
    Router(usize),
    /// Entropy of the predicted distribution.
    Output,
    /// How little the best logit is above the second.
    Margin,
}

/// All signals of a model, the router's first.
pub fn signals(n_layers: usize) -> Vec<Signal> {
    let layers = (0..n_layers).map(Signal::Router);
    let router = [Signal::MeanRouter, Signal::HighestRouter].into_iter().chain(layers);
    router.chain([Signal::Output, Signal::Margin]).collect()
}

impl Signal {
    /// Its value at a byte.
    pub fn value(&self, reading: &Reading) -> f64 {
        match *self {
            Self::MeanRouter => reading.router.iter().sum::<f64>() / reading.router.len().max(1) as f64,
            Self::HighestRouter => reading.router.iter().copied().fold(0.0, f64::max),
            Self::Router(layer) => reading.router.get(layer).copied().unwrap_or(f64::NAN),
            Self::Output => reading.output_entropy,
            Self::Margin => -reading.margin,
        }
    }

    /// Its name in tables.
    pub fn name(&self) -> String {
        match self {
            Self::MeanRouter => "router entropy, mean of the layers".to_owned(),
            Self::HighestRouter => "router entropy, highest layer".to_owned(),
            Self::Router(layer) => format!("router entropy, layer {layer}"),
            Self::Output => "entropy of the predicted distribution".to_owned(),
            Self::Margin => "closeness of the two best logits".to_owned(),
        }
    }
}
