//! `atome eval`.

mod questions;
mod subject;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{bail, Context, Result};
use atome_train::corpus::{Corpus, Split};
use atome_train::evaluate::Judgement;
use clap::{Args, ValueEnum};
use serde_json::json;

pub use subject::Subject;

use crate::args::ShapeArgs;
use crate::numbers::grouped;
use crate::output::{print, print_json};
use crate::windows::WindowArgs;
use crate::{texts, UsageError};

const EXAMPLES: &str = "\
Examples:
  atome eval model.bin --text story.txt
  atome eval model.safetensors --text story.txt --held-out
  atome eval model.bin --text story.txt --from 235930 --window 128
  atome eval models/default.bin --questions questions.tsv
  atome eval checkpoint.pt --text story.txt --with train --json | jq .perplexity";

/// Measures how well a model predicts a text (bits a byte, perplexity), or how well it answers.
///
/// The text is cut into windows; in each, every byte but the first is predicted from those before it. A model file
/// (ATOME01, ATOME02, ATOMEP3, ATOMECL01) and a checkpoint that can become one go through the inference engine; other
/// checkpoints, such as those of a GPT, go through the forward pass of training.
///
/// With --questions, a model whose files say how it is asked answers them, each from cold; an answer is right if every byte
/// is.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct EvalArgs {
    /// Model file or checkpoint (safetensors, or PyTorch's zip file)
    pub model: PathBuf,

    /// Text to predict
    #[arg(long, value_name = "FILE", required_unless_present = "questions")]
    pub text: Option<PathBuf>,

    /// Questions, one a line, each with a tab and its right answer behind it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "held_out", "weights", "with", "window", "from", "windows", "threads"])]
    pub questions: Option<PathBuf>,

    /// Judge the part of the text that this checkpoint's training held out, in windows of its chunks
    #[arg(long, conflicts_with_all = ["from", "window"])]
    pub held_out: bool,

    /// Which weights of the checkpoint, where it has several sets, such as model or ema
    #[arg(long, value_name = "SET")]
    pub weights: Option<String>,

    /// What computes the logits [default: the engine where it can]
    #[arg(long = "with", value_name = "WHAT")]
    pub with: Option<With>,

    #[command(flatten)]
    pub windows: WindowArgs,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// What computes the logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum With {
    /// The inference engine, on the model file that the checkpoint becomes
    Engine,
    /// The forward pass of training, for checkpoints
    Train,
}

pub fn eval(args: &EvalArgs) -> Result<()> {
    match (&args.text, &args.questions) {
        (Some(text), _) => predict(args, text),
        (None, Some(questions)) => questions::eval(args, questions),
        (None, None) => Err(UsageError("expected --text or --questions".to_owned()).into()),
    }
}

fn predict(args: &EvalArgs, text: &Path) -> Result<()> {
    let subject = Subject::load(&args.model, &args.shape, args.weights.as_deref(), args.held_out)?;
    if args.with == Some(With::Train) && matches!(subject, Subject::File { .. }) {
        return Err(UsageError("--with train is for checkpoints, and this is a model file".to_owned()).into());
    }
    let corpus = texts::load(text, subject.vocab_size())?;
    let (starts, window) = cut(args, text, &subject, &corpus)?;
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
fn cut(args: &EvalArgs, text: &Path, subject: &Subject, corpus: &Corpus) -> Result<(Vec<usize>, usize)> {
    let (from, window) = match subject {
        Subject::Checkpoint { training: Some((chunk, share, digest)), .. } => {
            if *digest != corpus.digest {
                bail!("{}: is not the text that {} was trained on", text.display(), args.model.display());
            }
            (Split::new(corpus.bytes.len(), *chunk, *share)?.train * chunk, *chunk)
        }
        _ => (args.windows.from(), args.windows.window()),
    };
    Ok((args.windows.cut(text, corpus, from, window)?, window))
}

fn show(
    (args, of): (&EvalArgs, &Path),
    judgement: &Judgement,
    cut: (usize, usize),
    with: &str,
    seconds: f64,
) -> Result<()> {
    let (count, window) = cut;
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
