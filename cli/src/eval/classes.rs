//! `atome eval --classes`: how many examples a classifier names the class of, and how sure it is.

use std::path::Path;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::dialogue::Dialogue;
use atome_engine::{Model, Shape};
use atome_train::checkpoint::Checkpoint;
use atome_train::classes::{classifier, read, score, Description, Examples, Inputs};
use atome_train::config::ModelConfig;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Exported, Format as FileFormat, USUAL_THREADS};
use atome_train::pairs::Pairs;
use atome_train::saved::SavedModel;
use serde_json::json;

use super::args::EvalArgs;
use super::taught::{judged, max_seq_of, Taught};
use crate::class_table::ClassScore;
use crate::engine_model::EngineModel;
use crate::files::{write_all, Output};
use crate::model_file::{Format, ModelFile};
use crate::output::{print, print_json};
use crate::shape_source::find_fitting;
use crate::{classes, dialogue};

/// A classifier that knows its classes.
struct Namer {
    bytes: Vec<u8>,
    /// Its feed-forward sublayers, where it has some.
    feed_forward: Option<Vec<u8>>,
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
    let judged = judged(args, namer.checkpoint.as_ref(), path, &pairs)?;
    let n_classes = Some(namer.description.names.len());
    let loaded = EngineModel::new(n_classes, namer.shape, &namer.bytes, namer.feed_forward.as_deref());
    let loaded = loaded.with_context(named)?.classifier().with_context(|| format!("{}: is no classifier", named()))?;
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
    let unasked = || {
        format!(
            "{}: does not say what its classes are: expected one of `atome train --classes`, or its sidecar",
            named()
        )
    };
    let checkpoint = match Taught::read(args)? {
        Taught::Checkpoint(checkpoint) => checkpoint,
        Taught::File(file) => return of_file(args, file, unasked),
    };
    let description = Description::from_checkpoint(&checkpoint).with_context(named)?.with_context(unasked)?;
    let dialogue = OwnedDialogue::from_checkpoint(&checkpoint).with_context(named)?;
    let ModelConfig::Atome(config) = SavedModel::from_checkpoint(&checkpoint).with_context(named)?.config else {
        bail!("{}: has no place in a model file, expected a model of three pathways", named());
    };
    let shape = exportable(config.dims()).with_context(named)?;
    let exported = export(&checkpoint, shape, FileFormat::Atome01, USUAL_THREADS).with_context(named)?;
    let Exported { bytes: base, feed_forward, .. } = exported;
    let bytes = classifier(&base, &Model::new(shape, &base)?, description.names.len()).with_context(named)?;
    let max_seq = max_seq_of(args, &checkpoint)?;
    Ok(Namer { bytes, feed_forward, shape, max_seq, description, dialogue, checkpoint: Some(checkpoint) })
}

fn of_file(args: &EvalArgs, file: ModelFile, unasked: impl Fn() -> String) -> Result<Namer> {
    if !matches!(file.format, Format::Classifier { .. }) {
        bail!("{}: is no classifier", args.model.display());
    }
    let found = find_fitting(&file, args.shape.sizes())?;
    let (description, dialogue) = (classes::of(&file)?.with_context(unasked)?, dialogue::of(&file)?);
    let (shape, max_seq, feed_forward) = (found.shape, found.max_seq, file.feed_forward().map(<[u8]>::to_vec));
    Ok(Namer { bytes: file.bytes, feed_forward, shape, max_seq, description, dialogue, checkpoint: None })
}
