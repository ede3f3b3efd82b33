//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use atome_engine::math::MODE;
use atome_engine::Plan;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calibrate::CalibrateArgs;
use crate::compare::CompareArgs;
use crate::container::{PackArgs, UnpackArgs};
use crate::convert::ConvertArgs;
use crate::corpus::CorpusArgs;
use crate::eval::EvalArgs;
use crate::export::ExportArgs;
use crate::sampling::SamplingArgs;
use crate::signing::{KeygenArgs, SignArgs, VerifyArgs};
use crate::sizes::{Key, Sizes, Source};
use crate::train::TrainArgs;
use crate::values::{whole, COUNT, SIZE};

const SHAPE_HELP: &str = "\
A model file does not carry its shape. What no flag gives is taken from a sidecar file (MODEL.json,
or MODEL with its extension replaced by .json; keys vocab_size, d_model, n_layers, d_head,
kernel_size, n_pathways, top_k, max_seq), and the rest is recovered from the bytes. --attn-top-k and
--max-seq leave no trace in a file: without a flag or a sidecar they are 4 and 128.";

const EXAMPLES: &str = "\
Without a command it answers questions, a line each, with the default model: the help of a
thermostat. Where standard input is no terminal, the exit status is 3 if an answer was unsure.
`atome help COMMAND` says more about a command.

Examples:
  atome                                        talk with the default model
  echo \"make it 21 degrees\" | atome -q
  atome run model.bin \"Once upon a time\"
  atome inspect model.bin
  atome budget model.bin --max-seq 64
  atome train --text story.txt --out model.safetensors
  atome export model.safetensors --out model.bin
  atome convert model.bin --format atome02 --out model.b3";

const RUN_EXAMPLES: &str = "\
Examples:
  atome run models/default.bin \"make it 21 degrees\"
  atome run model.bin \"Once upon a time\" --tokens 100
  atome run model.bin \"Once upon a time\" --temperature 0.8 --top-k 40 --top-p 0.95 --seed 7
  atome run model.bin                          a prompt loop: a line is a prompt, Ctrl-D ends
  cat prompts.txt | atome run model.bin -q     one line each
  atome run model.bin \"Hi\" --json | jq .text
  atome run classifier.bin \"turn on the light\"";

const INSPECT_EXAMPLES: &str = "\
Examples:
  atome inspect model.bin
  atome inspect model.bin --d-model 64 --n-layers 4
  atome inspect model.bin --json | jq '.sections[] | select(.name == \"Wv\") | .scale'";

const BUDGET_EXAMPLES: &str = "\
Examples:
  atome budget model.bin --max-seq 64
  atome budget --d-model 64 --n-layers 4 --d-head 16 --max-seq 32
  atome budget model.bin --reserve-ram 16 --json | jq '.chips[] | select(.lean.fits) | .name'";

/// Trains, exports, runs, inspects and budgets Atome LM models: tiny ternary language models for microcontrollers.
#[derive(Debug, Parser)]
#[command(name = "atome", version = version(), after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub talk: TalkArgs,
}

/// How the default model answers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without a command")]
pub struct TalkArgs {
    #[command(flatten)]
    pub sampling: SamplingArgs,

    /// Only the answers; an empty line in place of one that the model is not sure of
    #[arg(short, long)]
    pub quiet: bool,

    /// With --quiet: show what it is not sure of, behind "unsure: "
    #[arg(long)]
    pub show_unsure: bool,

    /// Show the router's entropy in each layer, as bars
    #[arg(long)]
    pub bars: bool,

    /// One line of JSON an answer
    #[arg(long)]
    pub json: bool,
}

fn version() -> String {
    format!("{} (numeric mode: {MODE})", env!("CARGO_PKG_VERSION"))
}

fn long_help(examples: &str) -> String {
    format!("{SHAPE_HELP}\n\n{examples}")
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(RunArgs),
    Inspect(InspectArgs),
    Budget(BudgetArgs),
    Train(Box<TrainArgs>),
    Eval(EvalArgs),
    Calibrate(CalibrateArgs),
    Compare(CompareArgs),
    Export(ExportArgs),
    Convert(ConvertArgs),
    Corpus(CorpusArgs),
    Pack(PackArgs),
    Unpack(UnpackArgs),
    Keygen(KeygenArgs),
    Sign(SignArgs),
    Verify(VerifyArgs),
}

/// Answers a question, continues a text, or names its class.
///
/// A model whose files say how it is asked (key "dialogue" of the sidecar or of a container's notes)
/// gets the question in the form that it knows, and stops where its answer ends. An answer that it is
/// not sure of is marked; with --quiet, its line stays empty. The exit status is 3 then.
///
/// The text goes to standard output as it is made; everything else goes to standard error. Bytes
/// that are not UTF-8 text are shown as \xNN. A classifier (ATOMECL01) prints its classes' logits.
///
/// Text longer than the window (--max-seq) continues on its last --max-seq tokens. From there on,
/// every token costs the computation of a full window, where before it cost that of one position
/// (plan cached).
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = RUN_EXAMPLES, after_long_help = long_help(RUN_EXAMPLES))]
pub struct RunArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01
    pub model: PathBuf,

    /// Text to continue; without it, every line of standard input is a prompt
    pub prompt: Option<OsString>,

    /// How many tokens to generate [default: 100]; an answer ends by itself
    #[arg(short = 'n', long, value_name = "N", value_parser = whole::<u32>(COUNT))]
    pub tokens: Option<u32>,

    #[command(flatten)]
    pub sampling: SamplingArgs,

    /// Memory plan; the text is the same. Cached is the default up to 1 GiB
    #[arg(long)]
    pub plan: Option<PlanName>,

    /// Stream: a token costs one position however long the text gets. Beyond the window attention
    /// reaches back --max-seq positions and all else is carried on, so the text may differ there
    #[arg(long, verbatim_doc_comment)]
    pub stream: bool,

    /// Only the text, no notes; an empty line in place of an answer that the model is not sure of
    #[arg(short, long)]
    pub quiet: bool,

    /// With --quiet: show what it is not sure of, behind "unsure: "
    #[arg(long)]
    pub show_unsure: bool,

    /// Show the router's entropy in each layer, as bars
    #[arg(long)]
    pub bars: bool,

    /// The prompt as it is to the model, and the model's bytes as they are to standard output: a model
    /// that answers questions continues the prompt instead
    #[arg(long, verbatim_doc_comment)]
    pub raw: bool,

    /// One line of JSON a prompt, when it is finished
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// Shows what is in a model file: shape, sections, scales and statistics of the weights.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = INSPECT_EXAMPLES, after_long_help = long_help(INSPECT_EXAMPLES))]
pub struct InspectArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01
    pub model: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// Compares the flash and RAM that a model takes with what common microcontrollers have.
///
/// Without MODEL, sizes that no flag gives are those of the C header (d_model 64, n_layers 4,
/// d_head 16, kernel_size 5, n_pathways 3, vocab_size 256, top_k 4, max_seq 32).
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = BUDGET_EXAMPLES, after_long_help = long_help(BUDGET_EXAMPLES))]
pub struct BudgetArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01
    pub model: Option<PathBuf>,

    /// Flash to leave to the program itself, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 32, value_parser = whole::<u32>(0..=u64::from(u32::MAX)))]
    pub reserve_flash: u32,

    /// RAM to leave to stack and variables, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 4, value_parser = whole::<u32>(0..=u64::from(u32::MAX)))]
    pub reserve_ram: u32,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanName {
    /// The least memory: every token computes the whole text
    Lean,
    /// Keeps every layer's memory: a token computes one position
    Cached,
}

impl From<PlanName> for Plan {
    fn from(name: PlanName) -> Self {
        match name {
            PlanName::Lean => Plan::Lean,
            PlanName::Cached => Plan::Cached,
        }
    }
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Shape")]
pub struct ShapeArgs {
    /// Width of the residual stream
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub d_model: Option<u16>,

    /// Number of layers
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub n_layers: Option<u16>,

    /// Width of an attention query and key
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub d_head: Option<u16>,

    /// Taps of the convolution
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub kernel_size: Option<u16>,

    /// Rows of the router, 3 to 8
    #[arg(long, value_name = "N", value_parser = whole::<u16>(3..=8))]
    pub n_pathways: Option<u16>,

    /// Number of tokens; 256 where tokens are bytes
    #[arg(long, value_name = "N", visible_alias = "vocab-size", value_parser = whole::<u16>(SIZE))]
    pub vocab: Option<u16>,

    /// Positions that attention keeps (not in the file)
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub attn_top_k: Option<u16>,

    /// The window: the longest sequence, prompt and output together (not in the file)
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub max_seq: Option<u16>,
}

impl ShapeArgs {
    /// The sizes that were given.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        let given = [
            (Key::VocabSize, self.vocab),
            (Key::DModel, self.d_model),
            (Key::NLayers, self.n_layers),
            (Key::DHead, self.d_head),
            (Key::KernelSize, self.kernel_size),
            (Key::NPathways, self.n_pathways),
            (Key::TopK, self.attn_top_k),
            (Key::MaxSeq, self.max_seq),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                sizes.fill(key, usize::from(value), Source::Flag);
            }
        }
        sizes
    }
}
