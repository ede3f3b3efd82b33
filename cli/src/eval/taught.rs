//! Models that learnt pairs or classes: what they are read from, and which of their examples they are judged on.

use std::fs::File;
use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_train::bounded::{read_if, Limit};
use atome_train::checkpoint::{dims_of, Checkpoint, Loaded};
use atome_train::pairs::{self, Pair, Pairs};
use atome_train::saved_training::load_training;
use atome_train::vocabulary::OwnedVocabulary;

use super::args::EvalArgs;
use crate::model_file::ModelFile;
use crate::usage_error::UsageError;

/// Bytes that tell what a file is.
const START: u64 = 16;

/// A model, of either kind of file.
pub enum Taught {
    File(ModelFile),
    Checkpoint(Checkpoint),
}

impl Taught {
    /// Reads the model that is to be judged: once, because what a pipe has given is not there a second time.
    pub fn read(args: &EvalArgs) -> Result<Self> {
        let path = &args.model;
        let named = || path.display().to_string();
        let is_model_file = |start: &[u8]| start.starts_with(b"ATOME");
        let goes_on = |start: &[u8]| is_model_file(start) || Checkpoint::begins_with(start);
        let bytes =
            read_if(File::open(path).with_context(named)?, Limit::CHECKPOINT, START, goes_on).with_context(named)?;
        if is_model_file(&bytes) {
            return ModelFile::from_bytes(path, bytes).map(Self::File);
        }
        let loaded = Loaded::from_bytes(&bytes, args.weight_set.weights.as_deref()).with_context(named)?;
        Ok(Self::Checkpoint(loaded.checkpoint))
    }
}

/// The longest sequence of a checkpoint's model.
pub fn max_seq_of(args: &EvalArgs, checkpoint: &Checkpoint) -> Result<usize> {
    dims_of(checkpoint)?.max_seq.with_context(|| format!("{}: does not tell max_seq", args.model.display()))
}

/// All pairs, or, with --held-out, those that the checkpoint's training held out.
pub fn judged<'p>(
    args: &EvalArgs,
    checkpoint: Option<&Checkpoint>,
    path: &Path,
    pairs: &'p Pairs,
) -> Result<Vec<&'p Pair>> {
    if !args.held_out {
        return Ok(pairs.all().iter().collect());
    }
    let Some(checkpoint) = checkpoint else {
        let why = "--held-out is for checkpoints: a model file does not say what was held out";
        return Err(UsageError(why.to_owned()).into());
    };
    let what = || format!("--held-out: {}", args.model.display());
    let (recipe, _, digest) = load_training(checkpoint).with_context(what)?;
    let asked = recipe.pairs.as_ref().with_context(|| format!("{}: learnt neither pairs nor classes", what()))?;
    let form = asked.form().with_context(what)?;
    let split = pairs.split(&form, asked.held_out, recipe.seed);
    let vocabulary = OwnedVocabulary::from_checkpoint(checkpoint).with_context(what)?;
    let found = pairs::corpus(&split, &form, vocabulary.as_ref(), recipe.making()).map(|corpus| corpus.digest);
    let name = if asked.classes { "examples" } else { "pairs" };
    if !found.is_ok_and(|found| found == digest) {
        bail!("{}: are not the {name} that {} was trained on", path.display(), args.model.display());
    }
    if split.held_out.is_empty() {
        bail!("{}: was trained on all of its {name}", what());
    }
    Ok(split.held_out)
}
