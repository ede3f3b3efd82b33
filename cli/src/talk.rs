//! Plain `atome`: questions and answers with the default model.

use std::io::{self, IsTerminal};
use std::time::Instant;

use anyhow::{Context, Result};
use atome_engine::sample::Sampler;
use atome_engine::{Layout, Model, Plan, Workspace};
use atome_models::asking::{ask, Limits, Signals};
use atome_models::embedded;
use rustyline::error::ReadlineError;
use rustyline::DefaultEditor;
use serde_json::{json, Value};

use crate::args::TalkArgs;
use crate::bars::RouterStats;
use crate::output::{note, print, print_json};
use crate::prompts::Prompts;
use crate::sampling::NOTHING_DRAWN;
use crate::stream::TextStream;

pub fn talk(args: &TalkArgs) -> Result<()> {
    let (model, description) = embedded::load()?;
    let layout = Layout::new(description.shape, description.max_seq, Plan::Cached)?;
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    let mut talk = Talk {
        args,
        model,
        limits: description.limits,
        workspace: Workspace::new(&layout, &mut floats, &mut words)?,
        sampler: args.sampling.sampler()?,
    };
    if args.sampling.draw_nothing() {
        talk.note(NOTHING_DRAWN);
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let mut lines = Prompts::new();
        while let Some(line) = lines.next()? {
            talk.answer(&String::from_utf8_lossy(&line))?;
        }
        return Ok(());
    }
    talk.note("The default model helps with a thermostat: ask how something works, or give a command.");
    talk.note("\"how do i unlock it\", \"make it 21 degrees\". Arrows bring back earlier lines, Ctrl-D ends.\n");
    talk.with_history()
}

struct Talk<'t> {
    args: &'t TalkArgs,
    model: Model<'static>,
    limits: Limits,
    workspace: Workspace<'t>,
    sampler: Sampler,
}

impl Talk<'_> {
    /// A person types: lines can be edited and brought back.
    fn with_history(&mut self) -> Result<()> {
        let mut editor = DefaultEditor::new().context("terminal")?;
        loop {
            match editor.readline("> ") {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => {
                    editor.add_history_entry(&line).context("history")?;
                    self.answer(&line)?;
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(()),
                Err(error) => return Err(error).context("terminal"),
            }
        }
    }

    fn note(&self, text: &str) {
        if !self.args.quiet {
            note(text);
        }
    }

    fn answer(&mut self, question: &str) -> Result<()> {
        let layout = self.workspace.layout();
        let shape = layout.shape();
        let mut stats = RouterStats::new(shape.n_layers(), shape.n_pathways());
        let mut text = TextStream::default();
        let is_json = self.args.json;
        let start = Instant::now();
        let (answer, signals) = ask(
            &self.model,
            &mut self.workspace,
            &mut self.sampler,
            question,
            |reading, position| stats.add(reading, position, 0),
            |byte| if is_json { Ok(()) } else { print(&text.push(byte)) },
        )?;
        let seconds = start.elapsed().as_secs_f64();
        let doubt = self.limits.doubt(&signals);
        if is_json {
            return print_json(&json!({
                "question": question,
                "answer": answer,
                "sure": doubt.is_none(),
                "doubt": doubt,
                "signals": signals_json(&signals),
                "seconds": seconds,
                "router": stats.json(),
            }));
        }
        let mark = doubt.filter(|_| !self.args.quiet).map(|why| format!("  [unsure: {why}]")).unwrap_or_default();
        print(&format!("{}{mark}\n", text.finish()))?;
        self.note(&format!(
            "\nsurprise of the question {:.2} nats a byte, least probability in the answer {:.2}\n{}",
            signals.question_nats,
            signals.least_probability,
            stats.table()
        ));
        Ok(())
    }
}

fn signals_json(signals: &Signals) -> Value {
    json!({
        "question_nats": signals.question_nats,
        "answer_nats": signals.answer_nats,
        "least_probability": signals.least_probability,
        // JSON has no infinity; a vocabulary of one would have no second logit.
        "least_margin": signals.least_margin.is_finite().then_some(signals.least_margin),
        "question_entropy": signals.question_entropy,
        "answer_entropy": signals.answer_entropy,
    })
}
