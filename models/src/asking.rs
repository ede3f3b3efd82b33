//! One question, one answer, and how sure the model is of it.

use anyhow::{Context, Result};
use atome_engine::sample::Sampler;
use atome_engine::{entropy, step_observed, Model, RouterReading, Workspace};
use serde_json::{json, Value};

use crate::conversation::{prompt, END, LONGEST_ANSWER};

/// What a question and its answer showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// How surprising the question was: mean nats a byte.
    pub question_nats: f64,
    /// How surprising the answer was to the model itself: mean nats a byte.
    pub answer_nats: f64,
    /// The least probability of a byte of the answer.
    pub least_probability: f64,
    /// The least distance of the best logit to the second of a byte of the answer.
    pub least_margin: f64,
    /// Mean router entropy over all layers and the question's positions.
    pub question_entropy: f64,
    /// Mean router entropy over all layers and the answer's positions.
    pub answer_entropy: f64,
}

/// Beyond these an answer counts as unsure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most nats a byte of a question.
    pub question_nats: f64,
    /// The least probability of a byte of an answer.
    pub least_probability: f64,
}

impl Limits {
    /// From the sidecar.
    ///
    /// # Errors
    /// Names the key that is missing.
    pub fn from_json(value: &Value) -> Result<Self> {
        let number = |key: &str| value.get(key).and_then(Value::as_f64).with_context(|| format!("limits: {key}"));
        Ok(Self { question_nats: number("question_nats")?, least_probability: number("least_probability")? })
    }

    /// For the sidecar.
    pub fn json(&self) -> Value {
        json!({ "question_nats": self.question_nats, "least_probability": self.least_probability })
    }

    /// Why an answer with these signals is not to be relied on, if so.
    pub fn doubt(&self, signals: &Signals) -> Option<&'static str> {
        if signals.question_nats > self.question_nats {
            return Some("the question is unlike what the model knows");
        }
        (signals.least_probability < self.least_probability).then_some("the answer was a close call")
    }
}

/// Answers `question` from cold, and returns the answer and its signals.
///
/// `observe` sees the routers at every position; `show` gets each byte of the answer as it comes. The workspace has the
/// cached plan.
///
/// # Errors
/// Those of the engine and of `show`.
pub fn ask(
    model: &Model<'_>,
    workspace: &mut Workspace<'_>,
    sampler: &mut Sampler,
    question: &str,
    mut observe: impl FnMut(&RouterReading<'_>, usize),
    mut show: impl FnMut(u8) -> Result<()>,
) -> Result<(String, Signals)> {
    workspace.forget();
    let mut sums = Sums::default();
    let mut position = 0;
    let mut feed = |workspace: &mut Workspace<'_>, byte: u8, entropies: &mut Mean| {
        let result = step_observed(model, workspace, i32::from(byte), |reading| {
            entropies.add(f64::from(entropy(reading.weights)));
            observe(&reading, position);
        });
        position += 1;
        result
    };
    let prompt = prompt(question);
    // The frame around the question is always the same and says nothing about it.
    let question_starts = 3;
    let question_ends = prompt.len() - 4;
    for (at, &byte) in prompt.iter().enumerate() {
        if (question_starts..=question_ends).contains(&at) {
            sums.question_nats.add(-ln_probability(workspace.logits(), usize::from(byte)));
        }
        feed(workspace, byte, &mut sums.question_entropy)?;
    }
    let mut answer = Vec::new();
    let (mut least_probability, mut least_margin) = (1.0_f64, f64::INFINITY);
    while answer.len() < LONGEST_ANSWER {
        let token = sampler.sample(workspace.logits());
        let ln = ln_probability(workspace.logits(), token);
        sums.answer_nats.add(-ln);
        least_probability = least_probability.min(ln.exp());
        least_margin = least_margin.min(margin(workspace.logits()));
        let byte = u8::try_from(token)?;
        if byte == END {
            break;
        }
        answer.push(byte);
        show(byte)?;
        feed(workspace, byte, &mut sums.answer_entropy)?;
    }
    let signals = Signals {
        question_nats: sums.question_nats.value(),
        answer_nats: sums.answer_nats.value(),
        least_probability,
        least_margin,
        question_entropy: sums.question_entropy.value(),
        answer_entropy: sums.answer_entropy.value(),
    };
    Ok((String::from_utf8_lossy(&answer).into_owned(), signals))
}

#[derive(Default)]
struct Sums {
    question_nats: Mean,
    answer_nats: Mean,
    question_entropy: Mean,
    answer_entropy: Mean,
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> f64 {
        self.sum / f64::from(self.count.max(1))
    }
}

/// ln of the softmax of `logits` at `token`.
fn ln_probability(logits: &[f32], token: usize) -> f64 {
    let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - best).exp()).sum();
    f64::from(logits[token] - best) - sum.ln()
}

/// The best logit less the second.
fn margin(logits: &[f32]) -> f64 {
    let (mut best, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for &logit in logits {
        if logit > best {
            (best, second) = (logit, best);
        } else if logit > second {
            second = logit;
        }
    }
    f64::from(best) - f64::from(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_and_margins_of_a_few_logits() {
        let logits = [1.0, 3.0, 2.5];
        let sum: f64 = (0..3).map(|token| ln_probability(&logits, token).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert!((margin(&logits) - 0.5).abs() < 1e-12 && margin(&[2.0, 2.0]) == 0.0);
    }

    #[test]
    fn doubts_name_the_limit_that_was_passed() {
        let limits = Limits { question_nats: 1.0, least_probability: 0.5 };
        let signals = Signals { question_nats: 0.5, least_probability: 0.9, ..Signals::default() };
        assert_eq!(limits.doubt(&signals), None);
        assert!(limits.doubt(&Signals { question_nats: 1.5, ..signals }).unwrap().contains("question"));
        assert!(limits.doubt(&Signals { least_probability: 0.1, ..signals }).unwrap().contains("close"));
        assert_eq!(Limits::from_json(&limits.json()).unwrap(), limits);
    }
}
