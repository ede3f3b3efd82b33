//! Prompts through a model that continues them, or names their class.

use std::fmt;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use atome_engine::sample::Sampler;
use atome_engine::vocabulary::{byte_of, Encoder, Tokens};
use atome_engine::{
    classify, predict_next_observed, step_observed, Arithmetic, Matrix, Plan, RunError, Tiled, WholeModel,
};
use atome_train::asking::margin;
use atome_train::classes::Description;
use atome_train::dialogue::OwnedDialogue;
use serde_json::json;

use super::args::{RunArgs, MAX_UNASKED_CACHED_BYTES};
use super::text_output::TextOutput;
use crate::answers::INTERRUPTED;
use crate::bars::RouterStats;
use crate::classes;
use crate::numbers::counted;
use crate::output::{note, print, print_json};
use crate::prompts::{Left, Talk};
use crate::sidecar;
use crate::usage_error::UsageError;

/// Tokens to generate where nobody says how many.
pub const USUAL_TOKENS: u32 = 100;

/// A prompt that this model has no tokens for.
#[derive(Debug)]
struct BadPrompt {
    offset: usize,
    byte: u8,
    vocab_size: usize,
}

impl fmt::Display for BadPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "prompt: offset {}: byte {}, expected 0 to {}: the model has {}",
            self.offset,
            self.byte,
            self.vocab_size - 1,
            counted(self.vocab_size, "token")
        )
    }
}

impl std::error::Error for BadPrompt {}

/// A line that is no row of the numbers which the classifier was trained on.
#[derive(Debug)]
struct BadRow(String);

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prompt: {}", self.0)
    }
}

impl std::error::Error for BadRow {}

/// A model that continues text, or names its class.
pub struct Session<'s, M> {
    pub args: &'s RunArgs,
    pub model: Tiled<'s, WholeModel<'s>>,
    pub memory: M,
    pub sampler: Sampler,
    /// Of a classifier that was trained on questions in a form.
    pub dialogue: Option<&'s OwnedDialogue>,
    /// Of a classifier that says what its classes are.
    pub classes: Option<&'s Description>,
    /// What tokens stand for; `None` where they are bytes.
    pub encoder: Option<Encoder<'s>>,
}

impl<'w, M: Arithmetic<'w>> Session<'_, M> {
    /// Answers `prompt`, or the lines of standard input; with the head of a classifier, by their classes.
    pub fn run(&mut self, head: Option<Matrix<'_>>, prompt: Option<&[u8]>) -> Result<ExitCode> {
        let talk = talk(head.is_some(), self.args.manner.quiet);
        let mut answer = |prompt: &[u8]| match head {
            None => self.continue_text(prompt),
            Some(head) => self.name_class(&head, prompt),
        };
        if let Some(prompt) = prompt {
            answer(prompt)?;
            return Ok(ExitCode::SUCCESS);
        }
        // A prompt that cannot be answered does not end the loop.
        let left = talk.each(|prompt| match answer(prompt) {
            Err(error) if error.is::<BadPrompt>() || error.is::<BadRow>() => {
                note(&format!("error: {error:#}"));
                Ok(())
            }
            done => done,
        })?;
        Ok(match left {
            Left::Interrupted => ExitCode::from(INTERRUPTED),
            Left::AtTheEnd => ExitCode::SUCCESS,
        })
    }

    fn note(&self, text: &str) {
        if !self.args.manner.quiet {
            note(text);
        }
    }

    /// The router's entropy goes with the text where it is asked for.
    fn show_bars(&self, stats: &RouterStats) {
        if self.args.manner.bars {
            note(&format!("\n{}", stats.table()));
        }
    }

    fn note_cut(&self, tokens: usize, part: &str) {
        let max_seq = self.memory.layout().max_seq();
        if tokens > max_seq {
            self.note(&format!(
                "note: prompt of {}: only the {part} {max_seq} count (--max-seq)",
                counted(tokens, "token")
            ));
        }
    }

    fn tokens(&self, prompt: &[u8]) -> Result<Vec<i32>> {
        self.checked(Tokens::of(self.encoder, prompt.iter().copied()).collect())
    }

    /// Tokens that the model has. Only bytes may be others.
    fn checked(&self, tokens: Vec<usize>) -> Result<Vec<i32>> {
        let vocab_size = self.memory.layout().shape().vocab_size();
        match tokens.iter().enumerate().find(|&(_, &token)| token >= vocab_size) {
            Some((offset, &token)) => Err(BadPrompt { offset, byte: token as u8, vocab_size }.into()),
            None => Ok(tokens.into_iter().map(|token| token as i32).collect()),
        }
    }

    /// What a token stands for.
    fn bytes_of(&self, token: usize) -> &[u8] {
        self.encoder.as_ref().map_or(byte_of(token), |encoder| encoder.bytes_of(token))
    }

    fn stats(&self) -> RouterStats {
        let shape = *self.memory.layout().shape();
        RouterStats::new(shape.n_layers(), shape.n_pathways())
    }

    fn continue_text(&mut self, prompt: &[u8]) -> Result<()> {
        let mut text = self.tokens(prompt)?;
        let prompt_len = text.len();
        if self.args.stream {
            self.check_stream()?;
            self.memory.forget();
        } else {
            self.note_cut(text.len(), "last");
        }
        let mut stats = self.stats();
        let mut output = TextOutput::new(self.args);
        let wanted = self.args.tokens.unwrap_or(USUAL_TOKENS);
        let start = Instant::now();
        for _ in 0..wanted {
            let token = if self.args.stream {
                self.next_of_stream(&text, prompt_len, &mut stats)?
            } else {
                self.next(&text, &mut stats)?
            };
            output.push(token, self.bytes_of(token))?;
            text.push(i32::try_from(token)?);
        }
        let seconds = start.elapsed().as_secs_f64();
        if self.args.manner.json {
            return print_json(&json!({
                "prompt": String::from_utf8_lossy(prompt),
                "text": output.finish()?,
                "tokens": text.get(prompt_len..),
                "seconds": seconds,
                "router": stats.json(),
            }));
        }
        output.finish()?;
        self.show_bars(&stats);
        self.note(&format!(
            "{} in {seconds:.3} s ({:.0} a second)",
            counted(wanted as usize, "token"),
            f64::from(wanted) / seconds.max(1e-9)
        ));
        Ok(())
    }

    /// The token after `text`. Text longer than the window counts from its last max_seq tokens on
    /// (docs/relink.md#text-longer-than-atome_max_seq).
    fn next(&mut self, text: &[i32], stats: &mut RouterStats) -> Result<usize> {
        let start = text.len().saturating_sub(self.memory.layout().max_seq());
        let window = text.get(start..).unwrap_or(text);
        predict_next_observed(&self.model, &mut self.memory, window.iter().copied(), |reading| {
            stats.add(&reading, start + reading.position);
        })?;
        Ok(self.sampler.sample(self.memory.logits()))
    }

    /// A stream keeps every layer's memory.
    fn check_stream(&self) -> Result<()> {
        if self.memory.layout().plan() == Plan::Cached {
            return Ok(());
        }
        let why = match self.args.plan {
            Some(_) => "--stream: expected --plan cached".to_owned(),
            None => {
                format!(
                    "--stream: the cached plan takes more than {} bytes here; --plan cached",
                    MAX_UNASKED_CACHED_BYTES
                )
            }
        };
        Err(UsageError(why).into())
    }

    /// [`Session::next`] of a stream that holds all of `text` but its last token, or nothing yet.
    fn next_of_stream(&mut self, text: &[i32], prompt_len: usize, stats: &mut RouterStats) -> Result<usize> {
        let at_once = if text.len() == prompt_len { text.len().min(self.memory.layout().max_seq()) } else { 0 };
        let (prompt, rest) = text.split_at_checked(at_once).unwrap_or((text, &[]));
        if !prompt.is_empty() {
            predict_next_observed(&self.model, &mut self.memory, prompt.iter().copied(), |reading| {
                stats.add(&reading, reading.position);
            })?;
        }
        let unseen = if at_once == 0 { text.len() - 1 } else { at_once };
        for (index, &token) in rest.iter().enumerate().skip(unseen - at_once) {
            self.step(token, at_once + index, stats)?;
        }
        Ok(self.sampler.sample(self.memory.logits()))
    }

    fn step(&mut self, token: i32, position: usize, stats: &mut RouterStats) -> Result<usize, RunError> {
        step_observed(&self.model, &mut self.memory, token, |reading| stats.add(&reading, position))
    }

    /// What a classifier of rows reads for a line of numbers, and any other for a text.
    fn classified(&self, prompt: &[u8]) -> Result<Vec<u8>> {
        match self.classes.filter(|classes| !classes.columns.is_empty() && !self.args.raw) {
            Some(classes) => match classes::row(classes, prompt) {
                Ok(row) => Ok(row.into_bytes()),
                Err(error) => Err(BadRow(format!("{error:#}")).into()),
            },
            None => Ok(prompt.to_vec()),
        }
    }

    fn name_class(&mut self, head: &Matrix, line: &[u8]) -> Result<()> {
        let prompt = &*self.classified(line)?;
        let tokens = match self.dialogue {
            Some(dialogue) => self.checked(dialogue.view().prompt(prompt).collect())?,
            None => self.tokens(prompt)?,
        };
        self.note_cut(tokens.len(), "first");
        let mut stats = self.stats();
        // A classification cannot be watched; this computes the same positions, which the cached plan then keeps.
        predict_next_observed(&self.model, &mut self.memory, tokens.iter().copied(), |reading| {
            stats.add(&reading, reading.position);
        })?;
        let mut logits = Vec::with_capacity(head.rows());
        let winner = classify(&self.model, head, &mut self.memory, tokens, |_, logit| logits.push(logit))?;
        // Nobody has signed a sidecar.
        let names = match self.classes {
            Some(classes) => classes.names.clone(),
            None if self.args.trust.is_asked() => Vec::new(),
            None => sidecar::classes(&self.args.model),
        };
        let is_sure = self.classes.map(|classes| margin(&logits) >= f64::from(classes.least_margin));
        if self.args.manner.json {
            return print_json(&json!({
                "prompt": String::from_utf8_lossy(line),
                "class": winner,
                "name": names.get(winner),
                "sure": is_sure,
                "logits": logits,
                "router": stats.json(),
            }));
        }
        if self.args.manner.quiet {
            return print(&format!("{winner}\n"));
        }
        let mut table = String::from("class       logit\n");
        for (class, logit) in logits.iter().enumerate() {
            let mark = match (class == winner, is_sure) {
                (false, _) => "",
                (true, Some(false)) => "  <- winner, unsure",
                (true, _) => "  <- winner",
            };
            let name = names.get(class).map(|name| format!("  {name}")).unwrap_or_default();
            table.push_str(&format!("{class:>5}  {logit:>10.5}{name}{mark}\n"));
        }
        print(&table)?;
        self.show_bars(&stats);
        Ok(())
    }
}

/// What a person is told whose lines are continued or classified.
fn talk(is_classifier: bool, quiet: bool) -> Talk {
    const ENDS: &str = "help says more, quit or Ctrl-D ends";
    let what = if is_classifier { "a line is classified" } else { "a line is a prompt" };
    let more = if is_classifier {
        "Every line is a text whose class the model names, with the logits of all classes."
    } else {
        "Every line is the beginning of a text, which the model continues; it remembers no earlier line. -n says how far, \
         --temperature makes it more varied, --stream goes on beyond the window without forgetting all of it."
    };
    Talk {
        greeting: (!quiet).then(|| format!("{what}; {ENDS}")),
        help: format!("{more}\nQuit or Ctrl-D ends, arrows bring back earlier lines."),
    }
}
