//! `atome eval`.

mod args;
mod questions;
mod subject;

use std::path::Path;
use std::time::Instant;

use anyhow::{bail, Context, Result};
use atome_train::corpus::{Corpus, Split};
use atome_train::evaluate::Judgement;
use serde_json::json;

pub use args::EvalArgs;
use args::With;
pub use subject::Subject;

use crate::numbers::grouped;
use crate::output::{print, print_json};
use crate::texts;
use crate::usage_error::UsageError;

pub fn eval(args: &EvalArgs) -> Result<()> {
    match (&args.text, &args.questions) {
        (Some(text), _) => predict(args, text),
        (None, Some(questions)) => questions::eval(args, questions),
        (None, None) => Err(UsageError("expected --text or --questions".to_owned()).into()),
    }
}

fn predict(args: &EvalArgs, text: &Path) -> Result<()> {
    let subject = Subject::load(&args.model, &args.shape, args.weight_set.weights.as_deref(), args.held_out)?;
    if args.with == Some(With::Train) && matches!(subject, Subject::File { .. }) {
        return Err(UsageError("--with train is for checkpoints, and this is a model file".to_owned()).into());
    }
    let corpus = texts::load(text, subject.vocab_size())?;
    let (starts, window) = windows(args, text, &subject, &corpus)?;
    let subject = subject.for_engine(&args.model, args.with)?;
    let start = Instant::now();
    let judgement = args
        .windows
        .on_threads(|| subject.judge(&corpus.bytes, &starts, window))
        .with_context(|| args.model.display().to_string())?;
    let with = if matches!(subject, Subject::File { .. }) { "engine" } else { "train" };
    show((args, text), &judgement, (starts.len(), window), with, start.elapsed().as_secs_f64())
}

/// Where the windows begin, and how long they are.
fn windows(args: &EvalArgs, text: &Path, subject: &Subject, corpus: &Corpus) -> Result<(Vec<usize>, usize)> {
    let (from, window) = match subject {
        Subject::Checkpoint { training: Some((chunk, share, digest)), .. } => {
            if *digest != corpus.digest {
                bail!("{}: is not the text that {} was trained on", text.display(), args.model.display());
            }
            (Split::new(corpus.bytes.len(), *chunk, *share)?.train * chunk, *chunk)
        }
        _ => (args.windows.from(), args.windows.window()),
    };
    Ok((args.windows.starts(text, corpus, from, window)?, window))
}

fn show(
    (args, of): (&EvalArgs, &Path),
    judgement: &Judgement,
    (count, window): (usize, usize),
    with: &str,
    seconds: f64,
) -> Result<()> {
    if args.json {
        return print_json(&json!({
            "model": args.model.display().to_string(),
            "text": of.display().to_string(),
            "windows": count,
            "window": window,
            "bytes": judgement.bytes,
            "nats_per_byte": judgement.loss(),
            "bits_per_byte": judgement.bits_per_byte(),
            "perplexity": judgement.perplexity(),
            "with": with,
            "seconds": seconds,
        }));
    }
    print(&format!(
        "perplexity     {:.5}\nbits a byte    {:.5}\nnats a byte    {:.5}\npredicted      {} bytes in {} windows of {window}, \
         each from cold\ncomputed by    {with}, {:.1} s\n",
        judgement.perplexity(),
        judgement.bits_per_byte(),
        judgement.loss(),
        grouped(judgement.bytes),
        grouped(count as u64),
        seconds
    ))
}
