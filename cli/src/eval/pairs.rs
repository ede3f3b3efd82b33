//! `atome eval --pairs`: how many prompts a model answers exactly right, and how sure it is.

use std::fs::File;
use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::{Model, Shape};
use atome_grammar::fits;
use atome_train::asking::How;
use atome_train::bounded::{read_if, Limit};
use atome_train::checkpoint::{dims_of, Checkpoint, Loaded};
use atome_train::config::ModelConfig;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Format as FileFormat, USUAL_THREADS};
use atome_train::pairs::{self, score, split, Pair};
use atome_train::saved::SavedModel;
use atome_train::saved_training::load_training;
use atome_train::vocabulary::OwnedVocabulary;
use serde_json::json;

use super::args::EvalArgs;
use crate::dialogue;
use crate::grammar::OwnedGrammar;
use crate::model_file::{Format, ModelFile};
use crate::output::{note, print, print_json};
use crate::pair_table::PairScore;
use crate::shape_source::find_fitting;
use crate::usage_error::UsageError;

/// Bytes that tell what a file is.
const START: u64 = 16;

/// A model that answers.
struct Answerer {
    bytes: Vec<u8>,
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
    let judged = match (&answerer.checkpoint, args.held_out) {
        (_, false) => all.all().iter().collect(),
        (Some(checkpoint), true) => held_out(args, checkpoint, path, all.all())?,
        (None, true) => {
            let why = "--held-out is for checkpoints: a model file does not say what was held out";
            return Err(UsageError(why.to_owned()).into());
        }
    };
    let model = Model::new(answerer.shape, &answerer.bytes).with_context(named)?;
    let numbers = if args.integer { Numbers::Integers } else { Numbers::Exact };
    let view = answerer.dialogue.view();
    if let Some(grammar) = &answerer.grammar {
        grammar.check(answerer.shape.vocab_size(), &view)?;
        none_of(grammar, &answerer.dialogue, &judged).iter().for_each(|text| note(text));
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
fn none_of(grammar: &OwnedGrammar, dialogue: &OwnedDialogue, judged: &[&Pair]) -> Option<String> {
    let form = dialogue.view().normalise;
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
    let is_model_file = |start: &[u8]| start.starts_with(b"ATOME");
    let goes_on = |start: &[u8]| is_model_file(start) || Checkpoint::begins_with(start);
    // Once: what a pipe has given is not there a second time.
    let bytes =
        read_if(File::open(path).with_context(named)?, Limit::CHECKPOINT, START, goes_on).with_context(named)?;
    let unasked = || {
        format!(
            "{}: does not say how it is asked: expected a model of `atome train --pairs`, or the key dialogue in a \
                 sidecar or in notes",
            named()
        )
    };
    if is_model_file(&bytes) {
        let file = ModelFile::from_bytes(path, bytes)?;
        if !matches!(file.format, Format::Model { .. }) {
            bail!("{}: is a classifier, expected a model that answers", named());
        }
        let found = find_fitting(&file, args.shape.sizes())?;
        let dialogue = dialogue::of(&file)?.with_context(unasked)?;
        let grammar = OwnedGrammar::of(&file, args.grammar.as_deref())?;
        return Ok(Answerer {
            bytes: file.bytes,
            shape: found.shape,
            max_seq: found.max_seq,
            dialogue,
            grammar,
            checkpoint: None,
        });
    }
    let checkpoint = Loaded::from_bytes(&bytes, args.weight_set.weights.as_deref()).with_context(named)?.checkpoint;
    let dialogue = OwnedDialogue::from_checkpoint(&checkpoint).with_context(named)?.with_context(unasked)?;
    let model = SavedModel::from_checkpoint(&checkpoint).with_context(named)?.config;
    let (ModelConfig::Atome(config), Some(format)) = (&model, FileFormat::of(&model)) else {
        bail!("{}: has no place in a model file, expected a model of three pathways, ternary or p3", named());
    };
    let shape = exportable(config.dims()).with_context(named)?;
    let bytes = export(&checkpoint, shape, format, USUAL_THREADS).with_context(named)?.bytes;
    let max_seq = dims_of(&checkpoint)?.max_seq.with_context(|| format!("{}: does not tell max_seq", named()))?;
    let grammar = args.grammar.as_deref().map(OwnedGrammar::read).transpose()?;
    Ok(Answerer { bytes, shape, max_seq, dialogue, grammar, checkpoint: Some(checkpoint) })
}

/// The pairs that the checkpoint's training held out.
fn held_out<'p>(args: &EvalArgs, checkpoint: &Checkpoint, path: &Path, all: &'p [Pair]) -> Result<Vec<&'p Pair>> {
    let what = || format!("--held-out: {}", args.model.display());
    let (recipe, _, digest) = load_training(checkpoint).with_context(what)?;
    let asked = recipe.pairs.as_ref().with_context(|| format!("{}: did not learn from pairs", what()))?;
    let form = asked.form().with_context(what)?;
    let split = split(all, &form, asked.held_out, recipe.seed);
    let vocabulary = OwnedVocabulary::from_checkpoint(checkpoint).with_context(what)?;
    let found = pairs::corpus(&split, &form, vocabulary.as_ref(), recipe.making()).map(|corpus| corpus.digest);
    if !found.is_ok_and(|found| found == digest) {
        bail!("{}: are not the pairs that {} was trained on", path.display(), args.model.display());
    }
    if split.held_out.is_empty() {
        bail!("--held-out: {} was trained on all of its pairs", args.model.display());
    }
    Ok(split.held_out)
}
