//! The project's chores: `cargo xtask COMMAND`; [`COMMANDS`] lists them.

/// A line on standard output; [`progress`] says how it does not mix with signs of life.
macro_rules! say {
    ($($text:tt)*) => { $crate::progress::say(&format!($($text)*)) };
}

/// A line on standard error.
macro_rules! note {
    ($($text:tt)*) => { $crate::progress::note(&format!($($text)*)) };
}

mod archive;
mod arm_object;
mod asked_for;
mod bench;
mod c_build;
mod costs;
mod demo;
mod dist;
mod flavour;
mod fuzz;
mod header;
mod model;
mod mutants;
mod options;
mod pack;
mod picture;
mod pipes;
mod prefix;
mod process;
mod progress;
mod prove;
mod qemu;
mod record;
mod reference;
mod sections;
mod setup;
mod symbols;
mod targets;
mod test;
mod times;
mod toolchain;
mod workers;
mod workspace;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use lexopt::prelude::*;

/// One chore.
struct Chore {
    name: &'static str,
    /// A line for the list.
    what: &'static str,
    /// What it takes without options, as it was measured on two idle cores; none where that is a moment.
    time: Option<&'static str>,
    /// Printed by the command itself.
    #[cfg_attr(not(test), allow(dead_code, reason = "tests compare the form"))]
    help: &'static str,
    run: fn(lexopt::Parser) -> Result<()>,
}

const COMMANDS: [Chore; 12] = [
    Chore {
        name: "demo",
        what: "build everything, compile a small C program against it and run it",
        time: Some("two minutes the first time, a few seconds later"),
        help: demo::HELP,
        run: demo::run,
    },
    Chore {
        name: "test",
        what: "the whole gate: formatting, lints, tests, header, archives, C programs, differential run, Miri",
        time: Some("15 minutes"),
        help: test::HELP,
        run: test::run,
    },
    Chore {
        name: "lib",
        what: "build the finished archive: dist/<target>/libatome.a",
        time: Some("ten seconds"),
        help: archive::HELP,
        run: archive::run,
    },
    Chore {
        name: "dist",
        what: "pack archives for all targets, with header, CMake and pkg-config files, checksums",
        time: Some("two minutes"),
        help: dist::HELP,
        run: dist::run,
    },
    Chore {
        name: "qemu",
        what: "run the archive in C firmware on emulated cores",
        time: Some("three minutes"),
        help: qemu::HELP,
        run: qemu::run,
    },
    Chore {
        name: "costs",
        what: "measure code, RAM, stack and instructions on the emulated cores",
        time: Some("five minutes"),
        help: costs::HELP,
        run: costs::run,
    },
    Chore {
        name: "bench",
        what: "time the engine beside the C reference on this machine, or check its instruction counts",
        time: Some("15 minutes"),
        help: bench::HELP,
        run: bench::run,
    },
    Chore {
        name: "fuzz",
        what: "fuzz everything that reads foreign bytes, guided by coverage",
        time: Some("30 minutes a target, two at a time"),
        help: fuzz::HELP,
        run: fuzz::run,
    },
    Chore {
        name: "mutants",
        what: "try whether the engine's tests notice small faults",
        time: Some("a second a mutant"),
        help: mutants::HELP,
        run: mutants::run,
    },
    Chore {
        name: "prove",
        what: "prove index arithmetic, unpacking and memory layout of the engine by symbolic execution",
        time: Some("three minutes"),
        help: prove::HELP,
        run: prove::run,
    },
    Chore {
        name: "header",
        what: "generate include/atome.h from the Rust code, or check that it is up to date",
        time: None,
        help: header::HELP,
        run: header::run,
    },
    Chore {
        name: "model",
        what: "train the default model from nothing, score it, or check it",
        time: Some("14 minutes"),
        help: model::HELP,
        run: model::run,
    },
];

const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    pipes::end_with_the_reader();
    match dispatch(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("error: {error:#}");
            ExitCode::from(if options::is_mistake(&error) { USAGE } else { FAILED })
        }
    }
}

fn dispatch(mut parser: lexopt::Parser) -> Result<()> {
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => {
            print!("{}", help());
            Ok(())
        }
        Some(Value(word)) => {
            let word = word.string()?;
            match COMMANDS.iter().find(|chore| chore.name == word) {
                Some(chore) => run(chore, parser),
                None => {
                    let names = COMMANDS.map(|chore| chore.name).join(", ");
                    Err(options::mistake(format!(
                        "unknown command `{word}`: expected one of {names} (cargo xtask --help)"
                    )))
                }
            }
        }
        Some(option) => Err(options::mistake(format!("{} (cargo xtask --help)", option.unexpected()))),
    }
}

/// Runs a chore, with signs of life.
fn run(chore: &Chore, mut parser: lexopt::Parser) -> Result<()> {
    let rest = parser.raw_args()?.as_slice().to_vec();
    let words =
        std::iter::once(chore.name.into()).chain(rest.iter().map(|word| process::quoted(&word.to_string_lossy())));
    let words: Vec<String> = words.collect();
    let start = Instant::now();
    let mut task = progress::task(format!("cargo xtask {}", chore.name));
    if let Some(time) = chore.time {
        task = task.expecting(times::expected(&words, time));
    }
    (chore.run)(lexopt::Parser::from_args(rest))?;
    drop(task);
    let seconds = start.elapsed().as_secs();
    if seconds > 0 {
        times::keep(&words, seconds);
    }
    Ok(())
}

fn help() -> String {
    let list: String = COMMANDS.iter().map(|chore| format!("  {:<9}{}\n", chore.name, chore.what)).collect();
    format!(
        "\
The project's chores.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
{list}
Options:
  -h, --help   print this; `cargo xtask <COMMAND> --help` describes one command

Examples:
  cargo xtask demo
  cargo xtask lib --target thumbv7m-none-eabi
  cargo xtask test
  cargo xtask prove
"
    )
}

#[cfg(test)]
mod help_form;
