//! Where a training begins: at initial values, at the weights of a checkpoint, or where an earlier run of it stopped.

use anyhow::{bail, Context, Result};
use atome_train::checkpoint::Checkpoint;
use atome_train::config::ModelConfig;
use atome_train::corpus::Corpus;
use atome_train::model::loss::Mixture;
use atome_train::pretrained::Pretrained;
use atome_train::recipe::{Distillation, Recipe, EVERYDAY_RATE};
use atome_train::saved_training::load_training;
use atome_train::state::State;
use atome_train::teacher::Teacher;
use atome_train::vocabulary::OwnedVocabulary;

use super::args::TrainArgs;
use super::pairs::Taught;
use super::{pairs, recipe};
use crate::files::is_taken;
use crate::numbers::counted;
use crate::usage_error::UsageError;

/// What there is to learn from besides a text.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    pub teacher: Option<&'s Teacher>,
    pub pairs: Option<&'s Taught>,
}

/// What to train, and from where on.
pub struct StartingPoint {
    pub recipe: Recipe,
    /// What to tell the user before it begins, a line each.
    pub notes: Vec<String>,
    /// What tokens stand for; `None` where they are bytes, or where a text has yet to show it.
    pub vocabulary: Option<OwnedVocabulary>,
    from: From,
}

enum From {
    Scratch,
    Weights(Vec<f32>),
    /// The state of a training and the digest of its text.
    Saved(State, String),
}

impl StartingPoint {
    /// What the flags ask for.
    pub fn of(args: &TrainArgs, sources: Sources<'_>) -> Result<Self> {
        if args.resume {
            return resumed(args, sources);
        }
        if is_taken(&args.out) && !args.force {
            let message =
                format!("{}: is there already: --resume goes on with it, --force replaces it", args.out.display());
            return Err(UsageError(message).into());
        }
        match &args.init_from {
            Some(path) => {
                let weights = Pretrained::load(path, args.weights.as_deref()).context("--init-from")?;
                pretrained(args, sources, weights)
            }
            None => {
                let mut vocabulary = None;
                let recipe = asked(usual(args), args, sources, &mut vocabulary)?;
                Ok(Self { recipe, notes: Vec::new(), vocabulary, from: From::Scratch })
            }
        }
    }

    /// The state to begin with, if `corpus` is the text that it belongs to.
    pub fn state(self, recipe: &Recipe, args: &TrainArgs, corpus: &Corpus) -> Result<State> {
        match self.from {
            From::Scratch => Ok(State::initial(recipe)),
            From::Weights(params) => Ok(State::of(params)),
            From::Saved(state, digest) if digest == corpus.digest => Ok(state),
            From::Saved(_, digest) => bail!(
                "{}: its digest is {}, expected {digest}: {} was trained on another text",
                args.source().display(),
                corpus.digest,
                args.out.display()
            ),
        }
    }
}

fn pretrained(args: &TrainArgs, sources: Sources<'_>, weights: Pretrained) -> Result<StartingPoint> {
    let mut vocabulary = weights.vocabulary.clone();
    check_tokens(args, &weights)?;
    let tokens = vocabulary.as_ref().map(OwnedVocabulary::len);
    let size = weights.model.config.vocab_size();
    if tokens.is_none() && size > 256 {
        bail!(
            "--init-from: {} has {size} tokens and no vocabulary, expected tokens that are bytes",
            weights.origin.file
        );
    }
    let base = Recipe { model: weights.model.config, tokens, ..usual(args) };
    let asked = asked(base, args, sources, &mut vocabulary)?;
    let recipe = Recipe { init_from: Some(weights.origin.clone()), ..asked };
    recipe.check().map_err(|error| UsageError(error.to_string()))?;
    weights
        .check_fits(&recipe.model)
        .map_err(|error| UsageError(format!("--init-from: {error}: leave those flags out")))?;
    let mut notes = Vec::new();
    let named = |note: &str| format!("note: {}: {note}", weights.origin.file);
    notes.extend(weights.note.as_deref().map(named));
    if weights.is_top_k_assumed && args.model.attn_top_k.is_none() {
        notes.push(named("does not tell how many positions attention keeps: 4 are assumed, --attn-top-k tells others"));
    }
    notes.push(format!("begins with the weights of {} (sha256 {})", weights.origin.file, weights.origin.sha256));
    if let Some(added) = added(&weights.model.config, &recipe.model) {
        notes.push(format!("new: {} at the end of each layer", counted(added, "feed-forward sublayer")));
    }
    let params = weights.params(&recipe.model, recipe.seed);
    Ok(StartingPoint { recipe, notes, vocabulary, from: From::Weights(params) })
}

/// Sublayers of each layer that a model of `now` has besides those of `before`, if there are some.
fn added(before: &ModelConfig, now: &ModelConfig) -> Option<usize> {
    match (before, now) {
        (ModelConfig::Atome(before), ModelConfig::Atome(now)) => {
            now.feed_forward.checked_sub(before.feed_forward).filter(|&added| added > 0)
        }
        _ => None,
    }
}

/// A model's rows are those of its tokens: it goes on with the vocabulary that it has.
fn check_tokens(args: &TrainArgs, weights: &Pretrained) -> Result<()> {
    let has = weights.vocabulary.as_ref().map(OwnedVocabulary::len);
    let Some(tokens) = args.model.tokens.filter(|tokens| Some(*tokens) != has) else { return Ok(()) };
    let what = match has {
        Some(len) => format!("has a vocabulary of {len} tokens"),
        None => "has bytes for tokens".to_owned(),
    };
    Err(UsageError(format!("--tokens is {tokens}, and {} {what}: leave it out", weights.origin.file)).into())
}

/// An earlier run goes on: whatever it began with is in its checkpoint.
fn resumed(args: &TrainArgs, sources: Sources<'_>) -> Result<StartingPoint> {
    let checkpoint = Checkpoint::load(&args.out).context("--resume")?;
    let (stored, state, digest) = load_training(&checkpoint).with_context(|| args.out.display().to_string())?;
    if stored.pairs.is_some() != sources.pairs.is_some() {
        let expected = if stored.pairs.is_some() { "--pairs or --classes" } else { "--text" };
        let why = format!("--resume: {} learns from another kind of file: expected {expected}", args.out.display());
        return Err(UsageError(why).into());
    }
    let mut vocabulary =
        OwnedVocabulary::from_checkpoint(&checkpoint).with_context(|| args.out.display().to_string())?;
    if vocabulary.is_some() != stored.tokens.is_some() {
        bail!("{}: recipe and vocabulary contradict each other", args.out.display());
    }
    let recipe = asked(stored.clone(), args, sources, &mut vocabulary)?;
    // More steps are no other recipe: the training was not at its end.
    let differences = recipe::differences(&Recipe { steps: stored.steps, ..recipe.clone() }, &stored)?;
    if !differences.is_empty() {
        return Err(UsageError(format!(
            "--resume: {} has another recipe: {}; leave those flags out",
            args.out.display(),
            differences.join(", ")
        ))
        .into());
    }
    if recipe.distillation.is_some() && sources.teacher.is_none() {
        return Err(
            UsageError(format!("--resume: {} learns from a teacher: expected --teacher", args.out.display())).into()
        );
    }
    Ok(StartingPoint { recipe, notes: Vec::new(), vocabulary, from: From::Saved(state, digest) })
}

/// What the flags change.
fn usual(args: &TrainArgs) -> Recipe {
    if args.recipe.published {
        return Recipe::default();
    }
    let steps = args.recipe.steps.unwrap_or(Recipe::default().steps);
    Recipe::everyday(steps, args.recipe.lr.unwrap_or(EVERYDAY_RATE))
}

fn asked(
    base: Recipe,
    args: &TrainArgs,
    sources: Sources<'_>,
    vocabulary: &mut Option<OwnedVocabulary>,
) -> Result<Recipe> {
    let mut recipe = recipe::recipe(base, &args.model, &args.recipe)?;
    recipe.tokens = args.model.tokens.or(recipe.tokens);
    if let Some(pairs) = sources.pairs {
        pairs::complete(&mut recipe, args, pairs, vocabulary)?;
    }
    if let Some(teacher) = sources.teacher {
        let before = recipe.distillation.map(|distillation| distillation.mixture);
        let usual = before.unwrap_or(Mixture { share: 0.5, temperature: 2.0 });
        let mixture = Mixture {
            share: args.teacher.text_share.unwrap_or(usual.share),
            temperature: args.teacher.teacher_temperature.unwrap_or(usual.temperature),
        };
        if teacher.config.vocab_size() != recipe.model.vocab_size() {
            bail!(
                "--teacher: it has {} tokens, expected {} as in the model",
                teacher.config.vocab_size(),
                recipe.model.vocab_size()
            );
        }
        recipe.distillation = Some(Distillation { mixture, teacher: teacher.digest.clone() });
    }
    Ok(recipe)
}
