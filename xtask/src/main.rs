//! The project's chores: `cargo xtask demo | test | lib | dist | header | model | qemu | costs | bench | fuzz | mutants |
//! prove`.

mod archive;
mod bench;
mod c_build;
mod costs;
mod demo;
mod dist;
mod frameless;
mod fuzz;
mod header;
mod model;
mod mutants;
mod picture;
mod pipes;
mod process;
mod prove;
mod qemu;
mod record;
mod setup;
mod symbols;
mod test;
mod toolchain;
mod workers;
mod workspace;

use std::process::ExitCode;

use anyhow::{bail, Result};
use lexopt::prelude::*;

const HELP: &str = "\
The project's chores.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  demo     build everything, compile a small C program against it and run it
  test     the whole gate: formatting, lints, tests, header, archives, C programs, differential run, Miri
  lib      build the finished archive: dist/<target>/libatome.a
  dist     pack archives for all targets, with header, CMake and pkg-config files, checksums
  qemu     run the archive in C firmware on emulated cores
  costs    measure code, RAM, stack and instructions on the emulated cores
  bench    time the engine beside the C reference on this machine, or check its instruction counts
  fuzz     fuzz everything that reads foreign bytes, guided by coverage
  mutants  try whether the engine's tests notice small faults
  prove    prove index arithmetic, unpacking and memory layout of the engine by symbolic execution
  header   generate include/atome.h from the Rust code, or check that it is up to date
  model    train the default model from nothing, score it, or check it

`cargo xtask <COMMAND> --help` describes one command.

Examples:
  cargo xtask demo
  cargo xtask lib --target thumbv7m-none-eabi
  cargo xtask test
  cargo xtask prove
";

fn main() -> ExitCode {
    pipes::end_with_the_reader();
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => {
            print!("{HELP}");
            Ok(())
        }
        Some(Value(command)) => match command.string()?.as_str() {
            "demo" => demo::run(parser),
            "test" => test::run(parser),
            "lib" => archive::run(parser),
            "dist" => dist::run(parser),
            "fuzz" => fuzz::run(parser),
            "mutants" => mutants::run(parser),
            "prove" => prove::run(parser),
            "header" => header::run(parser),
            "model" => model::run(parser),
            "qemu" => qemu::run(parser),
            "costs" => costs::run(parser),
            "bench" => bench::run(parser),
            other => {
                let known = "demo, test, lib, dist, header, model, qemu, costs, bench, fuzz, mutants or prove";
                bail!("unknown command `{other}`: expected {known} (cargo xtask --help)")
            }
        },
        Some(option) => bail!("{} (cargo xtask --help)", option.unexpected()),
    }
}
