//! `atome eval`.

mod args;
mod classes;
mod pairs;
mod questions;
mod subject;
mod taught;

use std::path::Path;
use std::time::Instant;

use anyhow::{bail, Context, Result};
use atome_train::corpus::{Corpus, Split};
use atome_train::evaluate::Judgement;
use serde_json::json;

pub use args::EvalArgs;
use args::With;
pub use pairs::none_of;
pub use subject::Subject;

use crate::numbers::{grouped, percent};
use crate::output::{print, print_json};
use crate::texts;
use crate::usage_error::UsageError;

pub fn eval(args: &EvalArgs) -> Result<()> {
    let EvalArgs { text, pairs, classes, questions, .. } = args;
    if let Some(text) = text {
        return predict(args, text);
    }
    if let Some(path) = pairs {
        return pairs::eval(args, path);
    }
    if let Some(path) = classes {
        return classes::eval(args, path);
    }
    match questions {
        Some(questions) => questions::eval(args, questions),
        None => Err(UsageError("expected --text, --pairs, --classes or --questions".to_owned()).into()),
    }
}

fn predict(args: &EvalArgs, text: &Path) -> Result<()> {
    let subject = Subject::load(&args.model, &args.shape, args.weight_set.weights.as_deref(), args.held_out)?;
    if args.with == Some(With::Train) && matches!(subject, Subject::File { .. }) {
        return Err(UsageError("--with train is for checkpoints, and this is a model file".to_owned()).into());
    }
    let corpus = texts::load(text, subject.vocab_size().min(256))?;
    let corpus = match subject.vocabulary() {
        Some(vocabulary) => corpus.encoded(vocabulary),
        None => corpus,
    };
    let (starts, window) = windows(args, text, &subject, &corpus)?;
    let subject = subject.for_engine(&args.model, args.with)?;
    let start = Instant::now();
    let (judgement, same) = args
        .windows
        .on_threads(|| {
            if args.integer {
                let (judgement, same) = subject.judge_by_integers(&corpus, &starts, window)?;
                return Ok((judgement, Some(same)));
            }
            Ok((subject.judge(&corpus, &starts, window)?, None))
        })
        .with_context(|| args.model.display().to_string())?;
    let found = Found {
        judgement,
        same,
        windows: starts.len(),
        window,
        with: match &subject {
            Subject::File { .. } if args.integer => "engine, integers",
            Subject::File { .. } => "engine",
            Subject::Checkpoint { .. } => "train",
        },
        seconds: start.elapsed().as_secs_f64(),
    };
    show(args, text, &found)
}

/// What is shown of a judgement.
struct Found {
    judgement: Judgement,
    /// How many of the most probable tokens are the exact arithmetic's, where another one computed.
    same: Option<u64>,
    windows: usize,
    window: usize,
    with: &'static str,
    seconds: f64,
}

/// Where the windows begin, and how long they are.
fn windows(args: &EvalArgs, text: &Path, subject: &Subject, corpus: &Corpus) -> Result<(Vec<usize>, usize)> {
    let (from, window) = match subject {
        Subject::Checkpoint { training: Some((chunk, share, digest)), .. } => {
            if *digest != corpus.digest {
                bail!("{}: is not the text that {} was trained on", text.display(), args.model.display());
            }
            (Split::of(corpus, *chunk, *share)?.train * chunk, *chunk)
        }
        _ => (args.windows.from(), args.windows.window()),
    };
    Ok((args.windows.starts(text, corpus, from, window)?, window))
}

fn show(args: &EvalArgs, text: &Path, found: &Found) -> Result<()> {
    let &Found { ref judgement, same, windows, window, with, seconds } = found;
    if args.json {
        return print_json(&json!({
            "model": args.model.display().to_string(),
            "text": text.display().to_string(),
            "windows": windows,
            "window": window,
            "tokens": judgement.tokens,
            "bytes": judgement.bytes,
            "nats_per_byte": judgement.loss(),
            "bits_per_byte": judgement.bits_per_byte(),
            "perplexity": judgement.perplexity(),
            "same_as_exact": same,
            "with": with,
            "seconds": seconds,
        }));
    }
    let what = if judgement.tokens == judgement.bytes { "bytes" } else { "tokens" };
    let of = match judgement.tokens == judgement.bytes {
        true => String::new(),
        false => format!(" of {} tokens", grouped(judgement.tokens)),
    };
    let same = same.map_or(String::new(), |same| {
        format!("as exact       {} of the most probable {what}, {}\n", grouped(same), percent(same, judgement.tokens))
    });
    print(&format!(
        "perplexity     {:.5}\nbits a byte    {:.5}\nnats a byte    {:.5}\npredicted      {} bytes{of} in {} windows of {window}, \
         each from cold\n{same}computed by    {with}, {:.1} s\n",
        judgement.perplexity(),
        judgement.bits_per_byte(),
        judgement.loss(),
        grouped(judgement.bytes),
        grouped(windows as u64),
        seconds
    ))
}
