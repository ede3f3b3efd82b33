//! The commands: what there is, in which room it lies, and how each is run.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use lexopt::prelude::*;

use crate::{laboratory, options, pipes, process, progress, times};

/// Which program has the code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// `xtask`: what a contributor needs.
    Everyday,
    /// `xtask/lab`: measuring and searching. It is compiled when one of its commands is called.
    Laboratory,
}

/// One command.
pub struct Chore {
    /// The word after `cargo xtask`.
    pub name: &'static str,
    room: Room,
    /// A line for the list.
    what: &'static str,
    /// What it takes without options, as it was measured on two idle cores; none where that is a moment.
    time: Option<&'static str>,
}

/// How a command is run, in the room that has it.
#[derive(Clone, Copy)]
pub struct Code {
    /// Printed for `-h` and `--help`.
    pub help: &'static str,
    /// Does it, with the words after the command's name.
    pub run: fn(lexopt::Parser) -> Result<()>,
}

/// The code of the commands of one room, by their names.
pub type Codes = fn(&str) -> Option<Code>;

const fn everyday(name: &'static str, time: Option<&'static str>, what: &'static str) -> Chore {
    Chore { name, room: Room::Everyday, what, time }
}

const fn laboratory(name: &'static str, time: &'static str, what: &'static str) -> Chore {
    Chore { name, room: Room::Laboratory, what, time: Some(time) }
}

/// All commands, in the order of the list.
const CHORES: [Chore; 12] = [
    everyday(
        "demo",
        Some("two minutes the first time, a few seconds later"),
        "build everything, compile a small C program against it and run it",
    ),
    everyday(
        "test",
        Some("half an hour"),
        "the whole gate: formatting, lints, tests, header, archives, C programs, differential run, Miri",
    ),
    everyday("lib", Some("ten seconds"), "build the finished archive: dist/<target>/libatome.a"),
    everyday(
        "dist",
        Some("two minutes"),
        "pack archives for all targets, with header, CMake and pkg-config files, checksums",
    ),
    laboratory("qemu", "three minutes", "run the archive in C firmware on emulated cores"),
    laboratory("costs", "five minutes", "measure code, RAM, stack and instructions on the emulated cores"),
    laboratory(
        "bench",
        "15 minutes",
        "time the engine beside the C reference on this machine, or check its instruction counts",
    ),
    laboratory(
        "fuzz",
        "30 minutes a target, two at a time",
        "fuzz everything that reads foreign bytes, guided by coverage",
    ),
    laboratory("mutants", "15 seconds a mutant", "try whether the engine's tests notice small faults"),
    laboratory(
        "prove",
        "three minutes",
        "prove index arithmetic, unpacking and memory layout of the engine by symbolic execution",
    ),
    everyday("header", None, "generate include/atome.h from the Rust code, or check that it is up to date"),
    everyday("model", Some("14 minutes"), "train the default model from nothing, score it, or check it"),
];

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Runs the program of a room with the words of its command line.
pub fn main(room: Room, codes: Codes) -> ExitCode {
    pipes::end_with_the_reader();
    match dispatch(room, codes, lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(error) => {
            note!("error: {error:#}");
            ExitCode::from(if options::is_mistake(&error) { USAGE } else { FAILED })
        }
    }
}

/// The commands of a room.
pub fn of(room: Room) -> impl Iterator<Item = &'static Chore> {
    CHORES.iter().filter(move |chore| chore.room == room)
}

/// Runs what a command line names.
///
/// # Errors
/// A mistake in the command line, or what the command says.
pub fn dispatch(room: Room, codes: Codes, mut parser: lexopt::Parser) -> Result<ExitCode> {
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        Some(Value(word)) => {
            let word = word.string()?;
            let rest = parser.raw_args()?.as_slice().to_vec();
            match (CHORES.iter().find(|chore| chore.name == word), codes(&word)) {
                (Some(chore), Some(code)) => run(chore, code, rest).map(|()| ExitCode::SUCCESS),
                (Some(chore), None) if room == Room::Everyday => laboratory::run(chore.name, &rest),
                _ => {
                    let names = CHORES.map(|chore| chore.name).join(", ");
                    Err(options::mistake(format!(
                        "unknown command `{word}`: expected one of {names} (cargo xtask --help)"
                    )))
                }
            }
        }
        Some(option) => Err(options::mistake(format!("{} (cargo xtask --help)", option.unexpected()))),
    }
}

/// Runs a command, with signs of life.
fn run(chore: &Chore, code: Code, rest: Vec<OsString>) -> Result<()> {
    if rest.iter().any(|word| word == "-h" || word == "--help") {
        print!("{}", code.help);
        return Ok(());
    }
    let words =
        std::iter::once(chore.name.into()).chain(rest.iter().map(|word| process::quoted(&word.to_string_lossy())));
    let words: Vec<String> = words.collect();
    let start = Instant::now();
    let mut task = progress::task(format!("cargo xtask {}", chore.name));
    if let Some(time) = chore.time {
        task = task.expecting(times::expected(&words, time));
    }
    (code.run)(lexopt::Parser::from_args(rest))?;
    drop(task);
    let seconds = start.elapsed().as_secs();
    if seconds > 0 {
        times::keep(&words, seconds);
    }
    Ok(())
}

/// The list of all commands.
pub fn help() -> String {
    let list: String = CHORES.iter().map(|chore| format!("  {:<9}{}\n", chore.name, chore.what)).collect();
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
