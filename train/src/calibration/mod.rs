//! Whether the router's entropy tells how sure a model is: against the loss of each byte, and between texts of the
//! model's domain and others. The entropy of the predicted distribution, which costs a softmax, stands beside it.

mod bootstrap;
mod domains;
mod notes;
mod readings;
mod report;
mod results;
mod signal;
mod tokens;

pub use domains::{Domain, Separation};
pub use readings::{read, Reading, Sequence};
pub use report::{domain_plot, markdown, token_plot};
pub use results::Calibration;
pub use signal::{signals, Signal};
pub use tokens::{Correlation, Step};

use anyhow::{ensure, Result};
use atome_engine::{Weights as _, WholeModel};

use crate::evaluate::Numbers;

/// Texts to measure on.
#[derive(Clone, Debug)]
pub struct Texts {
    /// What each byte's loss is correlated on.
    pub inside: Vec<Sequence>,
    /// What the texts of other domains are told from; unless given, `inside`.
    pub inside_domain: Option<Vec<Sequence>>,
    /// Names and texts of other domains.
    pub outside: Vec<(String, Vec<Sequence>)>,
}

/// Measures all of it. Runs on the current rayon pool; the result does not depend on its size.
///
/// # Errors
/// There is nothing to predict, or what the engine says.
pub fn calibrate(model: &WholeModel<'_>, numbers: Numbers, texts: &Texts) -> Result<Calibration> {
    let inside = read(model, numbers, &texts.inside)?;
    let all: Vec<&Reading> = inside.iter().flatten().collect();
    ensure!(!all.is_empty(), "there is nothing to predict, expected a text of one window at least");
    let signals = signals(model.shape().n_layers());
    let domain = match &texts.inside_domain {
        None => None,
        Some(sequences) => Some(read(model, numbers, sequences)?),
    };
    let mut domains = Vec::new();
    for (name, sequences) in &texts.outside {
        let outside = read(model, numbers, sequences)?;
        domains.push(Domain::measure(name, domain.as_ref().unwrap_or(&inside), &outside, &signals));
    }
    let mut found = Calibration {
        sequences: inside.len(),
        bytes: all.len(),
        loss: all.iter().map(|reading| reading.loss).sum::<f64>() / all.len() as f64,
        wrong: all.iter().filter(|reading| reading.wrong).count() as f64 / all.len() as f64,
        correlations: signals.iter().map(|signal| Correlation::measure(signal, &inside)).collect(),
        steps: [Signal::MeanRouter, Signal::Output].iter().map(|signal| tokens::steps(signal, &all)).collect(),
        domains,
        notes: Vec::new(),
    };
    found.notes = notes::of(&found);
    Ok(found)
}
