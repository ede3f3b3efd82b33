//! `atome grammar`, and the grammars of other commands.

mod args;
mod c_array;
mod check;
mod compile;
mod from_pairs;
mod source;

use anyhow::Result;

pub use args::GrammarArgs;
use args::GrammarCommand;
pub use from_pairs::OfPairs;
pub use source::{in_parts, OwnedGrammar};

pub fn grammar(args: &GrammarArgs) -> Result<()> {
    match &args.command {
        GrammarCommand::Check(args) => check::check(args),
        GrammarCommand::Compile(args) => compile::compile(args),
        GrammarCommand::FromPairs(args) => from_pairs::from_pairs(args),
    }
}
