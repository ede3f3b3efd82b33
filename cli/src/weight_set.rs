//! Which of a checkpoint's sets of weights.

use clap::Args;

/// A flag of every command that reads a checkpoint.
#[derive(Debug, Default, Args)]
pub struct WeightSetArgs {
    /// Which weights of the checkpoint, where it has several sets, such as model or ema
    #[arg(long, value_name = "SET")]
    pub weights: Option<String>,
}
