//! Plain `atome`: questions and answers with the default model.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use atome_engine::{integer, Arithmetic, Layout, Model, Plan, Workspace};
use atome_models::embedded;
use atome_train::dialogue::OwnedDialogue;
use clap::Args;

use crate::answers::{Answers, Manner};
use crate::grammar::OwnedGrammar;
use crate::output::note;
use crate::prompts::Talk;
use crate::sampling::{SamplingArgs, NOTHING_DRAWN};

/// How the default model answers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without a command")]
pub struct TalkArgs {
    #[command(flatten)]
    pub sampling: SamplingArgs,

    #[command(flatten)]
    pub manner: Manner,

    /// Answer nothing but what this grammar allows (`atome help grammar`)
    #[arg(long, value_name = "FILE")]
    pub grammar: Option<PathBuf>,

    /// Compute in integers only, as a program with the integer arithmetic does
    #[arg(long)]
    pub integer: bool,
}

pub fn talk(args: &TalkArgs) -> Result<ExitCode> {
    let (model, description) = embedded::load()?;
    if args.integer {
        integer::check(&model)?;
        let layout = integer::Layout::new(description.shape, description.max_seq, Plan::Cached)?;
        let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        return talk_in(args, model, &description.dialogue, integer::Workspace::new(&layout, &mut floats, &mut words)?);
    }
    let layout = Layout::new(description.shape, description.max_seq, Plan::Cached)?;
    let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
    talk_in(args, model, &description.dialogue, Workspace::new(&layout, &mut floats, &mut words)?)
}

fn talk_in<'w>(
    args: &TalkArgs,
    model: Model<'_>,
    dialogue: &OwnedDialogue,
    memory: impl Arithmetic<'w>,
) -> Result<ExitCode> {
    let manner = args.manner;
    if args.sampling.draw_nothing() && !manner.quiet {
        note(NOTHING_DRAWN);
    }
    let sampler = args.sampling.sampler()?;
    let grammar = args.grammar.as_deref().map(OwnedGrammar::read).transpose()?;
    let dialogue_view = dialogue.view();
    if let Some(grammar) = &grammar {
        grammar.check(memory.layout().shape().vocab_size(), &dialogue_view)?;
    }
    let grammar = grammar.as_ref().map(OwnedGrammar::view).transpose()?;
    let mut answers = Answers { model, memory, sampler, dialogue: dialogue_view, grammar, manner, unsure: 0 };
    answers.run(None, &about(dialogue, manner.quiet))
}

/// What a person is told who talks with a model.
pub fn about(dialogue: &OwnedDialogue, quiet: bool) -> Talk {
    const ENDS: &str = "quit or Ctrl-D ends, arrows bring back earlier lines.";
    let what = dialogue.about().unwrap_or("This model answers questions; its files do not say which.");
    let sentence = what.split_inclusive(". ").next().unwrap_or(what).trim_end();
    Talk {
        greeting: (!quiet).then(|| format!("{sentence} Ask a line at a time; help tells what, {ENDS}")),
        help: format!(
            "{}\nAn answer that the model is not sure of is marked. It remembers no earlier question.\n{}{}",
            folded(what),
            ENDS[..1].to_uppercase(),
            &ENDS[1..]
        ),
    }
}

/// Lines of at most 100 characters.
fn folded(text: &str) -> String {
    const WIDTH: usize = 100;
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        let len = word.chars().count();
        let gap = if lines.is_empty() {
            ""
        } else if width + 1 + len > WIDTH {
            width = 0;
            "\n"
        } else {
            width += 1;
            " "
        };
        lines.push_str(gap);
        lines.push_str(word);
        width += len;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_folded_between_words() {
        let text = "twelve chars ".repeat(30);
        let folded = folded(&text);
        assert!(folded.lines().all(|line| (80..=100).contains(&line.len()) || line == folded.lines().last().unwrap()));
        assert_eq!(folded.split_whitespace().count(), 60);
    }

    #[test]
    fn the_default_model_tells_what_it_knows_and_how_to_leave() {
        let (_, description) = embedded::load().unwrap();
        let talk = about(&description.dialogue, false);
        let greeting = talk.greeting.unwrap();
        assert!(
            greeting.starts_with("The help of a thermostat. Ask a line") && greeting.contains("quit"),
            "{greeting}"
        );
        assert!(talk.help.contains("\"make it 21 degrees\"") && talk.help.contains("Quit or Ctrl-D"), "{}", talk.help);
        assert!(about(&description.dialogue, true).greeting.is_none());
    }
}
