//! A training on pairs: the recipe and the text that they give, and what the model is worth when it is there.

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_engine::dialogue::{Dialogue, Limits, Normalise};
use atome_engine::{Model, WholeModel};
use atome_train::asking::How;
use atome_train::checkpoint::{keys, Checkpoint};
use atome_train::config::ModelConfig;
use atome_train::corpus::Corpus;
use atome_train::dialogue::OwnedDialogue;
use atome_train::evaluate::Numbers;
use atome_train::export::{export, exportable, Format, USUAL_THREADS};
use atome_train::pairs::{
    counts, is_ascii, limits, longest, longest_in_tokens, score, Changes, Form, Pair, Pairs, PairsRecipe,
};
use atome_train::recipe::Recipe;
use atome_train::terminal::safe;
use atome_train::trainer::Trainer;
use atome_train::vocabulary::OwnedVocabulary;

use super::args::{PairArgs, TrainArgs};
use super::classes::{self, Lesson};
use crate::eval::none_of;
use crate::grammar::{OfPairs, OwnedGrammar};
use crate::output::note;
use crate::pair_table::PairScore;
use crate::usage_error::UsageError;

/// Share of the prompts that are held out where nobody says otherwise.
const HELD_OUT: f64 = 0.1;

/// Share of the records with a slip.
const SLIPS: f64 = 0.1;

/// The prompt matters as far as it leads to the answer, and shows whether it is of the domain.
const PROMPT_WEIGHT: f64 = 0.1;

/// Records are so many bytes long, or a multiple of it.
const CHUNK_STEP: usize = 8;

/// Where nothing was held out, so many pairs of those learnt from set the limits.
const FOR_LIMITS: usize = 1000;

/// What is learnt instead of a text.
pub enum Taught {
    Pairs(Pairs),
    Classes(Box<Lesson>),
}

impl Taught {
    /// Reads what the flags name; `None` for a text.
    pub fn read(args: &PairArgs) -> Result<Option<Self>> {
        let pairs = args.pairs.as_deref().map(atome_train::pairs::read).transpose()?.map(Self::Pairs);
        let classes = args.classes.as_deref().map(Lesson::read).transpose()?;
        Ok(pairs.or(classes.map(|lesson| Self::Classes(Box::new(lesson)))))
    }

    /// As pairs.
    pub fn pairs(&self) -> &Pairs {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::Classes(lesson) => &lesson.pairs,
        }
    }

    /// Rows of numbers are read as they are: no slips, nothing to normalise, and no reason to learn them by heart.
    fn has_rows(&self) -> bool {
        matches!(self, Self::Classes(lesson) if lesson.has_rows())
    }

    /// What follows from the examples that `recipe` learns from.
    pub fn fit(&mut self, recipe: &Recipe) -> Result<()> {
        match self {
            Self::Pairs(_) => Ok(()),
            Self::Classes(lesson) => lesson.fit(recipe),
        }
    }
}

/// Completes `recipe` by what the pairs and the flags ask for. Where it is that of a training that goes on, what it says of its
/// pairs stays, but for the flags. A vocabulary that is asked for and not there is learnt.
pub fn complete(
    recipe: &mut Recipe,
    args: &TrainArgs,
    taught: &Taught,
    vocabulary: &mut Option<OwnedVocabulary>,
) -> Result<()> {
    let pairs = taught.pairs();
    if matches!(taught, Taught::Classes(_)) {
        classes::check(recipe)?;
        if recipe.tokens.is_some() {
            let why =
                "--classes learn from bytes, and the model to begin with has subword tokens: expected one of bytes";
            return Err(UsageError(why.to_owned()).into());
        }
    }
    let stored = recipe.pairs.take();
    let PairArgs { normalise, slips, swaps, drops, prompt_weight, .. } = &args.pairs;
    if taught.has_rows() && (normalise.is_some() || slips.is_some() || drops.is_some()) {
        let why = "--normalise, --slips and --drops are for texts, and these are numbers";
        return Err(UsageError(why.to_owned()).into());
    }
    let mut form = match (normalise, &stored) {
        (Some(names), _) => Form { normalise: steps(names)?, ..Form::of(pairs.all()) },
        // That these are the same pairs, the text's digest will tell.
        (None, Some(stored)) => stored.form()?,
        (None, None) if taught.has_rows() => Form { normalise: Normalise::NOTHING, ..Form::of(pairs.all()) },
        (None, None) => Form::of(pairs.all()),
    };
    let before = |value: fn(&PairsRecipe) -> f64| stored.as_ref().map(value);
    let share = args.recipe.train_share.map(|share| 1.0 - share);
    let held_out = share.or(before(|pairs| pairs.held_out)).unwrap_or(HELD_OUT);
    let slips = slips.or(before(|pairs| pairs.slips)).unwrap_or(if taught.has_rows() { 0.0 } else { SLIPS });
    let drops = drops.or(before(|pairs| pairs.drops)).unwrap_or(0.0);
    let swaps = swaps.or(before(|pairs| pairs.swaps)).unwrap_or(0.0);
    let changes = Changes { slips, swaps, drops };
    if let Some(stored) = &stored {
        form.longest_answer = stored.longest_answer;
    } else if let Some(tokens) = recipe.tokens {
        let learnt = || atome_train::pairs::vocabulary(&pairs.split(&form, held_out, recipe.seed), &form, tokens);
        let vocabulary = match vocabulary {
            Some(vocabulary) => vocabulary,
            None => vocabulary.insert(learnt()?),
        };
        let [longest, longest_answer] = longest_in_tokens(pairs.all(), &form, vocabulary);
        recipe.chunk = args.recipe.chunk.unwrap_or(longest.next_multiple_of(CHUNK_STEP));
        form.longest_answer = longest_answer;
        set_vocab(&mut recipe.model, vocabulary.len());
    } else {
        recipe.chunk = args.recipe.chunk.unwrap_or(longest(pairs.all(), &form).next_multiple_of(CHUNK_STEP));
        if args.model.vocab.is_none() && args.init_from.is_none() {
            set_vocab(&mut recipe.model, if is_ascii(pairs.all(), &form) { 128 } else { 256 });
        }
    }
    if stored.is_none() || share.is_some() {
        let [train, all] = counts(&pairs.split(&form, held_out, recipe.seed), recipe.chunk, changes);
        // In the middle between two whole numbers, so that no rounding loses a record.
        recipe.train_share = if train == all { 1.0 } else { (train as f64 + 0.5) / all as f64 };
    }
    recipe.prompt_weight =
        prompt_weight.or(recipe.prompt_weight).or(Some(if taught.has_rows() { 0.0 } else { PROMPT_WEIGHT }));
    let normalise = form.normalise.to_string();
    let classes = matches!(taught, Taught::Classes(_));
    let longest_answer = form.longest_answer;
    let grammar = args.pairs.grammar.is_some() || stored.is_some_and(|stored| stored.grammar);
    recipe.pairs = Some(PairsRecipe { normalise, held_out, slips, swaps, drops, longest_answer, grammar, classes });
    Ok(())
}

/// The first `count` examples of a training, as the model sees them.
pub fn examples(corpus: &Corpus, chunk: usize, count: usize) -> String {
    let mut text = String::new();
    for record in 0..count.min(corpus.len() / chunk) {
        let mut tokens = Vec::with_capacity(chunk);
        corpus.read(record * chunk..(record + 1) * chunk, &mut tokens);
        let bytes: Vec<u8> = match corpus.vocabulary() {
            Some(vocabulary) => tokens.iter().flat_map(|&token| vocabulary.bytes_of(token)).copied().collect(),
            None => tokens.iter().map(|&token| token as u8).collect(),
        };
        text.push_str(&format!("{}\n\n", safe(String::from_utf8_lossy(&bytes).trim_end_matches('\n'))));
    }
    text
}

/// What a user may want to look at who did not ask for it.
pub fn about_changes(pairs: &PairsRecipe) -> Option<String> {
    let share = 100.0 * pairs.swaps;
    let text = format!("values that answers copy are exchanged in {share:.0} % of the examples (--swaps): --show-examples 20 shows some");
    (pairs.swaps > 0.0).then_some(text)
}

fn steps(names: &str) -> Result<Normalise> {
    if names == "none" {
        return Ok(Normalise::NOTHING);
    }
    let why = || {
        let expected = "names out of blanks, lower, end-marks and ascii, with blanks between them, or none";
        UsageError(format!("--normalise is {names:?}, expected {expected}")).into()
    };
    Normalise::from_names(names).ok_or_else(why)
}

pub fn set_vocab(model: &mut ModelConfig, size: usize) {
    match model {
        ModelConfig::Atome(config) => config.vocab_size = size,
        ModelConfig::Gpt(config) => config.vocab_size = size,
    }
}

/// How the pairs of a recipe are written.
fn form(recipe: &Recipe) -> Result<(&PairsRecipe, Form)> {
    let asked = recipe.pairs.as_ref().context("the recipe says nothing of pairs")?;
    Ok((asked, asked.form()?))
}

/// The text that the pairs of `path` become.
pub fn corpus(recipe: &Recipe, path: &Path, pairs: &Pairs, vocabulary: Option<&OwnedVocabulary>) -> Result<Corpus> {
    let (asked, form) = form(recipe)?;
    let split = pairs.split(&form, asked.held_out, recipe.seed);
    atome_train::pairs::corpus(&split, &form, vocabulary, recipe.making())
        .map_err(|error| match error.to_string().starts_with("offset ") {
            true => error.context("--vocab"),
            false => error,
        })
        .with_context(|| path.display().to_string())
}

/// Asks the model of a finished training its held-out prompts, and saves with it how it is asked and when it is unsure. `None`
/// where there can be no model file of it.
pub fn finish(args: &TrainArgs, trainer: &Trainer, pairs: &Pairs) -> Result<Option<PairScore>> {
    let recipe = trainer.recipe();
    let Some(format) = Format::of(&recipe.model) else { return Ok(None) };
    let (asked, form) = form(recipe)?;
    let split = pairs.split(&form, asked.held_out, recipe.seed);
    let mut checkpoint = Checkpoint::load(&args.out)?;
    let ModelConfig::Atome(config) = &recipe.model else { bail!("a model of three pathways") };
    let shape = exportable(config.dims())?;
    let exported = export(&checkpoint, shape, format, USUAL_THREADS)?;
    let model = WholeModel::new(Model::new(shape, &exported.bytes)?, exported.feed_forward.as_deref())?;
    let is_held_out = !split.held_out.is_empty();
    let judged: Vec<&Pair> = if is_held_out {
        split.held_out.clone()
    } else {
        let every = split.train.len().div_ceil(FOR_LIMITS);
        split.train.iter().copied().step_by(every).collect()
    };
    let vocabulary = trainer.corpus().vocabulary();
    let encoder = vocabulary.map(OwnedVocabulary::encoder);
    let unlimited = Dialogue { encoder, ..form.dialogue(Limits::NONE) };
    let tell = |text: String| {
        if !args.work.quiet {
            note(&text);
        }
    };
    let grammar = if asked.grammar { grammar(&split.train, &form, tell) } else { None };
    if let Some(grammar) = &grammar {
        none_of(grammar, form.normalise, &judged).into_iter().for_each(tell);
        grammar.describe(&mut checkpoint);
    }
    let how = How { dialogue: unlimited, grammar: grammar.as_ref().map(OwnedGrammar::view).transpose()? };
    let answers = trainer.on_threads(|| score(&model, Numbers::Exact, recipe.chunk, how, &judged))?;
    let limits = limits(&answers);
    let about = args.pairs.about.clone().unwrap_or_else(|| about(&split.train));
    let dialogue = OwnedDialogue::of(&form.dialogue(limits), &about)?;
    checkpoint.metadata.insert(keys::DIALOGUE.to_owned(), dialogue.json().to_string());
    checkpoint.save(&args.out)?;
    Ok(Some(PairScore::new(&answers, &limits, is_held_out)))
}

/// The grammar of the pairs that are learnt from. Where there is none, the user is told why.
fn grammar(train: &[&Pair], form: &Form, tell: impl Fn(String)) -> Option<OwnedGrammar> {
    let made = OfPairs::new(train, form).and_then(|grammar| {
        grammar.misfits().iter().for_each(|text| tell(format!("note: --grammar: {text}")));
        OwnedGrammar::new(grammar.table, "--grammar".to_owned())
    });
    made.map_err(|error| tell(format!("note: --grammar: there is none: {error:#}"))).ok()
}

/// What people read who ask for help: the first prompts that were learnt from, in the file's order.
fn about(train: &[&Pair]) -> String {
    const SHOWN: usize = 3;
    let mut pairs = train.to_vec();
    pairs.sort_by_key(|pair| pair.line);
    let shown: Vec<String> = pairs.iter().take(SHOWN).map(|pair| format!("\"{}\"", pair.prompt.trim())).collect();
    format!("Learnt from {} pairs. Ask as in {}.", train.len(), shown.join(", "))
}
