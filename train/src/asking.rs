//! One question, one answer, and all that can be measured of it.

use anyhow::Result;
use atome_engine::dialogue::{answer_constrained_observed, answer_observed, Dialogue, Doubt, Rules};
use atome_engine::grammar::{Allowed, Grammar};
use atome_engine::sample::Sampler;
use atome_engine::vocabulary::Encoder;
use atome_engine::{entropy, Arithmetic, RouterReading, Run};

/// How a model is asked, and what it may answer.
#[derive(Clone, Copy, Debug)]
pub struct How<'d> {
    /// How it is asked.
    pub dialogue: Dialogue<'d>,
    /// Its answers; `None` where it may answer anything.
    pub grammar: Option<Grammar<'d>>,
}

/// Any answer.
impl<'d> From<&Dialogue<'d>> for How<'d> {
    fn from(dialogue: &Dialogue<'d>) -> Self {
        Self { dialogue: *dialogue, grammar: None }
    }
}

impl<'d> How<'d> {
    /// The grammar, with what tokens stand for.
    fn allowed(&self) -> Option<Allowed<'d, Option<Encoder<'d>>>> {
        Some(Allowed::new(self.grammar?, self.dialogue.encoder))
    }
}

/// What a question and its answer showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// How surprising the question was: mean nats a token.
    pub question_nats: f64,
    /// How surprising the answer was to the model itself: mean nats a token.
    pub answer_nats: f64,
    /// The mean probability of a token of the answer.
    pub mean_probability: f64,
    /// The least probability of a token of the answer.
    pub least_probability: f64,
    /// The least distance of the best logit to the second at a token of the answer.
    pub least_margin: f64,
    /// Mean router entropy over all layers and the positions of the question with the text around it.
    pub question_entropy: f64,
    /// Mean router entropy over all layers and the answer's positions.
    pub answer_entropy: f64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Its tokens.
    pub tokens: Vec<usize>,
    /// What was measured.
    pub signals: Signals,
    /// Why it is unsure, if so.
    pub doubt: Option<Doubt>,
}

/// Answers `question` from cold, as `how` allows.
///
/// `observe` sees the routers at every position, once; `show` gets each token of the answer as it comes.
///
/// # Errors
/// Those of the engine and of `show`.
pub fn ask<'m, 'w, 'a, M: Arithmetic<'w>>(
    model: &impl Run<'m, M>,
    memory: &mut M,
    how: impl Into<How<'a>>,
    sampler: &mut Sampler,
    question: &[u8],
    mut observe: impl FnMut(&RouterReading<'_>),
    mut show: impl FnMut(usize) -> Result<()>,
) -> Result<Reply> {
    memory.forget();
    let how = how.into();
    let (dialogue, allowed) = (&how.dialogue, how.allowed());
    let asked = dialogue.prompt(question).count();
    let mut seen = vec![0; memory.layout().shape().n_layers()];
    let (mut of_question, mut of_answer) = (Mean::default(), Mean::default());
    let (mut tokens, mut least_margin, mut shown) = (Vec::new(), f64::INFINITY, Ok(()));
    let choose = |logits: &[f32]| {
        least_margin = least_margin.min(margin(logits));
        sampler.sample(logits)
    };
    let say = |token| {
        tokens.push(token);
        if shown.is_ok() {
            shown = show(token);
        }
    };
    let see = |reading: RouterReading<'_>| {
        // The lean plan computes positions again.
        let Some(seen) = seen.get_mut(reading.layer).filter(|seen| **seen == reading.position) else { return };
        *seen += 1;
        let entropies = if reading.position < asked { &mut of_question } else { &mut of_answer };
        entropies.add(f64::from(entropy(reading.weights)));
        observe(&reading);
    };
    let answer = match allowed {
        None => answer_observed(model, memory, dialogue, question, choose, say, see)?,
        Some(allowed) => {
            answer_constrained_observed(model, memory, &Rules { dialogue, allowed }, question, choose, say, see)?
        }
    };
    shown?;
    let signals = Signals {
        question_nats: answer.signals.question_nats.into(),
        answer_nats: answer.signals.answer_nats.into(),
        mean_probability: answer.signals.mean_probability().into(),
        least_probability: answer.signals.least_probability.into(),
        least_margin,
        question_entropy: of_question.value(),
        answer_entropy: of_answer.value(),
    };
    Ok(Reply { tokens, signals, doubt: answer.doubt })
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

/// The best logit less the second.
pub fn margin(logits: &[f32]) -> f64 {
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
    fn margins_of_a_few_logits() {
        assert_eq!((margin(&[1.0, 3.0, 2.5]), margin(&[2.0, 2.0])), (0.5, 0.0));
    }
}
