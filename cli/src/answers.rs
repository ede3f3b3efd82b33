//! Questions and answers on the command line.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use atome_engine::dialogue::{Dialogue, Doubt, Limits};
use atome_engine::grammar::Grammar;
use atome_engine::sample::Sampler;
use atome_engine::{Arithmetic, Run};
use atome_train::asking::{ask, How, Reply, Signals};
use clap::Args;
use serde_json::{json, Value};

use crate::bars::RouterStats;
use crate::output::{note, print, print_json};
use crate::prompts::{Left, Talk};
use crate::stream::{push_token, TextStream};

/// The exit status where an answer was unsure. JSON says it of each answer instead.
const UNSURE: u8 = 3;

/// The exit status of a program that Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;

/// What stands in front of an unsure answer that is asked for with --show-unsure.
const GUESS: &str = "unsure: ";

/// How text and answers are shown: the flags of every command that a model speaks in.
#[derive(Clone, Copy, Debug, Args)]
pub struct Manner {
    /// Only the text, no notes; an empty line in place of an answer that the model is not sure of
    #[arg(short, long)]
    pub quiet: bool,

    /// With --quiet: show what it is not sure of, behind "unsure: "
    #[arg(long)]
    pub show_unsure: bool,

    /// Show the router's entropy in each layer, as bars
    #[arg(long)]
    pub bars: bool,

    /// One line of JSON a prompt, when it is finished
    #[arg(long)]
    pub json: bool,
}

/// A model that answers.
pub struct Answers<'a, W, M> {
    pub model: W,
    pub memory: M,
    pub sampler: Sampler,
    pub dialogue: Dialogue<'a>,
    /// What it may answer, where that is said.
    pub grammar: Option<Grammar<'a>>,
    pub manner: Manner,
    /// Number of answers that were unsure.
    pub unsure: usize,
}

impl<'m, 'w, W: Run<'m, M>, M: Arithmetic<'w>> Answers<'_, W, M> {
    /// Answers one question, or all that are asked.
    pub fn run(&mut self, question: Option<&[u8]>, talk: &Talk) -> Result<ExitCode> {
        let left = match question {
            Some(question) => self.answer(question).map(|()| Left::AtTheEnd)?,
            None => talk.each(|question| self.answer(question))?,
        };
        Ok(match left {
            Left::Interrupted => ExitCode::from(INTERRUPTED),
            // A person has seen the marks.
            Left::AtTheEnd if self.unsure > 0 && !self.manner.json && !(question.is_none() && talk.is_typed()) => {
                ExitCode::from(UNSURE)
            }
            Left::AtTheEnd => ExitCode::SUCCESS,
        })
    }

    fn answer(&mut self, question: &[u8]) -> Result<()> {
        let shape = self.memory.layout().shape();
        let mut stats = RouterStats::new(shape.n_layers(), shape.n_pathways());
        let (mut text, mut held) = (TextStream::default(), String::new());
        // What may turn out to be unsure is not shown in a pipe before that is known.
        let is_held = self.manner.json || self.manner.quiet;
        let start = Instant::now();
        let reply = ask(
            &self.model,
            &mut self.memory,
            How { dialogue: self.dialogue, grammar: self.grammar },
            &mut self.sampler,
            question,
            |reading| stats.add(reading, reading.position),
            |token| {
                let text = push_token(&mut text, token, self.dialogue.bytes_of(token));
                held.push_str(&text);
                if is_held {
                    Ok(())
                } else {
                    print(&text)
                }
            },
        )?;
        let rest = text.finish();
        held.push_str(&rest);
        self.unsure += usize::from(reply.doubt.is_some());
        if self.manner.json {
            let seconds = start.elapsed().as_secs_f64();
            return print_json(&self.json(question, &held, &reply, seconds, &stats));
        }
        match (reply.doubt, self.manner.quiet) {
            (None, true) => print(&format!("{held}\n"))?,
            (None, false) => print(&format!("{rest}\n"))?,
            (Some(doubt), true) => self.unsure_line(question, &held, doubt)?,
            (Some(doubt), false) => {
                let gap = if held.is_empty() { "" } else { "  " };
                print(&format!("{rest}{gap}[unsure: {}]\n", doubt.text()))?;
            }
        }
        if self.manner.bars {
            note(&format!("\n{}\n{}", signals_line(&reply.signals), stats.table()));
        }
        Ok(())
    }

    /// One line, as for every question: nobody takes it for an answer.
    fn unsure_line(&self, question: &[u8], guess: &str, doubt: Doubt) -> Result<()> {
        if self.manner.show_unsure {
            return print(&format!("{GUESS}{guess}\n"));
        }
        print("\n")?;
        let question: String = String::from_utf8_lossy(question).chars().take(60).collect();
        note(&format!("note: unsure, so an empty line: {question:?}: {}", doubt.text()));
        Ok(())
    }

    fn json(&self, question: &[u8], answer: &str, reply: &Reply, seconds: f64, stats: &RouterStats) -> Value {
        let Limits { most_question_nats, least_probability } = self.dialogue.limits;
        let has_limits = self.dialogue.limits != Limits::NONE;
        let limits =
            json!({ "most_question_nats": short(most_question_nats), "least_probability": short(least_probability) });
        let is_answered = !matches!(reply.doubt, Some(Doubt::NoQuestion | Doubt::TooLong | Doubt::Impossible));
        json!({
            "question": String::from_utf8_lossy(question),
            "answer": answer,
            // Without limits, that nothing speaks against an answer says little.
            "sure": (has_limits || reply.doubt.is_some()).then_some(reply.doubt.is_none()),
            "doubt": reply.doubt.map(Doubt::text),
            "probability": is_answered.then_some(reply.signals.mean_probability),
            "limits": has_limits.then_some(limits),
            "signals": is_answered.then(|| signals_json(&reply.signals)),
            "seconds": seconds,
            "router": stats.json(),
        })
    }
}

fn signals_line(signals: &Signals) -> String {
    format!(
        "surprise of the question {:.2} nats a byte; probability of the answer's bytes {:.2} on average, {:.2} at least",
        signals.question_nats, signals.mean_probability, signals.least_probability
    )
}

/// With the digits that a float has, not those of the double next to it.
fn short(value: f32) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

fn signals_json(signals: &Signals) -> Value {
    // JSON has no infinity: a vocabulary of one has no second logit, and broken weights give no probabilities.
    let number = |value: f64| value.is_finite().then_some(value);
    json!({
        "question_nats": number(signals.question_nats),
        "answer_nats": number(signals.answer_nats),
        "least_probability": signals.least_probability,
        "least_margin": number(signals.least_margin),
        "question_entropy": signals.question_entropy,
        "answer_entropy": signals.answer_entropy,
    })
}
