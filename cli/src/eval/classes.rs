//! `atome eval --classes`: how many examples a classifier names the class of, and how sure it is.

use std::fs::File;
use std::path::Path;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::dialogue::Dialogue;
use atome_engine::{Classifier, Model, Shape};
use atome_train::bounded::{read_if, Limit};
use atome_train::checkpoint::{dims_of, Checkpoint, Loaded};
use atome_train::classes::{classifier, read, score, Description, Examples, Inputs};
use atome_train::config::ModelConfig;
use atome_train::corpus::Corpus;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Format as FileFormat, USUAL_THREADS};
use atome_train::pairs::{records, Pair, Pairs};
use atome_train::saved::SavedModel;
use atome_train::saved_training::load_training;
use serde_json::json;

use super::args::EvalArgs;
use crate::class_table::ClassScore;
use crate::files::{write_all, Output};
use crate::model_file::{Format, ModelFile};
use crate::output::{print, print_json};
use crate::shape_source::find_fitting;
use crate::usage_error::UsageError;
use crate::{classes, dialogue};

/// Bytes that tell what a file is.
const START: u64 = 16;

/// A classifier that knows its classes.
struct Namer {
    bytes: Vec<u8>,
    shape: Shape,
    max_seq: usize,
    description: Description,
    dialogue: Option<OwnedDialogue>,
    /// Where it was made of one.
    checkpoint: Option<Checkpoint>,
}

pub fn eval(args: &EvalArgs, path: &Path) -> Result<()> {
    let namer = load(args)?;
    let named = || args.model.display().to_string();
    let in_file = || path.display().to_string();
    let pairs = same_classes(&read(path)?, &namer.description).with_context(in_file)?;
    let judged = match (&namer.checkpoint, args.held_out) {
        (_, false) => pairs.all().iter().collect(),
        (Some(checkpoint), true) => held_out(args, checkpoint, path, &pairs)?,
        (None, true) => {
            let why = "--held-out is for checkpoints: a model file does not say what was held out";
            return Err(UsageError(why.to_owned()).into());
        }
    };
    let loaded = Classifier::new(namer.shape, &namer.bytes, namer.description.names.len()).with_context(named)?;
    let numbers = if args.integer { Numbers::Integers } else { Numbers::Exact };
    let view = namer.dialogue.as_ref().map_or(Dialogue::NONE, OwnedDialogue::view);
    let found =
        args.windows.on_threads(|| score(&loaded, numbers, namer.max_seq, &view, &judged)).with_context(named)?;
    let found = ClassScore::new(&namer.description, found, args.held_out);
    if let Some(plot) = &args.plot {
        let title = format!("{}: what abstaining is worth", args.model.display());
        write_all(&[Output::new(plot, found.plot(&title)).of("--plot")], &[&args.model, path], args.force)?;
    }
    if !args.json {
        return print(&found.text());
    }
    let mut all = found.json();
    all["model"] = json!(args.model.display().to_string());
    all["text"] = json!(path.display().to_string());
    print_json(&all)
}

/// The examples as a classifier of these classes and columns reads them. Classes that the file does not have are no fault; others
/// are.
fn same_classes(examples: &Examples, description: &Description) -> Result<Pairs> {
    for name in &examples.classes {
        ensure!(
            description.names.contains(name),
            "the class {name:?} is none of the classifier's, which are {}",
            description.names.join(", ")
        );
    }
    match &examples.inputs {
        Inputs::Texts(_) => ensure!(
            description.columns.is_empty(),
            "has texts, expected columns of numbers: {}",
            description.column_names()
        ),
        Inputs::Rows { names, .. } => ensure!(
            names.iter().eq(description.columns.iter().map(|column| &column.name)),
            "has the columns {}, expected {}",
            names.join(", "),
            if description.columns.is_empty() { "text".to_owned() } else { description.column_names() }
        ),
    }
    Ok(examples.renamed(&description.names).pairs(&description.columns))
}

fn load(args: &EvalArgs) -> Result<Namer> {
    let path = &args.model;
    let named = || path.display().to_string();
    let is_model_file = |start: &[u8]| start.starts_with(b"ATOME");
    let goes_on = |start: &[u8]| is_model_file(start) || Checkpoint::begins_with(start);
    let bytes =
        read_if(File::open(path).with_context(named)?, Limit::CHECKPOINT, START, goes_on).with_context(named)?;
    let unasked = || {
        format!(
            "{}: does not say what its classes are: expected one of `atome train --classes`, or its sidecar",
            named()
        )
    };
    if is_model_file(&bytes) {
        let file = ModelFile::from_bytes(path, bytes)?;
        if !matches!(file.format, Format::Classifier { .. }) {
            bail!("{}: is no classifier", named());
        }
        let found = find_fitting(&file, args.shape.sizes())?;
        let (description, dialogue) = (classes::of(&file)?.with_context(unasked)?, dialogue::of(&file)?);
        let (shape, max_seq) = (found.shape, found.max_seq);
        return Ok(Namer { bytes: file.bytes, shape, max_seq, description, dialogue, checkpoint: None });
    }
    let checkpoint = Loaded::from_bytes(&bytes, args.weight_set.weights.as_deref()).with_context(named)?.checkpoint;
    let description = Description::from_checkpoint(&checkpoint).with_context(named)?.with_context(unasked)?;
    let dialogue = OwnedDialogue::from_checkpoint(&checkpoint).with_context(named)?;
    let ModelConfig::Atome(config) = SavedModel::from_checkpoint(&checkpoint).with_context(named)?.config else {
        bail!("{}: has no place in a model file, expected a model of three pathways", named());
    };
    let shape = exportable(config.dims()).with_context(named)?;
    let base = export(&checkpoint, shape, FileFormat::Atome01, USUAL_THREADS).with_context(named)?.bytes;
    let bytes = classifier(&base, &Model::new(shape, &base)?, description.names.len()).with_context(named)?;
    let max_seq = dims_of(&checkpoint)?.max_seq.with_context(|| format!("{}: does not tell max_seq", named()))?;
    Ok(Namer { bytes, shape, max_seq, description, dialogue, checkpoint: Some(checkpoint) })
}

/// The examples that the checkpoint's training held out.
fn held_out<'p>(args: &EvalArgs, checkpoint: &Checkpoint, path: &Path, pairs: &'p Pairs) -> Result<Vec<&'p Pair>> {
    let what = || format!("--held-out: {}", args.model.display());
    let (recipe, _, digest) = load_training(checkpoint).with_context(what)?;
    let asked = recipe.pairs.as_ref().with_context(|| format!("{}: did not learn classes", what()))?;
    let form = asked.form().with_context(what)?;
    let split = pairs.split(&form, asked.held_out, recipe.seed);
    let found = records(&split, &form, recipe.chunk, asked.slips, recipe.seed)
        .and_then(|text| Ok(Corpus::new(text, recipe.model.vocab_size())?.digest));
    if !found.is_ok_and(|found| found == digest) {
        bail!("{}: are not the examples that {} was trained on", path.display(), args.model.display());
    }
    if split.held_out.is_empty() {
        bail!("--held-out: {} was trained on all of its examples", args.model.display());
    }
    Ok(split.held_out)
}
