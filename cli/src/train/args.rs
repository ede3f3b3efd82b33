//! The command line of `atome train`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use atome_engine::format::MOST_SUBLAYERS;
use clap::{Args, ValueEnum};

use crate::temperature::TemperatureArgs;
use crate::usage_error::UsageError;
use crate::values::{no_stream, real, whole, Real, COUNT, SEED, SIZE, THREADS};

const EXAMPLES: &str = "\
Examples:
  atome train --text story.txt --out model.safetensors
  atome train --text story.txt --out model.safetensors --steps 60000 --eval-every 5000 --max-temperature 85
  atome train --text story.txt --out model.safetensors --resume
  atome train --text story.txt --out small.safetensors --d-model 32 --n-layers 2 --quantiser p3
  atome train --text story.txt --out deep.safetensors --d-model 32 --feed-forward 2
  atome train --text story.txt --out gpt.safetensors --model gpt
  atome train --text my-words.txt --out mine.safetensors --init-from model.safetensors --steps 1000
  atome train --text story.txt --out student.safetensors --teacher gpt.safetensors
  atome train --pairs commands.csv --out commands.safetensors
  atome train --classes readings.csv --out readings.safetensors
  atome train --text story.txt --out words.safetensors --tokens 512
  atome export model.safetensors --out model.bin && atome run model.bin \"Once upon a time\"";

const DETAILS: &str = "\
The text is cut into chunks; the first ones train, the last ones are held out to judge the model. The same text and
recipe give the same checkpoint, bit for bit, on any number of threads.

Without flags: 60,800 parameters, 3,000 steps of 16 chunks of 64 bytes, AdamW; the learning rate rises to 3e-3, then
falls to a hundredth of that by half a cosine; gradients longer than 1 are shortened. A larger model wants a lower rate.

With --pairs, a tenth of the prompts is held out (--train-share). At the end the model is asked them, and what it says
sets the limits beyond which an answer counts as unsure; `atome export` writes them with the model.

With --classes, a tenth of the examples is held out, too. At the end the model names their classes: a table, and a curve
(.coverage.svg) of how few are wrong where it abstains from the least sure ones; `atome export` makes a classifier.

Ctrl-C stops after the step and saves; --resume goes on as if nothing had happened, also after a kill (from the last
save then). Beside the checkpoint lie a log (.jsonl, one JSON object a line) and the loss curve (.svg).
One training at a time writes a file: a second one is refused while the first one runs. A file that came after the
start stays as it is, too, without --force. A text or checkpoint has 4 GiB at most, a log 256 MiB.";

/// Trains a model on a text file, on prompts with their answers, or on examples with their classes.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = format!("{DETAILS}\n\n{EXAMPLES}"))]
pub struct TrainArgs {
    /// Text to learn from; a byte is a token, unless there are --tokens
    #[arg(long, value_name = "FILE", required_unless_present_any = ["pairs", "classes"])]
    pub text: Option<PathBuf>,

    /// Checkpoint to write (safetensors)
    #[arg(short, long, value_name = "FILE", value_parser = no_stream())]
    pub out: PathBuf,

    /// Go on with the training in the checkpoint
    #[arg(long)]
    pub resume: bool,

    /// Replace a checkpoint that is there
    #[arg(long, conflicts_with = "resume")]
    pub force: bool,

    /// Begin with the weights of this checkpoint, of `atome train` or PyTorch. Its shape is taken over, though
    /// sublayers may be added; optimiser and learning rate start anew. --resume does not look at it again
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub init_from: Option<PathBuf>,

    /// Which weights of --init-from, where it has several sets, such as model or ema
    #[arg(long, value_name = "SET", requires = "init_from")]
    pub weights: Option<String>,

    #[command(flatten)]
    pub pairs: PairArgs,

    #[command(flatten)]
    pub model: ModelArgs,

    #[command(flatten)]
    pub recipe: RecipeArgs,

    #[command(flatten)]
    pub teacher: TeacherArgs,

    #[command(flatten)]
    pub work: WorkArgs,
}

impl TrainArgs {
    /// The file that is learnt from.
    pub fn source(&self) -> &Path {
        let Self { text, pairs: PairArgs { pairs, classes, .. }, .. } = self;
        [text, pairs, classes].into_iter().flatten().next().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// Prompts and answers, or examples and classes, instead of a text.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Pairs and classes")]
pub struct PairArgs {
    /// Prompts with their right answers to learn from: JSON lines {"prompt": ..., "answer": ...}, or CSV or TSV
    /// with such a header. The model then answers prompts instead of continuing texts
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "teacher"], verbatim_doc_comment)]
    pub pairs: Option<PathBuf>,

    /// Examples with their classes to learn from, in CSV, TSV or JSON lines: a column `class`, and a column `text` or
    /// columns of numbers. The model then is a classifier
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "pairs", "teacher"], verbatim_doc_comment)]
    pub classes: Option<PathBuf>,

    /// What is done to prompts, here and on the device: blanks, lower, end-marks, ascii, or none
    /// [default: all; without ascii where a text has other letters]
    #[arg(long, value_name = "NAMES", verbatim_doc_comment)]
    pub normalise: Option<String>,

    /// Share of the examples with a typing slip in the prompt; what answers copy out of it stays [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::Share))]
    pub slips: Option<f64>,

    /// Share of the examples in which values that the answer copies from the prompt, such as names and numbers, are
    /// exchanged for those of other pairs, in both [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::Share), verbatim_doc_comment)]
    pub swaps: Option<f64>,

    /// Share of the examples whose prompt lacks a word that the answer does not copy [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::Share))]
    pub drops: Option<f64>,

    /// Print the first N examples as the model will see them, and train nothing
    #[arg(long, value_name = "N", value_parser = whole::<usize>(COUNT))]
    pub show_examples: Option<usize>,

    /// How much a byte of a prompt counts in the loss; one of an answer counts 1 [default: 0.1]
    #[arg(long, value_name = "WEIGHT", value_parser = real::<f64>(Real::Share))]
    pub prompt_weight: Option<f64>,

    /// Make a grammar of the answers that are learnt from, and let the model answer nothing else: auto. It goes with
    /// the checkpoint and its containers, and the model is judged with it (docs/grammar.md)
    #[arg(long, value_name = "HOW", verbatim_doc_comment)]
    pub grammar: Option<GrammarSource>,

    /// What people read who ask the model for help [default: the first prompts]
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
}

impl PairArgs {
    /// None of them without pairs. clap does not notice it beside --text, with which --pairs would be in conflict.
    pub fn check(&self) -> Result<()> {
        let Self { pairs, classes, normalise, slips, swaps, drops, show_examples, prompt_weight, grammar, about } =
            self;
        let others = [
            ("--normalise", normalise.is_some()),
            ("--slips", slips.is_some()),
            ("--swaps", swaps.is_some()),
            ("--drops", drops.is_some()),
            ("--show-examples", show_examples.is_some()),
            ("--prompt-weight", prompt_weight.is_some()),
            ("--grammar", grammar.is_some()),
            ("--about", about.is_some()),
        ];
        if about.is_some() && classes.is_some() {
            return Err(UsageError("--about is for pairs: a classifier is not asked for help".to_owned()).into());
        }
        if grammar.is_some() && classes.is_some() {
            return Err(UsageError("--grammar is for pairs: a classifier has no answers".to_owned()).into());
        }
        if swaps.is_some() && classes.is_some() {
            return Err(UsageError("--swaps is for pairs: classes are no copies of texts".to_owned()).into());
        }
        let is_text = pairs.is_none() && classes.is_none();
        match others.iter().find(|(_, is_given)| is_text && *is_given) {
            Some((flag, _)) => {
                Err(UsageError(format!("{flag} is for pairs: expected --pairs or --classes beside it")).into())
            }
            None => Ok(()),
        }
    }
}

/// Which model.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// Three pathways, or the GPT that they are compared with [default: atome]
    #[arg(long)]
    pub model: Option<Kind>,

    /// How weights are rounded; none keeps them as they are, which no model file can [default: ternary]
    #[arg(long)]
    pub quantiser: Option<QuantiserName>,

    /// Leave out a pathway; such a model has no place in a model file
    #[arg(long, value_name = "PATHWAY")]
    pub without: Vec<PathwayName>,

    /// Width of the residual stream [default: 64; gpt: 44]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub d_model: Option<usize>,

    /// Number of layers [default: 4; gpt: 3]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub n_layers: Option<usize>,

    /// Width of an attention query and key [default: 16]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub d_head: Option<usize>,

    /// Taps of the convolution [default: 5]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub kernel_size: Option<usize>,

    /// Positions that attention keeps [default: 4]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub attn_top_k: Option<usize>,

    /// Feed-forward sublayers at the end of each layer, 0 to 16: they take flash and time, and no RAM. A model file
    /// with some is a container, which C programs do not compute yet [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(0..=MOST_SUBLAYERS as u64), verbatim_doc_comment)]
    pub feed_forward: Option<usize>,

    /// Number of tokens; the text's bytes must be below [default: 256]
    #[arg(long, value_name = "N", visible_alias = "vocab-size", value_parser = whole::<usize>(1..=256))]
    pub vocab: Option<usize>,

    /// Learn a vocabulary of so many tokens from the part of the text that is learnt from: all bytes, and pieces of
    /// words. A window then holds more text, and a model file is a container (docs/tokens.md)
    #[arg(long, value_name = "N", conflicts_with_all = ["vocab", "teacher", "classes"], value_parser = whole::<usize>(257..=8192), verbatim_doc_comment)]
    pub tokens: Option<usize>,

    /// Attention heads of a gpt [default: 4]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub n_heads: Option<usize>,

    /// Width of a gpt's feed-forward layer [default: 44]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub d_ff: Option<usize>,

    /// Positions of a gpt [default: 64]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub max_seq: Option<usize>,
}

/// How it learns.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Recipe")]
pub struct RecipeArgs {
    /// The recipe of the published comparison: a constant rate of 3e-4, nothing shortened
    #[arg(long, conflicts_with = "resume")]
    pub published: bool,

    /// Steps of the optimiser [default: 3000]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(COUNT))]
    pub steps: Option<u64>,

    /// Start of the initial values and of the draws [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(SEED))]
    pub seed: Option<u64>,

    /// Initial values: pytorch's are those of the published comparison's gpt [default: scaled]
    #[arg(long, conflicts_with = "init_from")]
    pub init: Option<InitName>,

    /// Chunks of a batch [default: 16]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(COUNT))]
    pub batch: Option<usize>,

    /// Batches that make one step [default: 1]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(COUNT))]
    pub accumulate: Option<usize>,

    /// Tokens of a chunk [default: 64; of --pairs as long as the longest]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(2..=65_535))]
    pub chunk: Option<usize>,

    /// Learning rate, the highest [default: 3e-3]
    #[arg(long, value_name = "RATE", value_parser = real::<f64>(Real::AboveZero))]
    pub lr: Option<f64>,

    /// Where the learning rate ends, by half a cosine [default: a hundredth of the highest]
    #[arg(long, value_name = "RATE", value_parser = real::<f64>(Real::FromZero))]
    pub lowest_lr: Option<f64>,

    /// Steps in which the learning rate rises from zero [default: a fifteenth of all, at most 200]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0..=u64::from(u32::MAX)))]
    pub warmup: Option<u64>,

    /// How much of the mean gradient stays [default: 0.9]
    #[arg(long, value_name = "B", value_parser = real::<f64>(Real::ShareBelowOne))]
    pub beta1: Option<f64>,

    /// How much of the mean squared gradient stays [default: 0.999]
    #[arg(long, value_name = "B", value_parser = real::<f64>(Real::ShareBelowOne))]
    pub beta2: Option<f64>,

    /// Weight decay [default: 0.01]
    #[arg(long, value_name = "W", value_parser = real::<f64>(Real::FromZero))]
    pub weight_decay: Option<f64>,

    /// Shorten gradients whose norm is larger [default: 1]
    #[arg(long, value_name = "NORM", value_parser = real::<f64>(Real::AboveZero))]
    pub clip: Option<f64>,

    /// Dropout: share of the embeddings and of what the pathways add that each step leaves out [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::ShareBelowOne))]
    pub dropout: Option<f64>,

    /// How much of the probability of the right token all tokens share in the loss [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::ShareBelowOne))]
    pub label_smoothing: Option<f64>,

    /// Make the model a running mean of the weights, of which each step keeps this share, such as 0.998, instead of
    /// the last weights
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::ShareBelowOne), verbatim_doc_comment)]
    pub average: Option<f64>,

    /// Share of the chunks, or prompts, to learn from; the others are held out [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = real::<f64>(Real::ShareAboveZero))]
    pub train_share: Option<f64>,

    /// Parts of a batch whose gradients are added in order; more threads than parts have nothing to do [default: 8]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(SIZE))]
    pub shards: Option<usize>,
}

/// Whom it learns from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Distillation")]
pub struct TeacherArgs {
    /// Checkpoint of a model to learn from besides the text
    #[arg(long, value_name = "FILE")]
    pub teacher: Option<PathBuf>,

    /// Share of the text in the loss; the rest is the teacher's [default: 0.5]
    #[arg(long, value_name = "SHARE", requires = "teacher", value_parser = real::<f64>(Real::Share))]
    pub text_share: Option<f64>,

    /// Temperature at which teacher and student are compared [default: 2]
    #[arg(long, value_name = "T", requires = "teacher", value_parser = real::<f64>(Real::AboveZero))]
    pub teacher_temperature: Option<f64>,

    /// Where the teacher's logits are kept [default: OUT with the extension .logits]
    #[arg(long, value_name = "FILE", requires = "teacher", value_parser = no_stream())]
    pub teacher_logits: Option<PathBuf>,
}

/// What changes nothing about the result.
#[derive(Debug, Args)]
#[command(next_help_heading = "Work")]
pub struct WorkArgs {
    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(THREADS))]
    pub threads: Option<u16>,

    /// Steps between two saves
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = whole::<u64>(COUNT))]
    pub save_every: u64,

    /// Steps between two judgements on the text held out; one at the end comes unasked
    #[arg(long, value_name = "N", value_parser = whole::<u64>(COUNT))]
    pub eval_every: Option<u64>,

    #[command(flatten)]
    pub temperature: TemperatureArgs,

    /// Log, one JSON object a line [default: OUT with the extension .jsonl]
    #[arg(long, value_name = "FILE", value_parser = no_stream())]
    pub log: Option<PathBuf>,

    /// Loss curve [default: OUT with the extension .svg]
    #[arg(long, value_name = "FILE", value_parser = no_stream())]
    pub plot: Option<PathBuf>,

    /// Show nothing
    #[arg(short, long)]
    pub quiet: bool,

    /// Print the result as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Where the grammar of a model comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GrammarSource {
    /// From the pairs, as `atome grammar from-pairs` makes it
    Auto,
}

/// Kinds of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Three pathways
    Atome,
    /// The baseline
    Gpt,
}

/// Quantisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QuantiserName {
    /// -a, 0, +a: ATOME01 and ATOME02
    Ternary,
    /// 0, ±a, ±3a, ±9a: ATOMEP3
    P3,
    /// As they are
    None,
}

/// Initial values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InitName {
    /// Normal, divided by the square root of a row's length
    Scaled,
    /// What PyTorch's layers have unasked; for a gpt
    Pytorch,
}

/// Pathways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PathwayName {
    /// The convolution
    Local,
    /// The recurrence
    State,
    /// Top-k attention
    Sparse,
}
