//! `atome`: trains, exports, runs, inspects and budgets Atome LM models, and talks with the default one.

mod answers;
mod args;
mod bars;
mod budget;
mod c_files;
mod calibrate;
mod chips;
mod class_table;
mod classes;
mod compare;
mod container;
mod convert;
mod corpus;
mod dialogue;
mod engine_model;
mod eval;
mod export;
mod feed_forward;
mod files;
mod foreign_bytes;
mod grammar;
mod inspect;
mod label;
mod model_file;
mod next_step;
mod numbers;
mod output;
mod pair_table;
mod parse;
mod prompts;
mod recover;
mod run;
mod sampling;
mod shape_args;
mod shape_source;
mod sidecar;
mod signing;
mod sizes;
mod stop;
mod stream;
mod talk;
mod temperature;
mod texts;
mod train;
mod usage_error;
mod values;
mod weight_set;
mod windows;

use std::io;
use std::process::ExitCode;

use args::{Cli, Command};
use usage_error::UsageError;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = match parse::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(refusal) => {
            // A closed output is no reason to fail: there is nobody left to tell.
            let text = refusal.render().to_string();
            if refusal.use_stderr() {
                output::note(text.trim_end_matches('\n'));
                return ExitCode::from(USAGE);
            }
            let _ = output::print(&text);
            return ExitCode::SUCCESS;
        }
    };
    match execute(cli) {
        Ok(status) => status,
        Err(error) => report(&error),
    }
}

/// Does what the command line says; the status tells what an answer was worth, or that the user broke off.
fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => return talk::talk(&cli.talk),
        Some(Command::Run(args)) => return run::run(&args),
        Some(Command::Inspect(args)) => inspect::inspect(&args),
        Some(Command::Budget(args)) => budget::budget(&args),
        Some(Command::Train(args)) => train::train(&args),
        Some(Command::Eval(args)) => eval::eval(&args),
        Some(Command::Compare(args)) => compare::compare(&args),
        Some(Command::Calibrate(args)) => calibrate::calibrate(&args),
        Some(Command::Export(args)) => export::export(&args),
        Some(Command::Convert(args)) => convert::convert(&args),
        Some(Command::Corpus(args)) => corpus::corpus(&args),
        Some(Command::Grammar(args)) => grammar::grammar(&args),
        Some(Command::Pack(args)) => container::pack(&args),
        Some(Command::Unpack(args)) => container::unpack(&args),
        Some(Command::Keygen(args)) => signing::keygen(&args),
        Some(Command::Sign(args)) => signing::sign(&args),
        Some(Command::Verify(args)) => signing::verify(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn report(error: &anyhow::Error) -> ExitCode {
    // `atome inspect MODEL | head` is a normal way to stop.
    let reader_left = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(reader_left) {
        return ExitCode::SUCCESS;
    }
    output::note(&format!("error: {error:#}"));
    ExitCode::from(if error.is::<UsageError>() { USAGE } else { FAILED })
}
