//! `cargo xtask COMMAND`.

use std::process::ExitCode;

use xtask::chores::{self, Code, Room};
use xtask::{archive, demo, dist, header, model, test};

const ROOM: Room = Room::Everyday;

fn main() -> ExitCode {
    chores::main(ROOM, code)
}

fn code(name: &str) -> Option<Code> {
    Some(match name {
        "demo" => Code { help: demo::HELP, run: demo::run },
        "test" => Code { help: test::HELP, run: test::run },
        "lib" => Code { help: archive::HELP, run: archive::run },
        "dist" => Code { help: dist::HELP, run: dist::run },
        "header" => Code { help: header::HELP, run: header::run },
        "model" => Code { help: model::HELP, run: model::run },
        _ => return None,
    })
}

#[cfg(test)]
mod help_form;
