//! The command line of `atome export`.

use std::path::PathBuf;

use atome_train::export::{Format, USUAL_THREADS};
use clap::{Args, ValueEnum};

use crate::c_files::CFileArgs;
use crate::container::IdentityArgs;
use crate::label::{parse_note, Note};
use crate::values::{whole, SIZE, THREADS};
use crate::weight_set::WeightSetArgs;

const EXAMPLES: &str = "\
Examples:
  atome export checkpoint.pt --out model.bin
  atome export checkpoint.safetensors --out model.bin --sidecar --max-seq 64
  atome export checkpoint.pt --out model.bin --header model_shape.h --c-array model_data.c
  atome export checkpoint.pt --out model.box --container --note name=\"kitchen\"
  atome export checkpoint.pt --out model.box --container --product 7 --model-version 3
  atome export checkpoint.pt --key maker.pub --out model.bin
  atome export checkpoint.pt --weights ema --out model.bin
  atome export checkpoint.pt --out model.p3 --format atomep3";

const FILES_HELP: &str = "\
A firmware includes the header before atome.h, in every file, and loads the array, which has the name
of its file: model_data.c defines `const uint8_t model_data[]`; names that C, C++ or atome.h have, get
another end. Files of other shapes neither compile nor link with them. The sidecar (OUT.json) tells `atome
run` and `atome inspect` the shape, which a model file does not carry.

Every file is written whole or not at all, and none is replaced without --force.";

/// Turns a checkpoint of three-pathway shadow weights into a model file for the engine.
///
/// The checkpoint is a safetensors file, or a zip file of torch.save, of which nothing is executed:
/// the weights of {"config": {...}, "state_dict": {...}} and the like, however a training named or wrapped
/// them. Sizes come from the description beside them, else from the tensors.
/// A model with a pathway left out has no place in a model file. A checkpoint has 4 GiB at most, the
/// pickle in it 4 MiB.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = format!("{FILES_HELP}\n\n{EXAMPLES}"))]
pub struct ExportArgs {
    /// Checkpoint: safetensors, or PyTorch's zip file
    pub checkpoint: PathBuf,

    #[command(flatten)]
    pub weight_set: WeightSetArgs,

    /// Model file to write; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,

    /// Format of the model file; the C99 engine reads atome01 only
    #[arg(short, long, default_value = "atome01")]
    pub format: FormatName,

    /// Write a container: the model file with its shape, a checksum and notes (see `atome help pack`)
    #[arg(long)]
    pub container: bool,

    /// A note for people in the container; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_note, requires = "container")]
    pub note: Vec<Note>,

    /// Put this grammar into the container: what the model may answer (`atome help grammar`)
    #[arg(long, value_name = "FILE", requires = "container")]
    pub grammar: Option<PathBuf>,

    #[command(flatten)]
    pub identity: IdentityArgs,

    /// Export only what this public key has signed, or one of several, with `atome sign --detached`: the
    /// signature is in CHECKPOINT.sig
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub key: Vec<PathBuf>,

    #[command(flatten)]
    pub c_files: CFileArgs,

    /// Write the shape to OUT.json
    #[arg(long)]
    pub sidecar: bool,

    /// The longest sequence, for header and sidecar [default: the checkpoint's, else 128]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(SIZE))]
    pub max_seq: Option<u16>,

    /// Positions that attention keeps, for header and sidecar [default: the checkpoint's, else 4]
    #[arg(long, value_name = "K", value_parser = whole::<u16>(SIZE))]
    pub attn_top_k: Option<u16>,

    /// Sum scales in the order of PyTorch on this many threads: it decides their last bits
    #[arg(long, value_name = "N", default_value_t = USUAL_THREADS as u16, value_parser = whole::<u16>(THREADS))]
    pub threads: u16,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,

    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// -1, 0, +1 in 2 bits a weight
    Atome01,
    /// -1, 0, +1, five weights to a byte
    Atome02,
    /// 0 and +-1, 3, 9 in 3 bits a weight
    Atomep3,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Atome01 => Format::Atome01,
            FormatName::Atome02 => Format::Atome02,
            FormatName::Atomep3 => Format::AtomeP3,
        }
    }
}
