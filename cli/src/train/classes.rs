//! A training on examples with classes: the pairs that they become, and what the classifier is worth when it is there.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::dialogue::Limits;
use atome_engine::Model;
use atome_train::checkpoint::{keys, Checkpoint};
use atome_train::classes::{self, classifier, least_margin, score, Description, Examples, Inputs};
use atome_train::config::ModelConfig;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Format, USUAL_THREADS};
use atome_train::pairs::{Pair, Pairs, PairsRecipe};
use atome_train::recipe::Recipe;
use atome_train::trainer::Trainer;

use super::args::TrainArgs;
use crate::class_table::ClassScore;
use crate::engine_model::EngineModel;
use crate::files::{write_all, Output};
use crate::usage_error::UsageError;

/// A file of examples, and the pairs that they are at the moment.
pub struct Lesson {
    examples: Examples,
    description: Description,
    pub pairs: Pairs,
}

impl Lesson {
    /// Reads the examples.
    pub fn read(path: &Path) -> Result<Self> {
        let examples = classes::read(path)?;
        if let [only] = examples.classes.as_slice() {
            bail!("{}: all examples have the class {only:?}, expected two classes at least", path.display());
        }
        // Until it is known which examples are learnt from: as many pairs, as long as they will be.
        let pairs = examples.pairs(&examples.fit(&[]));
        let description = Description { names: examples.classes.clone(), columns: Vec::new(), least_margin: 0.0 };
        Ok(Self { examples, description, pairs })
    }

    /// Whether rows of numbers are classified.
    pub const fn has_rows(&self) -> bool {
        matches!(self.examples.inputs, Inputs::Rows { .. })
    }

    /// Fits the constants of the columns on the examples that `recipe` learns from, and none else.
    pub fn fit(&mut self, recipe: &Recipe) -> Result<()> {
        let asked = asked(recipe)?;
        let mut lines: Vec<u64> = {
            let split = self.pairs.split(&asked.form()?, asked.held_out, recipe.seed);
            split.train.iter().map(|pair| pair.line).collect()
        };
        lines.sort_unstable();
        self.description.columns = self.examples.fit(&lines);
        self.pairs = self.examples.pairs(&self.description.columns);
        Ok(())
    }

    /// Names the classes of the examples that were held out, and saves with the model what its files say of the classes.
    /// The curve of what abstaining is worth goes to `curve`.
    pub fn finish(&mut self, args: &TrainArgs, trainer: &Trainer, curve: &Path) -> Result<ClassScore<'_>> {
        let recipe = trainer.recipe();
        let asked = asked(recipe)?;
        let form = asked.form()?;
        let split = self.pairs.split(&form, asked.held_out, recipe.seed);
        let mut checkpoint = Checkpoint::load(&args.out)?;
        let ModelConfig::Atome(config) = &recipe.model else { bail!("a model of three pathways") };
        let shape = exportable(config.dims())?;
        let exported = export(&checkpoint, shape, Format::Atome01, USUAL_THREADS)?;
        let count = self.description.names.len();
        let file = classifier(&exported.bytes, &Model::new(shape, &exported.bytes)?, count)?;
        let loaded = EngineModel::new(Some(count), shape, &file, exported.feed_forward.as_deref())?.classifier();
        let loaded = loaded.context("a classifier's file without a head")?;
        let is_held_out = !split.held_out.is_empty();
        let judged: &[&Pair] = if is_held_out { &split.held_out } else { &split.train };
        let dialogue = form.dialogue(Limits::NONE);
        let named = trainer.on_threads(|| score(&loaded, Numbers::Exact, recipe.chunk, &dialogue, judged))?;
        self.description.least_margin = least_margin(&named);
        checkpoint.metadata.insert(keys::CLASSES.to_owned(), self.description.json().to_string());
        checkpoint.metadata.insert(keys::DIALOGUE.to_owned(), OwnedDialogue::of(&dialogue, "")?.json().to_string());
        checkpoint.save(&args.out)?;
        let score = ClassScore::new(&self.description, named, is_held_out);
        let title = format!("{}: what abstaining is worth", args.out.display());
        // As the loss curve: of a file that is gone on with, the one before is replaced.
        write_all(&[Output::new(curve, score.plot(&title))], &[], true)?;
        Ok(score)
    }
}

fn asked(recipe: &Recipe) -> Result<&PairsRecipe> {
    recipe.pairs.as_ref().context("the recipe says nothing of classes")
}

/// What a classifier cannot be.
pub fn check(recipe: &Recipe) -> Result<()> {
    if Format::of(&recipe.model) == Some(Format::Atome01) {
        return Ok(());
    }
    let why = "--classes: a classifier is a ternary model of three pathways: expected it without --model, --quantiser or --without";
    Err(UsageError(why.to_owned()).into())
}
