//! The command lines of `atome pack` and `atome unpack`.

use std::path::PathBuf;

use clap::Args;

use crate::label::{parse_note, Note};
use crate::shape_args::ShapeArgs;

const PACK_EXAMPLES: &str = "\
Examples:
  atome pack model.bin --out model.box --attn-top-k 4 --max-seq 128
  atome pack model.bin --out model.box --note name=\"kitchen, second try\" --note licence=CC0
  atome pack model.bin --out model.box --checkpoint checkpoint.safetensors --alignment 64";

const UNPACK_EXAMPLES: &str = "\
Examples:
  atome unpack model.box --out model.bin
  atome unpack model.box --out model.bin --sidecar";

/// Puts a model file into a container that says what is in it.
///
/// The container (ATOMEBOX) has the model file unchanged, its shape, top_k and window, a checksum,
/// a place for a signature and notes for people. The engine reads it in place, and refuses it
/// where the program's shape is another one. A plain file tells neither top_k nor window: both must be given by
/// flags or a sidecar.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = PACK_EXAMPLES)]
pub struct PackArgs {
    /// Model file
    pub model: PathBuf,

    /// Container to write; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,

    /// A note for people, such as name="kitchen"; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_note)]
    pub note: Vec<Note>,

    /// The checkpoint that the model was exported from: its SHA-256 goes into the container
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// What the model's sections are aligned to, a power of 2 up to 4096
    #[arg(long, value_name = "BYTES", default_value_t = 16, value_parser = alignment)]
    pub alignment: u16,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// Takes the model file out of a container.
///
/// Notes, digest and signature are left behind; --sidecar keeps what `atome` and `atome pack` need.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = UNPACK_EXAMPLES)]
pub struct UnpackArgs {
    /// Container
    pub container: PathBuf,

    /// Model file to write; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,

    /// Write the shape, top_k and the window to OUT.json
    #[arg(long)]
    pub sidecar: bool,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// An alignment as the command line has it.
fn alignment(text: &str) -> Result<u16, String> {
    let power = text.parse().ok().filter(|bytes: &u16| bytes.is_power_of_two() && *bytes <= 4096);
    power.ok_or_else(|| "expected a power of 2 from 1 to 4096".to_owned())
}
