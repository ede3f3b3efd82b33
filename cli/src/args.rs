//! The command line: the commands.

use atome_engine::math::MODE;
use clap::{Parser, Subcommand};

use crate::budget::BudgetArgs;
use crate::calibrate::CalibrateArgs;
use crate::compare::CompareArgs;
use crate::container::{PackArgs, UnpackArgs};
use crate::convert::ConvertArgs;
use crate::corpus::CorpusArgs;
use crate::eval::EvalArgs;
use crate::export::ExportArgs;
use crate::grammar::GrammarArgs;
use crate::inspect::InspectArgs;
use crate::run::RunArgs;
use crate::signing::{KeygenArgs, SignArgs, VerifyArgs};
use crate::talk::TalkArgs;
use crate::train::TrainArgs;

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

/// Trains, exports, runs, inspects and budgets Atome LM models: tiny ternary language models for microcontrollers.
#[derive(Debug, Parser)]
#[command(name = "atome", version = version(), after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub talk: TalkArgs,
}

fn version() -> String {
    format!("{} (numeric mode: {MODE})", env!("CARGO_PKG_VERSION"))
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
    Grammar(GrammarArgs),
    Pack(PackArgs),
    Unpack(UnpackArgs),
    Keygen(KeygenArgs),
    Sign(SignArgs),
    Verify(VerifyArgs),
}
