//! How well a model answers: exactly right or not, and whether it knows.

use std::collections::HashMap;

use anyhow::Result;
use atome_engine::dialogue::{Dialogue, Doubt, Limits};
use atome_engine::sample::Sampler;
use atome_engine::{integer, step, Arithmetic, Layout, Plan, Run, Weights as _, WholeModel, Workspace};
use rayon::prelude::*;

use super::Pair;
use crate::asking::{ask, How, Signals};
use crate::evaluate::{on_rooms, Numbers};
use crate::statistics::quantile;

/// A prompt, and what came.
#[derive(Clone, Debug)]
pub struct Asked<'p> {
    /// The prompt, and the right answer.
    pub pair: &'p Pair,
    /// The model's answer.
    pub answer: String,
    /// How sure it was.
    pub signals: Signals,
    /// Why the answer counts as unsure, if so.
    pub doubt: Option<Doubt>,
    /// The probability of the right answer with its end, by the model; 0 where it has no room in the window.
    pub right_probability: f64,
}

impl Asked<'_> {
    /// Whether every byte is right.
    pub fn is_right(&self) -> bool {
        self.pair.answer == self.answer
    }
}

/// Asks all prompts, each from cold, for answers that `how` allows. Runs on the current rayon pool; the result does not depend on its size.
///
/// # Errors
/// The model does not fit in memory with this window, or what the engine says.
pub fn score<'p, 'a>(
    model: &WholeModel<'_>,
    numbers: Numbers,
    max_seq: usize,
    how: impl Into<How<'a>>,
    pairs: &[&'p Pair],
) -> Result<Vec<Asked<'p>>> {
    let (shape, how) = (*model.shape(), how.into());
    match numbers {
        Numbers::Exact => {
            let layout = Layout::new(shape, max_seq, Plan::Cached)?;
            on_rooms(pairs.par_iter(), [layout.floats(), layout.words()], |floats, words, pair| {
                one(model, &mut Workspace::new(&layout, floats, words)?, &how, pair)
            })
        }
        Numbers::Integers => {
            integer::check(model)?;
            let layout = integer::Layout::new(shape, max_seq, Plan::Cached)?;
            on_rooms(pairs.par_iter(), [layout.floats(), layout.words()], |floats, words, pair| {
                one(model, &mut integer::Workspace::new(&layout, floats, words)?, &how, pair)
            })
        }
    }
}

fn one<'p, 'w, M: Arithmetic<'w>>(
    model: &WholeModel<'_>,
    memory: &mut M,
    how: &How<'_>,
    pair: &'p Pair,
) -> Result<Asked<'p>> {
    let mut sampler = Sampler::new(0.0, usize::MAX, 1.0, 0)?;
    let reply = ask(model, memory, *how, &mut sampler, pair.prompt.as_bytes(), |_| (), |_| Ok(()))?;
    let bytes: Vec<u8> = reply.tokens.iter().flat_map(|&token| text_of(&how.dialogue, token)).copied().collect();
    Ok(Asked {
        pair,
        answer: String::from_utf8_lossy(&bytes).into_owned(),
        signals: reply.signals,
        doubt: reply.doubt,
        right_probability: probability(model, memory, &how.dialogue, pair)?,
    })
}

/// What a token stands for; a question mark for one that stands for nothing.
fn text_of<'d>(dialogue: &'d Dialogue<'_>, token: usize) -> &'d [u8] {
    match dialogue.bytes_of(token) {
        b"" => b"?",
        bytes => bytes,
    }
}

/// The probability of the right answer, token by token behind the prompt.
fn probability<'m, 'w, M: Arithmetic<'w>>(
    model: &impl Run<'m, M>,
    memory: &mut M,
    dialogue: &Dialogue<'_>,
    pair: &Pair,
) -> Result<f64> {
    memory.forget();
    let prompt: Vec<i32> = dialogue.prompt(pair.prompt.as_bytes()).map(|token| token as i32).collect();
    let end = dialogue.stop.map(i32::try_from).transpose()?;
    let answer: Vec<i32> = dialogue.tokens_of(pair.answer.as_bytes()).map(|token| token as i32).chain(end).collect();
    if prompt.len() + answer.len() > memory.layout().max_seq() + 1 {
        return Ok(0.0);
    }
    let mut nats = 0.0;
    for (at, &token) in prompt.iter().chain(&answer).enumerate() {
        if at >= prompt.len() {
            nats -= ln_probability(memory.logits(), token);
        }
        if at + 1 < prompt.len() + answer.len() {
            step(model, memory, token)?;
        }
    }
    Ok(libm::exp(-nats))
}

/// The logarithm of a token's probability; of one that the model does not have, none.
fn ln_probability(logits: &[f32], token: i32) -> f64 {
    let Some(&logit) = usize::try_from(token).ok().and_then(|token| logits.get(token)) else {
        return f64::NEG_INFINITY;
    };
    let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let below = |logit: f32| f64::from(logit) - f64::from(best);
    below(logit) - libm::log(logits.iter().map(|&logit| libm::exp(below(logit))).sum())
}

/// The share of right answers that may count as unsure where no answer is wrong.
const DOUBTED: f64 = 0.05;

/// The share of prompts that may count as unfamiliar.
const UNFAMILIAR: f64 = 0.02;

/// A wrong answer that seems sure does as much harm as so many right ones that seem unsure.
const HARM: usize = 3;

/// Beyond what an answer is unsure: where the least probability of a token tells wrong answers best from right ones, and so
/// that a fiftieth of the prompts would seem unfamiliar. [`Limits::NONE`] where no answer is right.
pub fn limits(asked: &[Asked<'_>]) -> Limits {
    let least = |is_right: bool| -> Vec<f64> {
        let of_kind = asked.iter().filter(|asked| asked.is_right() == is_right);
        of_kind.map(|asked| asked.signals.least_probability).collect()
    };
    let (right, wrong) = (least(true), least(false));
    if right.is_empty() {
        return Limits::NONE;
    }
    let surprises: Vec<f64> = asked.iter().map(|asked| asked.signals.question_nats).collect();
    Limits {
        most_question_nats: rounded(quantile(&surprises, 1.0 - UNFAMILIAR), f64::ceil),
        least_probability: rounded(best_division(right, wrong), f64::floor),
    }
}

/// The value that divides best what is right from what is wrong, by [`HARM`]. Of equally good values the least.
pub fn best_division(mut right: Vec<f64>, mut wrong: Vec<f64>) -> f64 {
    if right.is_empty() {
        return 0.0;
    }
    if wrong.is_empty() {
        return quantile(&right, DOUBTED);
    }
    right.sort_unstable_by(f64::total_cmp);
    wrong.sort_unstable_by(f64::total_cmp);
    let below = |values: &[f64], limit: f64| values.partition_point(|&value| value < limit);
    let gain = |limit: f64| (HARM * below(&wrong, limit)).cast_signed() - below(&right, limit).cast_signed();
    // Between two right values, the upper one has all that can be won.
    let better = |best: (isize, f64), limit: f64| if gain(limit) > best.0 { (gain(limit), limit) } else { best };
    right.iter().copied().fold((0, 0.0), better).1
}

/// To four decimals: more would not mean anything. What lies at a limit stays within it.
fn rounded(limit: f64, to_whole: fn(f64) -> f64) -> f32 {
    (to_whole(limit * 1e4) / 1e4) as f32
}

/// A wrong answer, and how often it came for a right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The right answer.
    pub right: String,
    /// What came.
    pub answer: String,
    /// How often.
    pub count: usize,
    /// The first prompt for which it came.
    pub prompt: String,
}

/// The wrong answers, the most frequent first; equally frequent ones in the order of their prompts.
pub fn confusions(asked: &[Asked<'_>]) -> Vec<Confusion> {
    let mut found: Vec<Confusion> = Vec::new();
    let mut places = HashMap::new();
    for asked in asked.iter().filter(|asked| !asked.is_right()) {
        let place = *places.entry((&asked.pair.answer, &asked.answer)).or_insert_with(|| {
            found.push(Confusion {
                right: asked.pair.answer.clone(),
                answer: asked.answer.clone(),
                count: 0,
                prompt: asked.pair.prompt.clone(),
            });
            found.len() - 1
        });
        found[place].count += 1;
    }
    found.sort_by_key(|confusion| std::cmp::Reverse(confusion.count));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'p>(pair: &'p Pair, answer: &str, least_probability: f64, question_nats: f64) -> Asked<'p> {
        let signals = Signals { least_probability, question_nats, ..Signals::default() };
        Asked { pair, answer: answer.to_owned(), signals, doubt: None, right_probability: 0.0 }
    }

    #[test]
    fn limits_leave_most_right_answers_sure() {
        let pair = Pair { prompt: "p".to_owned(), answer: "a".to_owned(), line: 1 };
        let right = |index: u32| asked(&pair, "a", f64::from(index) / 100.0, f64::from(index) / 10.0);
        let mut all: Vec<_> = (1..=100).map(right).collect();
        let found = limits(&all);
        assert_eq!((found.least_probability, found.most_question_nats), (0.06, 9.9));
        all.extend((1..=10).map(|index| asked(&pair, "b", f64::from(index) / 100.0, 1.0)));
        all.push(asked(&pair, "b", 0.9, 1.0));
        assert_eq!(limits(&all).least_probability, 0.11);
        assert_eq!(limits(&[asked(&pair, "b", 0.5, 1.0)]), Limits::NONE);
    }

    #[test]
    fn confusions_are_counted_by_right_answer_and_what_came() {
        let pair = |prompt: &str, answer: &str| Pair { prompt: prompt.to_owned(), answer: answer.to_owned(), line: 1 };
        let pairs = [pair("1", "on"), pair("2", "off"), pair("3", "off"), pair("4", "on")];
        let came = ["off", "on", "on", "on"];
        let all: Vec<_> = pairs.iter().zip(came).map(|(pair, answer)| asked(pair, answer, 0.5, 0.5)).collect();
        let found: Vec<_> =
            confusions(&all).into_iter().map(|found| (found.right, found.count, found.prompt)).collect();
        assert_eq!(found, [("off".to_owned(), 2, "2".to_owned()), ("on".to_owned(), 1, "1".to_owned())]);
    }

    #[test]
    fn a_probability_is_that_of_softmax() {
        assert!((ln_probability(&[0.0, 0.0, 0.0], 2) + 3f64.ln()).abs() < 1e-12);
        assert_eq!(ln_probability(&[0.0], 7), f64::NEG_INFINITY);
    }
}
