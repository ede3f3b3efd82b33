//! `atome eval --pairs`: how many prompts a model answers exactly right, and how sure it is.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::dialogue::Normalise;
use atome_engine::{Model, Shape, WholeModel};
use atome_grammar::fits;
use atome_train::asking::How;
use atome_train::checkpoint::Checkpoint;
use atome_train::config::ModelConfig;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Exported, Format as FileFormat, USUAL_THREADS};
use atome_train::pairs::{self, score, Pair};
use atome_train::saved::SavedModel;
use serde_json::json;

use super::args::EvalArgs;
use super::taught::{judged, max_seq_of, Taught};
use crate::dialogue;
use crate::grammar::OwnedGrammar;
use crate::model_file::{Format, ModelFile};
use crate::output::{note, print, print_json};
use crate::pair_table::PairScore;
use crate::shape_source::find_fitting;

/// A model that answers.
struct Answerer {
    bytes: Vec<u8>,
    /// Its feed-forward sublayers, where it has some.
    feed_forward: Option<Vec<u8>>,
    shape: Shape,
    max_seq: usize,
    dialogue: OwnedDialogue,
    /// What it may answer, where that is said.
    grammar: Option<OwnedGrammar>,
    /// Where it was made of one.
    checkpoint: Option<Checkpoint>,
}

pub fn eval(args: &EvalArgs, path: &Path) -> Result<()> {
    let answerer = load(args)?;
    let named = || args.model.display().to_string();
    let all = pairs::read(path)?;
    let judged = judged(args, answerer.checkpoint.as_ref(), path, &all)?;
    let model = Model::new(answerer.shape, &answerer.bytes).with_context(named)?;
    let model = WholeModel::new(model, answerer.feed_forward.as_deref()).with_context(named)?;
    let numbers = if args.integer { Numbers::Integers } else { Numbers::Exact };
    let view = answerer.dialogue.view();
    if let Some(grammar) = &answerer.grammar {
        grammar.check(answerer.shape.vocab_size(), &view)?;
        none_of(grammar, view.normalise, &judged).iter().for_each(|text| note(text));
    }
    let how = How { dialogue: view, grammar: answerer.grammar.as_ref().map(OwnedGrammar::view).transpose()? };
    let asked =
        args.windows.on_threads(|| score(&model, numbers, answerer.max_seq, how, &judged)).with_context(named)?;
    let found = PairScore::new(&asked, &view.limits, args.held_out);
    if !args.json {
        return print(&found.text());
    }
    let mut all = found.json();
    all["model"] = json!(args.model.display().to_string());
    all["text"] = json!(path.display().to_string());
    print_json(&all)
}

/// How many right answers cannot come, if any.
pub fn none_of(grammar: &OwnedGrammar, form: Normalise, judged: &[&Pair]) -> Option<String> {
    let is_one = |pair: &&&Pair| {
        let prompt: Vec<u8> = form.apply(pair.prompt.as_bytes()).collect();
        fits(grammar.table(), &prompt, pair.answer.as_bytes()).is_ok()
    };
    let misfits = judged.len() - judged.iter().filter(is_one).count();
    (misfits > 0).then(|| format!("note: {misfits} of {} right answers are none of the grammar's", judged.len()))
}

fn load(args: &EvalArgs) -> Result<Answerer> {
    let path = &args.model;
    let named = || path.display().to_string();
    let unasked = || {
        format!(
            "{}: does not say how it is asked: expected a model of `atome train --pairs`, or the key dialogue in a \
                 sidecar or in notes",
            named()
        )
    };
    let checkpoint = match Taught::read(args)? {
        Taught::Checkpoint(checkpoint) => checkpoint,
        Taught::File(file) => return of_file(args, file, unasked),
    };
    let dialogue = OwnedDialogue::from_checkpoint(&checkpoint).with_context(named)?.with_context(unasked)?;
    let model = SavedModel::from_checkpoint(&checkpoint).with_context(named)?.config;
    let (ModelConfig::Atome(config), Some(format)) = (&model, FileFormat::of(&model)) else {
        bail!("{}: has no place in a model file, expected a model of three pathways, ternary or p3", named());
    };
    let shape = exportable(config.dims()).with_context(named)?;
    let Exported { bytes, feed_forward, .. } = export(&checkpoint, shape, format, USUAL_THREADS).with_context(named)?;
    let max_seq = max_seq_of(args, &checkpoint)?;
    let grammar = OwnedGrammar::of_checkpoint(&checkpoint, args.grammar.as_deref()).with_context(named)?;
    Ok(Answerer { bytes, feed_forward, shape, max_seq, dialogue, grammar, checkpoint: Some(checkpoint) })
}

fn of_file(args: &EvalArgs, file: ModelFile, unasked: impl Fn() -> String) -> Result<Answerer> {
    if !matches!(file.format, Format::Model { .. }) {
        bail!("{}: is a classifier, expected a model that answers", args.model.display());
    }
    let found = find_fitting(&file, args.shape.sizes())?;
    let dialogue = dialogue::of(&file)?.with_context(unasked)?;
    let grammar = OwnedGrammar::of(&file, args.grammar.as_deref())?;
    let (shape, max_seq, feed_forward) = (found.shape, found.max_seq, file.feed_forward().map(<[u8]>::to_vec));
    Ok(Answerer { bytes: file.bytes, feed_forward, shape, max_seq, dialogue, grammar, checkpoint: None })
}
