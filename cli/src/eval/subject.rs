//! What is judged: a model file or a checkpoint.

use std::fs::File;
use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::{Packing, Shape, WholeModel};
use atome_train::bounded::{read_if, Limit};
use atome_train::checkpoint::{dims_of, Checkpoint, Loaded};
use atome_train::config::{ModelConfig, Quantiser};
use atome_train::corpus::Corpus;
use atome_train::evaluate::{judge, judge_by_integers, judge_with_engine, Judgement};
use atome_train::export::{export, exportable, Format as FileFormat, USUAL_THREADS};
use atome_train::layout::Layout;
use atome_train::saved::SavedModel;
use atome_train::saved_training::load_training;
use atome_train::vocabulary::OwnedVocabulary;
use atome_train::weights::Weights;

use super::args::With;
use crate::engine_model::EngineModel;
use crate::model_file::{Format, ModelFile};
use crate::output::note;
use crate::shape_args::ShapeArgs;
use crate::shape_source::find_fitting;
use crate::usage_error::UsageError;

/// Bytes that tell what a file is.
const START: u64 = 16;

/// Sets top_k, the number of positions that attention keeps, which no tensor shows: the checkpoint's, else the one that is
/// asked for, else the default.
fn tell_top_k(path: &Path, checkpoint: &Checkpoint, model: &mut SavedModel, asked: Option<usize>) -> Result<()> {
    let ModelConfig::Atome(config) = &mut model.config else {
        return match asked {
            Some(_) => Err(UsageError("--attn-top-k is for models of three pathways: leave it out".to_owned()).into()),
            None => Ok(()),
        };
    };
    match (dims_of(checkpoint)?.top_k, asked) {
        (Some(own), Some(asked)) if own != asked => {
            let name = path.display();
            Err(UsageError(format!("--attn-top-k is {asked}, and {name} was trained with {own}: leave it out")).into())
        }
        (None, Some(asked)) => {
            config.top_k = asked;
            Ok(())
        }
        (None, None) => {
            note(&format!(
                "note: {}: does not tell how many positions attention keeps: {} are assumed, --attn-top-k tells others",
                path.display(),
                config.top_k
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A model that can be judged.
pub enum Subject {
    /// A model file's bytes, its format and its shape, its feed-forward sublayers where it has some, and what its tokens stand
    /// for where they are no bytes.
    File {
        bytes: Vec<u8>,
        feed_forward: Option<Vec<u8>>,
        format: Format,
        shape: Shape,
        vocabulary: Option<OwnedVocabulary>,
    },
    /// A checkpoint's model and, where that matters, how its training cut the text, with the text's digest.
    Checkpoint { model: SavedModel, vocabulary: Option<OwnedVocabulary>, training: Option<(usize, f64, String)> },
}

impl Subject {
    /// Reads `path`, of a checkpoint the weights of this name. With `held_out`, also how a checkpoint's training cut its
    /// text.
    pub fn load(path: &Path, shape: &ShapeArgs, weights: Option<&str>, held_out: bool) -> Result<Self> {
        let named = || path.display().to_string();
        let is_model_file = |start: &[u8]| start.starts_with(b"ATOME");
        // Once: what a pipe has given is not there a second time.
        let goes_on = |start: &[u8]| is_model_file(start) || Checkpoint::begins_with(start);
        let file = File::open(path).with_context(named)?;
        let bytes = read_if(file, Limit::CHECKPOINT, START, goes_on).with_context(named)?;
        if is_model_file(&bytes) {
            if held_out {
                let why = "--held-out is for checkpoints: a model file does not say what was held out";
                return Err(UsageError(why.to_owned()).into());
            }
            if weights.is_some() {
                let why = "--weights is for checkpoints: a model file has one set of weights";
                return Err(UsageError(why.to_owned()).into());
            }
            let file = ModelFile::from_bytes(path, bytes)?;
            let shape = find_fitting(&file, shape.sizes())?.shape;
            let vocabulary = file.vocabulary()?;
            let feed_forward = file.feed_forward().map(<[u8]>::to_vec);
            return Ok(Self::File { format: file.format, bytes: file.bytes, feed_forward, shape, vocabulary });
        }
        if shape.sizes() != (ShapeArgs { attn_top_k: shape.attn_top_k, ..ShapeArgs::default() }).sizes() {
            let why = "sizes are for model files; a checkpoint has its own: leave those flags out";
            return Err(UsageError(why.to_owned()).into());
        }
        let loaded = Loaded::from_bytes(&bytes, weights).with_context(named)?;
        if let Some(text) = loaded.note() {
            note(&format!("note: {}: {text}", path.display()));
        }
        let checkpoint = loaded.checkpoint;
        let mut model = SavedModel::from_checkpoint(&checkpoint).with_context(named)?;
        tell_top_k(path, &checkpoint, &mut model, shape.attn_top_k.map(usize::from))?;
        let vocabulary = OwnedVocabulary::from_checkpoint(&checkpoint).with_context(named)?;
        let fits = vocabulary.as_ref().map_or(Ok(()), |vocabulary| vocabulary.check_fits(model.config.vocab_size()));
        fits.with_context(named)?;
        let training = match held_out {
            false => None,
            true => {
                let what = || format!("--held-out: {}", path.display());
                let (recipe, _, digest) = load_training(&checkpoint).with_context(what)?;
                Some((recipe.chunk, recipe.train_share, digest))
            }
        };
        Ok(Self::Checkpoint { model, vocabulary, training })
    }

    /// The model file that a checkpoint becomes, unless the forward pass of training is asked for or the only way.
    pub fn for_engine(self, path: &Path, with: Option<With>) -> Result<Self> {
        let Self::Checkpoint { model, vocabulary, training } = self else { return Ok(self) };
        if with == Some(With::Train) {
            return Ok(Self::Checkpoint { model, vocabulary, training });
        }
        let shape = match &model.config {
            ModelConfig::Atome(config) if config.quantiser == Quantiser::Ternary => exportable(config.dims()).ok(),
            _ => None,
        };
        match shape {
            Some(shape) => {
                let exported = export(&model.to_checkpoint(), shape, FileFormat::Atome01, USUAL_THREADS)?;
                let (bytes, feed_forward) = (exported.bytes, exported.feed_forward);
                let format = Format::Model { packing: Packing::TwoBits };
                Ok(Self::File { bytes, feed_forward, format, shape, vocabulary })
            }
            None if with == Some(With::Engine) => bail!(
                "{}: the engine reads ternary models with all three pathways; expected one, or --with train",
                path.display()
            ),
            None => Ok(Self::Checkpoint { model, vocabulary, training }),
        }
    }

    /// The model for the engine; `None` where only the forward pass of training computes it.
    pub fn engine_model(&self) -> Result<Option<WholeModel<'_>>> {
        Ok(match self {
            Self::File { bytes, feed_forward, format, shape, .. } => {
                Some(EngineModel::new(format.n_classes(), *shape, bytes, feed_forward.as_deref())?.model)
            }
            Self::Checkpoint { .. } => None,
        })
    }

    /// What the model's tokens stand for; `None` where they are bytes.
    pub const fn vocabulary(&self) -> Option<&OwnedVocabulary> {
        match self {
            Self::File { vocabulary, .. } | Self::Checkpoint { vocabulary, .. } => vocabulary.as_ref(),
        }
    }

    /// Whether its tokens are subwords.
    pub fn has_vocabulary(&self) -> bool {
        let (Self::File { vocabulary, .. } | Self::Checkpoint { vocabulary, .. }) = self;
        vocabulary.is_some()
    }

    /// Number of the model's tokens.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::File { shape, .. } => shape.vocab_size().min(256),
            Self::Checkpoint { model, .. } => model.config.vocab_size(),
        }
    }

    /// Judges windows of a text by integers; also how many of the most probable tokens are the exact arithmetic's.
    pub fn judge_by_integers(&self, corpus: &Corpus, starts: &[usize], window: usize) -> Result<(Judgement, u64)> {
        match self.engine_model()? {
            Some(model) => judge_by_integers(&model, corpus, starts, window),
            None => bail!("only the forward pass of training computes this checkpoint: expected it without --integer"),
        }
    }

    /// Judges windows of a text.
    pub fn judge(&self, corpus: &Corpus, starts: &[usize], window: usize) -> Result<Judgement> {
        if let Some(model) = self.engine_model()? {
            return judge_with_engine(&model, corpus, starts, window);
        }
        match self {
            Self::File { .. } => bail!("a model file that the engine does not read"),
            Self::Checkpoint { model: SavedModel { config, params }, .. } => {
                if window - 1 > config.longest() {
                    bail!(
                        "--window is {window}, expected {} at most: the model has no more positions",
                        config.longest() + 1
                    );
                }
                Ok(judge(config, &Weights::new(config, &Layout::new(config), params), corpus, starts, window))
            }
        }
    }
}
