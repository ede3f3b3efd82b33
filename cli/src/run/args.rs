//! The command line of `atome run`.

use std::ffi::OsString;
use std::path::PathBuf;

use atome_engine::Plan;
use clap::{Args, ValueEnum};

use crate::answers::Manner;
use crate::sampling::SamplingArgs;
use crate::shape_args::{long_help, ShapeArgs};
use crate::signing::{TrustArgs, WantedArgs};
use crate::values::{whole, COUNT};

/// Bytes of a work area above which the cached plan is not taken without being asked for.
pub const MAX_UNASKED_CACHED_BYTES: usize = 1 << 30;

const EXAMPLES: &str = "\
Examples:
  atome run models/default.bin \"make it 21 degrees\"
  atome run model.bin \"Once upon a time\" --tokens 100
  atome run model.bin \"Once upon a time\" --temperature 0.8 --top-k 40 --top-p 0.95 --seed 7
  atome run model.bin                          a prompt loop: a line is a prompt, Ctrl-D ends
  cat prompts.txt | atome run model.bin -q     one line each
  atome run model.bin \"Hi\" --json | jq .text
  atome run model.box \"Hi\" --key maker.pub     only if the owner of the key has signed it
  atome run lamps.bin \"hall lights off\" --grammar lamps.grammar
  atome run classifier.bin \"turn on the light\"";

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
/// (plan cached). A model file has 1 GiB at most, a sidecar 1 MiB.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = long_help(EXAMPLES))]
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

    /// Answer, or continue, by nothing but what this grammar allows (`atome help grammar`)
    /// [default: the container's, where it has one]
    #[arg(long, value_name = "FILE", conflicts_with = "stream", verbatim_doc_comment)]
    pub grammar: Option<PathBuf>,

    /// Memory plan; the text is the same. Cached is the default up to 1 GiB
    #[arg(long)]
    pub plan: Option<PlanName>,

    /// Compute in integers only, as a program with the integer arithmetic does
    #[arg(long)]
    pub integer: bool,

    /// Stream: a token costs one position however long the text gets. Beyond the window attention
    /// reaches back --max-seq positions and all else is carried on, so the text may differ there
    #[arg(long, verbatim_doc_comment)]
    pub stream: bool,

    #[command(flatten)]
    pub manner: Manner,

    /// The prompt as it is to the model, and the model's bytes as they are to a pipe or a file (a terminal
    /// is shown them as text): a model that answers questions continues the prompt instead
    #[arg(long, verbatim_doc_comment)]
    pub raw: bool,

    #[command(flatten)]
    pub trust: TrustArgs,

    #[command(flatten)]
    pub wanted: WantedArgs,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// Memory plans by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanName {
    /// The least memory: every token computes the whole text
    Lean,
    /// Keeps as much as the C99 engine's memory holds: a token computes what found no room
    Partial,
    /// Keeps every layer's memory: a token computes one position
    Cached,
}

impl From<PlanName> for Plan {
    fn from(name: PlanName) -> Self {
        match name {
            PlanName::Lean => Plan::Lean,
            PlanName::Partial => Plan::Partial,
            PlanName::Cached => Plan::Cached,
        }
    }
}
