//! The command line of `atome grammar`.

use std::path::PathBuf;

use atome_train::export::check_name;
use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  atome grammar check lamps.grammar
  atome grammar check lamps.grammar --pairs lamps.csv
  atome grammar compile lamps.grammar --c-array lamps_grammar.c --header lamps_grammar.h
  atome grammar from-pairs lamps.csv --out lamps.grammar
  atome run lamps.bin --grammar lamps.grammar
  atome export lamps.safetensors --out lamps.box --container --grammar lamps.grammar";

const CHECK_EXAMPLES: &str = "\
Examples:
  atome grammar check lamps.grammar
  atome grammar check lamps.grammar --pairs lamps.csv
  atome grammar check lamps.grammar --json | jq .bytes";

const COMPILE_EXAMPLES: &str = "\
Examples:
  atome grammar compile lamps.grammar --out lamps.table
  atome grammar compile lamps.grammar --c-array lamps_grammar.c --header lamps_grammar.h";

const FROM_PAIRS_EXAMPLES: &str = "\
Examples:
  atome grammar from-pairs lamps.csv
  atome grammar from-pairs lamps.csv --out lamps.grammar";

/// Says what a model may answer: checks and compiles such a grammar, or makes one of pairs.
///
/// A grammar is a text of rules, such as
///   answer = '{\"lamp\":\"' lamp '\",\"dim\":' number(0..100) '}'
///   lamp = 'hall' | 'kitchen' | 'attic'
/// A model that is run with it answers nothing else, and each answer is whole. docs/grammar.md has all of
/// the language.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct GrammarArgs {
    #[command(subcommand)]
    pub command: GrammarCommand,
}

#[derive(Debug, Subcommand)]
pub enum GrammarCommand {
    Check(CheckArgs),
    Compile(CompileArgs),
    FromPairs(FromPairsArgs),
}

/// Tells how large a grammar is, its shortest and longest answer, and some examples.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// Grammar
    pub grammar: PathBuf,

    /// Count how many answers of these pairs it has, as of `atome train --pairs`; copies are from their
    /// prompts, normalised as a training does it unasked
    #[arg(long, value_name = "FILE")]
    pub pairs: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Writes the table that the engine reads.
#[derive(Debug, Args)]
#[command(after_help = COMPILE_EXAMPLES)]
pub struct CompileArgs {
    /// Grammar
    pub grammar: PathBuf,

    /// The table; - is standard output
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["c_array", "header"])]
    pub out: Option<PathBuf>,

    /// The table as a C array
    #[arg(long, value_name = "FILE")]
    pub c_array: Option<PathBuf>,

    /// The declaration of that array
    #[arg(long, value_name = "FILE", requires = "c_array")]
    pub header: Option<PathBuf>,

    /// Name of the array [default: that of its file]
    #[arg(long, value_name = "IDENTIFIER", value_parser = name, requires = "c_array")]
    pub name: Option<String>,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

fn name(name: &str) -> Result<String, String> {
    check_name(name).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

/// Makes a grammar that has the answers of pairs, and others like them.
///
/// Answers that are objects or lists of JSON are taken apart. Those that differ in nothing but their
/// values are one form; at each place of a form may stand the values that were seen there, or
///   - a number in their range, from five different numbers on,
///   - a copy out of the prompt, from nine different texts on, if each is in its prompt word for word; of
///     fifty answers, one may be an exception: the grammar does not have it, and its line is told.
///
/// Other answers are taken as they are. The result is a text to read and to change.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = FROM_PAIRS_EXAMPLES)]
pub struct FromPairsArgs {
    /// Prompts with their answers, as of `atome train --pairs`; copies are from prompts as a training normalises them unasked
    pub pairs: PathBuf,

    /// Grammar to write; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}
