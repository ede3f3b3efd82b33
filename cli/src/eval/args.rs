//! The command line of `atome eval`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::shape_args::ShapeArgs;
use crate::weight_set::WeightSetArgs;
use crate::windows::WindowArgs;

const EXAMPLES: &str = "\
Examples:
  atome eval model.bin --text story.txt
  atome eval model.safetensors --text story.txt --held-out
  atome eval model.bin --text story.txt --from 235930 --window 128
  atome eval commands.bin --pairs commands.csv
  atome eval readings.bin --classes new.csv --plot coverage.svg
  atome eval models/default.bin --questions questions.tsv
  atome eval model.bin --text story.txt --integer
  atome eval checkpoint.pt --text story.txt --with train --json | jq .perplexity";

/// Measures how well a model predicts a text (bits a byte, perplexity), or how well it answers.
///
/// The text is cut into windows; in each, every byte but the first is predicted from those before it. A model file
/// (ATOME01, ATOME02, ATOMEP3, ATOMECL01) and a checkpoint that can become one go through the inference engine; other
/// checkpoints, such as those of a GPT, go through the forward pass of training.
///
/// With --pairs, a model that answers is asked all prompts, each from cold: how many of its answers are right to the
/// byte, how many of them are sure, how probable the right ones are, and which answers come instead.
///
/// With --classes, a classifier names the classes of examples: how many are right and sure, which are taken for which, and
/// how few are wrong where it abstains from the least sure ones.
///
/// With --questions, a model whose files say how it is asked answers them, each from cold; an answer is right if every byte
/// is.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct EvalArgs {
    /// Model file or checkpoint (safetensors, or PyTorch's zip file)
    pub model: PathBuf,

    /// Text to predict
    #[arg(long, value_name = "FILE", required_unless_present_any = ["questions", "pairs", "classes"])]
    pub text: Option<PathBuf>,

    /// Prompts with their right answers, as of `atome train --pairs`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "questions", "with", "window", "from", "windows"])]
    pub pairs: Option<PathBuf>,

    /// With --pairs: answer nothing but what this grammar allows [default: that of the container or
    /// checkpoint, where it has one]
    #[arg(long, value_name = "FILE", requires = "pairs", conflicts_with_all = ["text", "questions"], verbatim_doc_comment)]
    pub grammar: Option<PathBuf>,

    /// Examples with their classes, as of `atome train --classes`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "pairs", "questions", "with", "window", "from", "windows"])]
    pub classes: Option<PathBuf>,

    /// Write the curve of what abstaining is worth (SVG)
    #[arg(long, value_name = "FILE", requires = "classes")]
    pub plot: Option<PathBuf>,

    /// Replace a curve that is there
    #[arg(long, requires = "plot")]
    pub force: bool,

    /// Questions, one a line, each with a tab and its right answer behind it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "held_out", "weights", "with", "window", "from", "windows", "threads"])]
    pub questions: Option<PathBuf>,

    /// Judge the part of the text, the pairs or the examples that this checkpoint's training held out
    #[arg(long, conflicts_with_all = ["from", "window"])]
    pub held_out: bool,

    #[command(flatten)]
    pub weight_set: WeightSetArgs,

    /// What computes the logits [default: the engine where it can]
    #[arg(long = "with", value_name = "WHAT")]
    pub with: Option<With>,

    /// By the integer arithmetic; tells how many of the most probable bytes are the exact one's, too
    #[arg(long, conflicts_with = "with")]
    pub integer: bool,

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
