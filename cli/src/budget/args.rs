//! The command line of `atome budget`.

use std::path::PathBuf;

use atome_engine::format::MOST_SUBLAYERS;
use clap::Args;

use crate::shape_args::{long_help, ShapeArgs};
use crate::values::whole;

const EXAMPLES: &str = "\
Examples:
  atome budget model.bin --max-seq 64
  atome budget --d-model 64 --n-layers 4 --d-head 16 --max-seq 32
  atome budget --d-model 32 --feed-forward 4 --max-seq 64
  atome budget model.bin --integer
  atome budget model.bin --reserve-ram 16 --json | jq '.chips[] | select(.lean.fits) | .name'";

/// Compares the flash and RAM that a model takes with what common microcontrollers have.
///
/// Without MODEL, sizes that no flag gives are those of the C header (d_model 64, n_layers 4,
/// d_head 16, kernel_size 5, n_pathways 3, vocab_size 256, top_k 4, max_seq 32).
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = long_help(EXAMPLES))]
pub struct BudgetArgs {
    /// Model file: ATOME01, ATOME02, ATOMEP3 or ATOMECL01
    pub model: Option<PathBuf>,

    /// Feed-forward sublayers of each layer, 0 to 16, without MODEL [default: 0]
    #[arg(long, value_name = "N", conflicts_with = "model", value_parser = whole::<usize>(0..=MOST_SUBLAYERS as u64))]
    pub feed_forward: Option<usize>,

    /// Flash to leave to the program itself, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 32, value_parser = whole::<u32>(0..=u64::from(u32::MAX)))]
    pub reserve_flash: u32,

    /// RAM to leave to stack and variables, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 4, value_parser = whole::<u32>(0..=u64::from(u32::MAX)))]
    pub reserve_ram: u32,

    /// Compare chips with what a program with the integer arithmetic takes (JSON has both)
    #[arg(long)]
    pub integer: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub shape: ShapeArgs,
}
