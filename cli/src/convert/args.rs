//! The command line of `atome convert`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::c_files::CFileArgs;
use crate::container::IdentityArgs;
use crate::shape_args::ShapeArgs;
use crate::signing::TrustArgs;

const EXAMPLES: &str = "\
Examples:
  atome convert model.bin --format atome02 --out model.b3       a fifth smaller, the same logits
  atome convert model.b3 --format atome01 --out model.bin       back again, for the C99 engine
  atome convert model.bin --format atomep3 --out model.p3 --sidecar
  atome convert model.box --format atome02 --container --out model.b3.box
  atome convert model.bin --header model_shape.h --c-array model_data.c
  atome convert model.box --key maker.pub --c-array model_data.c       signed by this key, or nothing
  atome convert classifier.bin --format atome01 --out base.bin --without-head
  atome convert classifier.box --format atomecl01 --out classifier.bin";

const HELP: &str = "\
Weights, scales and all other numbers stay what they are, so the model gives the same logits, bit for
bit. ATOME01, ATOME02 and ATOMECL01 hold -1, 0 and +1; a weight of +-3 or +-9 is refused by its place.
A class head has a place in ATOMECL01 only, and ATOMECL01 is for models that have one. Bytes behind the
model's end and unused codes are not carried over. Without --format the weights stay in theirs.

A firmware includes the header before atome.h, in every file, and loads the array, which has the name
of its file: model_data.c defines `const uint8_t model_data[]`; names that C, C++ or atome.h have, get
another end. Files of other shapes neither compile nor link with them. The array holds what --out
holds; without any of --out, --format, --container and --without-head, the model file as it is.

Every file is written whole or not at all, and none is replaced without --force.";

/// Writes a model file in another format, or as C sources.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = format!("{HELP}\n\n{EXAMPLES}"))]
pub struct ConvertArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01, or a container of one
    pub model: PathBuf,

    /// Model file to write; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Its format [default: that of MODEL]
    #[arg(short, long)]
    pub format: Option<FormatName>,

    /// Of a classifier: leave the class head out
    #[arg(long)]
    pub without_head: bool,

    /// Write a container around it; what a container said before stays, but for its signature
    #[arg(long)]
    pub container: bool,

    #[command(flatten)]
    pub identity: IdentityArgs,

    #[command(flatten)]
    pub c_files: CFileArgs,

    /// Write the shape to OUT.json, without --out to MODEL.json
    #[arg(long)]
    pub sidecar: bool,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,

    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub trust: TrustArgs,

    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// -1, 0, +1 in 2 bits a weight
    Atome01,
    /// -1, 0, +1, five weights to a byte
    Atome02,
    /// 0 and +-1, 3, 9 in 3 bits a weight
    Atomep3,
    /// A classifier: -1, 0, +1 in 2 bits a weight, with its class head
    Atomecl01,
}
