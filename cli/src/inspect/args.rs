//! The command line of `atome inspect`.

use std::path::PathBuf;

use clap::Args;

use crate::shape_args::{long_help, ShapeArgs};

const EXAMPLES: &str = "\
Examples:
  atome inspect model.bin
  atome inspect model.bin --d-model 64 --n-layers 4
  atome inspect model.bin --integer
  atome inspect model.bin --json | jq '.sections[] | select(.name == \"Wv\") | .scale'";

/// Shows what is in a model file: shape, sections, scales and statistics of the weights.
///
/// A model file has 1 GiB at most, and a model whose sections are listed 1,024 layers.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = long_help(EXAMPLES))]
pub struct InspectArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01
    pub model: PathBuf,

    /// Fail where the integer arithmetic does not take the model
    #[arg(long)]
    pub integer: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}
