//! How much stack a call takes on a host: a program runs all of them in a thread with 16 KB of it.

use std::process::Command;

use anyhow::Result;

use super::context::Context;
use super::report::Outcome;
use crate::archive::Mode;
use crate::c_build::{Engine, Language, Program};
use crate::{process, workspace};

/// Both plans, small and wide matrices, and one that no vectors suit.
const SHAPES: [&[&str]; 7] = [
    &["-DATOME_D_MODEL=64", "-DATOME_MAX_SEQ=32"],
    &[
        "-DATOME_D_MODEL=256",
        "-DATOME_D_HEAD=64",
        "-DATOME_N_LAYERS=1",
        "-DATOME_MAX_SEQ=40",
        "-DATOME_PLAN=ATOME_PLAN_LEAN",
    ],
    &["-DATOME_D_MODEL=256", "-DATOME_D_HEAD=32", "-DATOME_N_LAYERS=2", "-DATOME_MAX_SEQ=24", "-DATOME_VOCAB_SIZE=300"],
    // Where vectors of one position fill the room on the stack, or nearly, or do not fit.
    &["-DATOME_D_MODEL=960", "-DATOME_D_HEAD=64", "-DATOME_N_LAYERS=1", "-DATOME_MAX_SEQ=4"],
    &["-DATOME_D_MODEL=256", "-DATOME_D_HEAD=240", "-DATOME_N_LAYERS=2", "-DATOME_MAX_SEQ=20"],
    &["-DATOME_D_MODEL=1100", "-DATOME_D_HEAD=64", "-DATOME_N_LAYERS=1", "-DATOME_MAX_SEQ=6"],
    &["-DATOME_D_MODEL=37", "-DATOME_D_HEAD=19", "-DATOME_N_LAYERS=2", "-DATOME_MAX_SEQ=20"],
];

/// The arithmetics, and the widest model of each.
const ARITHMETICS: [(&str, usize); 2] = [("ATOME_EXACT", usize::MAX), ("ATOME_INTEGER", 1024)];

/// Every call works there, in both arithmetics, with each kernel of this processor and each format.
pub fn suffices(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?.path.clone();
    let source = [workspace::root().join("c_tests/small_stack/small_stack.c")];
    let mut printed = Vec::new();
    let programs = ARITHMETICS.iter().flat_map(|arithmetic| SHAPES.iter().map(move |shape| (arithmetic, shape)));
    for (index, ((arithmetic, widest), shape)) in programs.enumerate() {
        let width = shape[0].trim_start_matches("-DATOME_D_MODEL=").parse::<usize>()?;
        if width > *widest {
            continue;
        }
        // POSIX threads, and the programs' model makers.
        let include = format!("-I{}", workspace::root().join("c_tests/programs").display());
        let executable = workspace::scratch().join("test/small_stack").join(index.to_string());
        let arithmetic = format!("-DATOME_ARITHMETIC={arithmetic}");
        let shape: Vec<String> = shape.iter().map(ToString::to_string).chain([arithmetic]).collect();
        Program {
            sources: &source,
            language: Language::C,
            shape: &shape,
            engine_shape: &[],
            flags: &[&include, "-pthread"],
        }
        .build(&Engine::Archive(archive.clone()), &executable)?;
        printed.push(process::checked(&mut Command::new(&executable))?.trim().to_owned());
    }
    Ok(Outcome::Passed(printed.join("; ")))
}
