//! `atome train`.

mod args;
mod classes;
mod outputs;
mod pairs;
mod recipe;
mod starting_point;

use std::path::Path;

use anyhow::{bail, Context, Result};
use atome_train::checkpoint::atomic::Existing;
use atome_train::checkpoint::Checkpoint;
use atome_train::config::ModelConfig;
use atome_train::corpus::{Corpus, Split};
use atome_train::export::Format;
use atome_train::recipe::Recipe;
use atome_train::saved::SavedModel;
use atome_train::session::{run, Options, Outcome};
use atome_train::teacher::{Teacher, TeacherLogits};
use atome_train::trainer::{pool, Trainer};
use atome_train::vocabulary::{of_text, OwnedVocabulary};
use serde_json::{json, Value};

pub use args::TrainArgs;
use outputs::Outputs;
use pairs::Taught;
use starting_point::{Sources, StartingPoint};

use crate::class_table::ClassScore;
use crate::files::{check_folder, Place};
use crate::numbers::grouped;
use crate::output::{self, print, print_json};
use crate::pair_table::PairScore;
use crate::stop::stop_flag;
use crate::usage_error::UsageError;
use crate::{next_step, texts};

pub fn train(args: &TrainArgs) -> Result<()> {
    // Before anything is read: what is in its place is neither replaced nor gone on with.
    check_folder(Place::of("--out", &args.out))?;
    args.pairs.check()?;
    let teacher = args.teacher.teacher.as_deref().map(load_teacher).transpose()?;
    let mut taught = Taught::read(&args.pairs)?;
    let outputs = Outputs::of(args);
    // To the end: two trainings of one name would take each other's saves for their own.
    let _locks = outputs.claim(args)?;
    let start = StartingPoint::of(args, Sources { teacher: teacher.as_ref(), pairs: taught.as_ref() })?;
    let of_logits = outputs.check(args)?;
    let mut recipe = start.recipe.clone();
    recipe.check().map_err(|error| UsageError(recipe::in_flags(&error.to_string())))?;
    let corpus = match &mut taught {
        None => {
            let corpus = text(args, &mut recipe, start.vocabulary.as_ref())?;
            // With its vocabulary, the model may be larger.
            recipe.check().map_err(|error| UsageError(recipe::in_flags(&error.to_string())))?;
            corpus
        }
        Some(taught) => {
            taught.fit(&recipe).with_context(|| args.source().display().to_string())?;
            pairs::corpus(&recipe, args.source(), taught.pairs(), start.vocabulary.as_ref())?
        }
    };
    if let Some(count) = args.pairs.show_examples {
        return print(&pairs::examples(&corpus, recipe.chunk, count));
    }
    let note = |text: String| {
        if !args.work.quiet {
            output::note(&text);
        }
    };
    start.notes.iter().cloned().for_each(note);
    recipe.pairs.iter().filter_map(pairs::about_changes).for_each(note);
    let state = start.state(&recipe, args, &corpus)?;
    let pool = pool(args.work.threads.map(usize::from))?;
    let split =
        Split::of(&corpus, recipe.chunk, recipe.train_share).with_context(|| args.source().display().to_string())?;
    let logits = match &teacher {
        None => None,
        Some(teacher) => Some(pool.install(|| {
            let place = (outputs.logits.as_path(), of_logits);
            TeacherLogits::open(place, teacher, &corpus, &split, &mut |text| note(text))
        })?),
    };
    if let (Some(vocabulary), Some(asked)) = (corpus.vocabulary(), recipe.tokens) {
        note(about_tokens(&corpus, vocabulary.len(), asked));
    }
    note(format!(
        "{} parameters; {} chunks of {} tokens to learn from, {} held out; {} of {} steps done",
        grouped(state.params.len() as u64),
        grouped(split.train as u64),
        split.chunk,
        grouped((split.all - split.train) as u64),
        grouped(state.step),
        grouped(recipe.steps)
    ));
    let mut trainer = Trainer::new(recipe, corpus, state, pool)?;
    if let Some(logits) = logits {
        trainer.learn_from(logits);
    }
    let stop = stop_flag()?;
    let curve = outputs.coverage.clone();
    let outcome = run(&mut trainer, &options(args, outputs), &stop)?;
    let score = match &mut taught {
        Some(Taught::Pairs(pairs)) if !outcome.interrupted => pairs::finish(args, &trainer, pairs)?.map(Score::Pairs),
        Some(Taught::Classes(lesson)) if !outcome.interrupted => {
            Some(Score::Classes(lesson.finish(args, &trainer, &curve)?))
        }
        _ => None,
    };
    finish(args, &trainer, &outcome, score.as_ref())
}

/// What a model that learnt something else than a text is worth.
enum Score<'s> {
    Pairs(PairScore),
    Classes(ClassScore<'s>),
}

impl Score<'_> {
    fn text(&self) -> String {
        match self {
            Self::Pairs(score) => score.text(),
            Self::Classes(score) => score.text(),
        }
    }

    fn of_pairs(&self) -> Option<Value> {
        if let Self::Pairs(score) = self {
            Some(score.json())
        } else {
            None
        }
    }

    fn of_classes(&self) -> Option<Value> {
        if let Self::Classes(score) = self {
            Some(score.json())
        } else {
            None
        }
    }
}

/// The text, in the tokens that the recipe asks for. A vocabulary that is not there is learnt, and decides how many tokens the
/// model has.
fn text(args: &TrainArgs, recipe: &mut Recipe, vocabulary: Option<&OwnedVocabulary>) -> Result<Corpus> {
    let Some(tokens) = recipe.tokens else { return texts::load(args.source(), recipe.model.vocab_size()) };
    let corpus = texts::load(args.source(), 256)?;
    let named = || args.source().display().to_string();
    let vocabulary = match vocabulary {
        Some(vocabulary) => vocabulary.clone(),
        None => {
            of_text(corpus.bytes().unwrap_or_default(), tokens, recipe.chunk, recipe.train_share).with_context(named)?
        }
    };
    pairs::set_vocab(&mut recipe.model, vocabulary.len());
    Ok(corpus.encoded(&vocabulary))
}

/// How far the tokens reach, and whether they are as many as were asked for.
fn about_tokens(corpus: &Corpus, len: usize, asked: usize) -> String {
    let bytes = corpus.bytes_in(0..corpus.len()) as f64 / corpus.len().max(1) as f64;
    let fewer = if len < asked { format!(", fewer than {asked}: the text gives no more") } else { String::new() };
    format!("{len} tokens{fewer}; {bytes:.2} bytes a token on average")
}

fn load_teacher(path: &Path) -> Result<Teacher> {
    let checkpoint = Checkpoint::load(path).context("--teacher")?;
    let model = SavedModel::from_checkpoint(&checkpoint).with_context(|| format!("--teacher: {}", path.display()))?;
    Ok(Teacher::new(&model))
}

fn options(args: &TrainArgs, outputs: Outputs) -> Options {
    Options {
        out: args.out.clone(),
        log: Some(outputs.log),
        plot: Some(outputs.plot),
        save_every: args.work.save_every,
        judge_every: args.work.eval_every,
        log_every: 10,
        limit: args.work.temperature.limit(),
        quiet: args.work.quiet,
        resumed: args.resume,
        existing: if args.resume || args.force { Existing::Replace } else { Existing::Keep },
    }
}

/// The call that makes a model file of the checkpoint, if there can be one.
fn export_call(out: &Path, recipe: &Recipe) -> Option<String> {
    let model = &recipe.model;
    let has_sublayers = matches!(model, ModelConfig::Atome(config) if config.feed_forward > 0);
    let has_grammar = recipe.pairs.as_ref().is_some_and(|pairs| pairs.grammar);
    let call = match recipe.tokens.is_some() || has_sublayers || has_grammar {
        false => next_step::export_call(out),
        true => next_step::container_call(out),
    };
    Some(match Format::of(model)? {
        Format::AtomeP3 => format!("{call} --format atomep3"),
        Format::Atome01 | Format::Atome02 => call,
    })
}

fn finish(args: &TrainArgs, trainer: &Trainer, outcome: &Outcome, score: Option<&Score<'_>>) -> Result<()> {
    if args.work.json {
        print_json(&json!({
            "checkpoint": args.out.display().to_string(),
            "parameters": trainer.state().params.len(),
            "step": outcome.step,
            "finished": !outcome.interrupted,
            "bits_per_byte": outcome.judgement.map(|judgement| judgement.bits_per_byte()),
            "perplexity": outcome.judgement.map(|judgement| judgement.perplexity()),
            "tokens_per_second": outcome.tokens_per_second.round(),
            "pairs": score.and_then(Score::of_pairs),
            "classes": score.and_then(Score::of_classes),
        }))?;
    }
    if outcome.interrupted {
        bail!("stopped at step {}: {} is saved, --resume goes on", outcome.step, args.out.display());
    }
    if let (Some(score), false) = (score, args.work.quiet || args.work.json) {
        print(&score.text())?;
    }
    if !args.work.quiet {
        output::note(&format!("saved {} ({:.0} tokens/s)", args.out.display(), outcome.tokens_per_second));
        if let Some(next) = export_call(&args.out, trainer.recipe()) {
            output::note(&format!("a checkpoint is no model file yet: `{next}` makes one"));
        }
    }
    Ok(())
}
