//! The laboratory: what measures the engine and what searches it for faults. `cargo xtask` calls this program.

#[macro_use(note, say)]
extern crate xtask;

mod bench;
mod costs;
mod fuzz;
mod markdown;
mod mutants;
mod prove;
mod qemu;
mod record;

use std::process::ExitCode;

use xtask::chores::{self, Code, Room};

const ROOM: Room = Room::Laboratory;

fn main() -> ExitCode {
    chores::main(ROOM, code)
}

fn code(name: &str) -> Option<Code> {
    Some(match name {
        "qemu" => Code { help: qemu::HELP, run: qemu::run },
        "costs" => Code { help: costs::HELP, run: costs::run },
        "bench" => Code { help: bench::HELP, run: bench::run },
        "fuzz" => Code { help: fuzz::HELP, run: fuzz::run },
        "mutants" => Code { help: mutants::HELP, run: mutants::run },
        "prove" => Code { help: prove::HELP, run: prove::run },
        _ => return None,
    })
}

#[cfg(test)]
#[path = "../../src/help_form.rs"]
mod help_form;
