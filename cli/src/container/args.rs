//! The command lines of `atome pack` and `atome unpack`.

use std::path::PathBuf;

use atome_engine::container::Description;
use clap::Args;

use crate::label::{parse_note, Note};
use crate::shape_args::ShapeArgs;
use crate::usage_error::UsageError;
use crate::values::{no_stream, number};

const PACK_EXAMPLES: &str = "\
Examples:
  atome pack model.bin --out model.box --attn-top-k 4 --max-seq 128
  atome pack model.bin --out model.box --note name=\"kitchen, second try\" --note licence=CC0
  atome pack model.bin --out model.box --checkpoint checkpoint.safetensors --alignment 64
  atome pack model.bin --out model.box --product 7 --model-version 3
  atome pack model.bin --out model.box --feed-forward model.ff";

const UNPACK_EXAMPLES: &str = "\
Examples:
  atome unpack model.box --out model.bin
  atome unpack model.box --out model.bin --sidecar
  atome unpack model.box --out model.bin --feed-forward model.ff";

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

    /// Put this grammar into the container: what the model may answer (`atome help grammar`)
    #[arg(long, value_name = "FILE")]
    pub grammar: Option<PathBuf>,

    /// Put these feed-forward sublayers into the container, which `atome unpack` took out of one
    #[arg(long, value_name = "FILE")]
    pub feed_forward: Option<PathBuf>,

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
    pub identity: IdentityArgs,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// What a container says of its product, for firmware that loads models of its own alone.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct IdentityArgs {
    /// The product that the container is for, a number of your choice: firmware that asks for it
    /// (atome_load_signed_at_least) refuses other products' models. Engines that know no product and
    /// version take no container that names one
    #[arg(long, value_name = "N", value_parser = number, verbatim_doc_comment)]
    pub product: Option<u32>,

    /// The version of the container's model, higher for newer ones: firmware that asks for a lowest one
    /// refuses older models
    #[arg(long, value_name = "N", value_parser = number, verbatim_doc_comment)]
    pub model_version: Option<u32>,
}

impl IdentityArgs {
    /// Puts in what was given.
    pub fn fill(self, about: &mut Description) {
        about.product = self.product.unwrap_or(about.product);
        about.model_version = self.model_version.unwrap_or(about.model_version);
    }

    /// Only a container has a place for them.
    pub fn check(self, is_container: bool) -> Result<(), UsageError> {
        let given = [("--product", self.product), ("--model-version", self.model_version)];
        match given.into_iter().find(|(_, number)| number.is_some()) {
            Some((flag, _)) if !is_container => Err(UsageError(format!(
                "{flag}: a plain model file has no place for it, expected --container beside it"
            ))),
            _ => Ok(()),
        }
    }
}

/// Takes the model file out of a container.
///
/// Notes, digest, product, version and signature are left behind; --sidecar keeps what `atome` and
/// `atome pack` need.
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

    /// Write the feed-forward sublayers to this file, for `atome pack`. A container that has some is refused without
    /// it: the model file alone is another model
    #[arg(long, value_name = "FILE", value_parser = no_stream(), verbatim_doc_comment)]
    pub feed_forward: Option<PathBuf>,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// An alignment as the command line has it.
fn alignment(text: &str) -> Result<u16, String> {
    let power = text.parse().ok().filter(|bytes: &u16| bytes.is_power_of_two() && *bytes <= 4096);
    power.ok_or_else(|| "expected a power of 2 from 1 to 4096".to_owned())
}
