//! `atome eval --questions`: how many questions a model answers right, and how many it should not have.

use std::path::Path;
use std::time::Instant;

use anyhow::{bail, Context, Result};
use atome_engine::sample::Sampler;
use atome_engine::{integer, Arithmetic, Layout, Plan, Run, Workspace};
use atome_train::asking::{ask, How};
use atome_train::bounded::{self, Limit};
use atome_train::work_area::zeros;
use serde_json::json;

use super::args::EvalArgs;
use crate::dialogue;
use crate::grammar::OwnedGrammar;
use crate::model_file::{Format, ModelFile};
use crate::numbers::{grouped, percent};
use crate::output::{print, print_json};
use crate::shape_source::find;

/// A line: a question, and its right answer where there is one.
type Question = (String, Option<String>);

/// How the answers were.
#[derive(Debug, Default)]
struct Counts {
    right: u64,
    right_and_sure: u64,
    wrong_and_sure: u64,
    unsure: u64,
}

pub fn eval(args: &EvalArgs, path: &Path) -> Result<()> {
    let file = ModelFile::read(&args.model)?;
    let named = || args.model.display().to_string();
    let Format::Model { .. } = file.format else {
        bail!("{}: is a classifier, expected a model that answers", named());
    };
    let Some(dialogue) = dialogue::of(&file)? else {
        bail!("{}: its files do not say how it is asked: expected the key dialogue in a sidecar or in notes", named());
    };
    let found = find(&file, args.shape.sizes())?;
    let questions = read(path)?;
    let view = dialogue.view();
    let grammar = OwnedGrammar::of(&file, None)?;
    if let Some(grammar) = &grammar {
        grammar.check(found.shape.vocab_size(), &view)?;
    }
    let how = How { dialogue: view, grammar: grammar.as_ref().map(OwnedGrammar::view).transpose()? };
    let model = file.engine_model(found.shape)?.model;
    let start = Instant::now();
    let counts = if args.integer {
        integer::check(&model).with_context(named)?;
        let layout = integer::Layout::new(found.shape, found.max_seq, Plan::Cached)?;
        let (mut floats, mut words) = zeros(layout.floats(), layout.words())?;
        count(&model, integer::Workspace::new(&layout, &mut floats, &mut words)?, how, &questions)?
    } else {
        let layout = Layout::new(found.shape, found.max_seq, Plan::Cached)?;
        let (mut floats, mut words) = zeros(layout.floats(), layout.words())?;
        count(&model, Workspace::new(&layout, &mut floats, &mut words)?, how, &questions)?
    };
    show(args, path, questions.len() as u64, &counts, start.elapsed().as_secs_f64())
}

/// Asks all questions, each from cold.
fn count<'m, 'w, M: Arithmetic<'w>>(
    model: &impl Run<'m, M>,
    mut memory: M,
    how: How<'_>,
    questions: &[Question],
) -> Result<Counts> {
    let mut sampler = Sampler::new(0.0, 1, 1.0, 0)?;
    let mut counts = Counts::default();
    for (question, right) in questions {
        let question = question.as_bytes();
        let reply = ask(model, &mut memory, how, &mut sampler, question, |_| (), |_| Ok(()))?;
        let bytes = || reply.tokens.iter().flat_map(|&token| how.dialogue.bytes_of(token)).copied();
        let is_right = right.as_ref().is_some_and(|right| bytes().eq(right.bytes()));
        let is_sure = reply.doubt.is_none();
        counts.right += u64::from(is_right);
        counts.right_and_sure += u64::from(is_right && is_sure);
        counts.wrong_and_sure += u64::from(!is_right && is_sure);
        counts.unsure += u64::from(!is_sure);
    }
    Ok(counts)
}

fn show(args: &EvalArgs, path: &Path, asked: u64, counts: &Counts, seconds: f64) -> Result<()> {
    let Counts { right, right_and_sure, wrong_and_sure, unsure } = *counts;
    if args.json {
        return print_json(&json!({
            "model": args.model.display().to_string(),
            "text": path.display().to_string(),
            "questions": asked,
            "right": right,
            "right_and_sure": right_and_sure,
            "wrong_and_sure": wrong_and_sure,
            "unsure": unsure,
            "seconds": seconds,
        }));
    }
    let line = |name: &str, count: u64| format!("{name:<15}{:>9}  {:>6}\n", grouped(count), percent(count, asked));
    let mut text = format!("{:<15}{:>9}\n", "questions", grouped(asked));
    for (name, count) in
        [("right", right), ("right and sure", right_and_sure), ("wrong and sure", wrong_and_sure), ("unsure", unsure)]
    {
        text.push_str(&line(name, count));
    }
    print(&text)
}

/// The questions of a file, one a line.
fn read(path: &Path) -> Result<Vec<Question>> {
    let named = || path.display().to_string();
    let bytes = bounded::read(path, Limit::MODEL).with_context(named)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{}: expected UTF-8", named()))?;
    let question = |line: &str| match line.split_once('\t') {
        Some((question, answer)) => (question.to_owned(), Some(answer.to_owned())),
        None => (line.to_owned(), None),
    };
    let questions: Vec<Question> = text.lines().filter(|line| !line.trim().is_empty()).map(question).collect();
    if questions.is_empty() {
        bail!("{}: no questions, expected one a line, with a tab and its answer", named());
    }
    Ok(questions)
}
