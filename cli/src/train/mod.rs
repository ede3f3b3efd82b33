//! `atome train`.

mod args;
mod outputs;
mod recipe;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use anyhow::{bail, Context, Result};
use atome_train::checkpoint::Checkpoint;
use atome_train::corpus::{Corpus, Split};
use atome_train::model::loss::Mixture;
use atome_train::recipe::{Distillation, Recipe, EVERYDAY_RATE};
use atome_train::saved::{load_training, SavedModel};
use atome_train::session::{run, Options, Outcome};
use atome_train::teacher::{Teacher, TeacherLogits};
use atome_train::trainer::{pool, State, Trainer};
use serde_json::json;

pub use args::TrainArgs;
use outputs::Outputs;

use crate::numbers::grouped;
use crate::output::{self, print_json};
use crate::UsageError;

pub fn train(args: &TrainArgs) -> Result<()> {
    let teacher = args.teacher.teacher.as_deref().map(load_teacher).transpose()?;
    let (recipe, saved) = plan(args, teacher.as_ref())?;
    let outputs = Outputs::of(args);
    outputs.check(args)?;
    recipe.check().map_err(|error| UsageError(recipe::in_flags(&error.to_string())))?;
    let corpus = Corpus::load(&args.text, recipe.model.vocab_size())?;
    let state = match saved {
        None => State::initial(&recipe),
        Some((state, digest)) if digest == corpus.digest => state,
        Some((_, digest)) => bail!(
            "{}: its digest is {}, expected {digest}: {} was trained on another text",
            args.text.display(),
            corpus.digest,
            args.out.display()
        ),
    };
    let pool = pool(args.work.threads.map(usize::from))?;
    let note = |text: String| {
        if !args.work.quiet {
            output::note(&text);
        }
    };
    let split = Split::new(corpus.bytes.len(), recipe.chunk, recipe.train_share)
        .with_context(|| args.text.display().to_string())?;
    let logits = match &teacher {
        None => None,
        Some(teacher) => Some(
            pool.install(|| TeacherLogits::open(&outputs.logits, teacher, &corpus, &split, &mut |text| note(text)))?,
        ),
    };
    note(format!(
        "{} parameters; {} chunks of {} bytes to learn from, {} held out; {} of {} steps done",
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
    let outcome = run(&mut trainer, &options(args, outputs), &stop)?;
    finish(args, &trainer, &outcome)
}

/// The recipe and, where the training goes on, its state and the digest of its text.
fn plan(args: &TrainArgs, teacher: Option<&Teacher>) -> Result<(Recipe, Option<(State, String)>)> {
    if !args.resume {
        if args.out.exists() && !args.force {
            return Err(UsageError(format!(
                "{}: is there already: --resume goes on with it, --force replaces it",
                args.out.display()
            ))
            .into());
        }
        return Ok((asked(usual(args), args, teacher)?, None));
    }
    let checkpoint = Checkpoint::load(&args.out).context("--resume")?;
    let (stored, state, digest) = load_training(&checkpoint).with_context(|| args.out.display().to_string())?;
    let recipe = asked(stored.clone(), args, teacher)?;
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
    if recipe.distillation.is_some() && teacher.is_none() {
        return Err(
            UsageError(format!("--resume: {} learns from a teacher: expected --teacher", args.out.display())).into()
        );
    }
    Ok((recipe, Some((state, digest))))
}

/// What the flags change.
fn usual(args: &TrainArgs) -> Recipe {
    if args.recipe.published {
        return Recipe::default();
    }
    let steps = args.recipe.steps.unwrap_or(Recipe::default().steps);
    Recipe::everyday(steps, args.recipe.lr.unwrap_or(EVERYDAY_RATE))
}

fn asked(base: Recipe, args: &TrainArgs, teacher: Option<&Teacher>) -> Result<Recipe> {
    let mut recipe = recipe::recipe(base, &args.model, &args.recipe)?;
    if let Some(teacher) = teacher {
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
    }
}

/// Set by Ctrl-C, and by a system that wants the program to end. The second time there is no waiting.
pub fn stop_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("signals cannot be handled")?;
    Ok(flag)
}

fn finish(args: &TrainArgs, trainer: &Trainer, outcome: &Outcome) -> Result<()> {
    if args.work.json {
        print_json(&json!({
            "checkpoint": args.out.display().to_string(),
            "parameters": trainer.state().params.len(),
            "step": outcome.step,
            "finished": !outcome.interrupted,
            "bits_per_byte": outcome.judgement.map(|judgement| judgement.bits_per_byte()),
            "perplexity": outcome.judgement.map(|judgement| judgement.perplexity()),
            "tokens_per_second": outcome.tokens_per_second.round(),
        }))?;
    }
    if outcome.interrupted {
        bail!("stopped at step {}: {} is saved, --resume goes on", outcome.step, args.out.display());
    }
    if !args.work.quiet {
        output::note(&format!("saved {} ({:.0} tokens/s)", args.out.display(), outcome.tokens_per_second));
    }
    Ok(())
}
