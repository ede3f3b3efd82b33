//! What the model is worth: exactly right answers, and whether it knows what it does not know.

use anyhow::Result;
use atome_engine::dialogue::{Dialogue, Doubt, Limits};
use atome_engine::sample::Sampler;
use atome_engine::{Layout, Model, Plan, Weights, Workspace};
use atome_train::statistics::quantile;
use rayon::prelude::*;

use crate::conversation::DIALOGUE;
use crate::knowledge::Knowledge;
use crate::phrasing::{phrasings, Part};
use crate::records::{questions, Record};
use atome_train::asking::{ask, Signals};

/// A question, its right answer where there is one, and what came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// The right answer; `None` for a prompt from elsewhere.
    pub expected: Option<String>,
    /// The model's answer.
    pub answer: String,
    /// How sure it was.
    pub signals: Signals,
    /// Why the answer counts as unsure, if so.
    pub doubt: Option<Doubt>,
}

impl Asked {
    /// Whether every byte is right.
    pub fn is_right(&self) -> bool {
        self.expected.as_ref() == Some(&self.answer)
    }
}

/// One kind of questions.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name for tables and JSON.
    pub name: &'static str,
    /// What they are.
    pub about: &'static str,
    /// The questions.
    pub asked: Vec<Asked>,
}

impl Group {
    /// Number of answers that are exactly right.
    pub fn right(&self) -> usize {
        self.asked.iter().filter(|asked| asked.is_right()).count()
    }

    /// The share of exactly right answers.
    pub fn share(&self) -> f64 {
        self.right() as f64 / self.asked.len().max(1) as f64
    }
}

/// Every kind of questions, answered.
#[derive(Clone, Debug)]
pub struct Scores {
    /// Questions with right answers: the first group is the held-out phrasings.
    pub groups: Vec<Group>,
    /// Prompts of other domains.
    pub elsewhere: Group,
}

/// Questions of the training part that set the limits.
const FOR_LIMITS: usize = 1500;

/// The share of questions like those learnt from that may count as unsure by each limit.
const FALSE_ALARMS: f64 = 0.02;

/// Asks everything: each phrasing that was held out, once as it is and once with a slip, and each new wording. Beyond
/// `limits` an answer is unsure.
///
/// # Errors
/// The word lists are wrong, or those of the engine.
pub fn score(model: &Model<'_>, max_seq: usize, limits: &Limits) -> Result<Scores> {
    let dialogue = Dialogue { limits: *limits, ..DIALOGUE };
    let knowledge = Knowledge::built_in()?;
    let all = phrasings(&knowledge);
    let group = |name, about, part, with_slip| -> Result<Group> {
        let records = questions(&knowledge, &all, part, with_slip, 1);
        Ok(Group { name, about, asked: answers(model, max_seq, &dialogue, &records)? })
    };
    let elsewhere: Vec<Record> = knowledge
        .elsewhere
        .iter()
        .map(|question| Record { question: question.clone(), answer: String::new() })
        .collect();
    let mut asked = answers(model, max_seq, &dialogue, &elsewhere)?;
    asked.iter_mut().for_each(|asked| asked.expected = None);
    Ok(Scores {
        groups: vec![
            group("held_out", "phrasings never trained on", Part::HeldOut, false)?,
            group("held_out_slip", "the same with a typing slip", Part::HeldOut, true)?,
            group("new_wording", "wordings that occur in no phrasing trained on", Part::NewWording, false)?,
        ],
        elsewhere: Group { name: "elsewhere", about: "prompts of other domains", asked },
    })
}

/// The limits that leave most questions like those learnt from sure.
///
/// # Errors
/// As [`score`].
pub fn limits(model: &Model<'_>, max_seq: usize) -> Result<Limits> {
    let knowledge = Knowledge::built_in()?;
    let records = questions(&knowledge, &phrasings(&knowledge), Part::Train, false, 1);
    let every = records.len().div_ceil(FOR_LIMITS);
    let chosen: Vec<Record> = records.into_iter().step_by(every).collect();
    let asked = answers(model, max_seq, &DIALOGUE, &chosen)?;
    let values = |signal: fn(&Signals) -> f64| asked.iter().map(|asked| signal(&asked.signals)).collect::<Vec<f64>>();
    Ok(Limits {
        most_question_nats: rounded(quantile(&values(|signals| signals.question_nats), 1.0 - FALSE_ALARMS)),
        least_probability: rounded(quantile(&values(|signals| signals.least_probability), FALSE_ALARMS)),
    })
}

/// To four decimals: more would not mean anything.
fn rounded(limit: f64) -> f32 {
    ((limit * 1e4).round() / 1e4) as f32
}

fn answers(model: &Model<'_>, max_seq: usize, dialogue: &Dialogue<'_>, records: &[Record]) -> Result<Vec<Asked>> {
    let layout = Layout::new(*model.shape(), max_seq, Plan::Cached)?;
    records
        .par_iter()
        .map_init(
            || (vec![0.0; layout.floats()], vec![0; layout.words()]),
            |(floats, words), record| {
                let mut workspace = Workspace::new(&layout, floats, words)?;
                let mut sampler = Sampler::new(0.0, usize::MAX, 1.0, 0)?;
                let question = record.question.as_bytes();
                let reply = ask(model, &mut workspace, dialogue, &mut sampler, question, |_| (), |_| Ok(()))?;
                let bytes = reply.tokens.into_iter().map(u8::try_from).collect::<Result<Vec<u8>, _>>()?;
                Ok(Asked {
                    question: record.question.clone(),
                    expected: Some(record.answer.clone()),
                    answer: String::from_utf8_lossy(&bytes).into_owned(),
                    signals: reply.signals,
                    doubt: reply.doubt,
                })
            },
        )
        .collect()
}
