//! Random calls on memory that ends exactly where it was said to, with each kernel of this processor.

use std::process::Command;

use anyhow::Result;

use super::context::Context;
use super::programs::SANITIZERS;
use super::report::Outcome;
use crate::archive::Mode;
use crate::c_build::{Engine, Language, Program};
use crate::{process, workers, workspace};

const INTEGER: &str = "-DATOME_ARITHMETIC=ATOME_INTEGER";

/// Both arithmetics, every plan; matrices and vectors that fill a kernel's registers, and some that leave a rest of each length.
const SHAPES: [&[&str]; 10] = [
    &["-DATOME_D_MODEL=5", "-DATOME_D_HEAD=3", "-DATOME_VOCAB_SIZE=11", "-DATOME_MAX_SEQ=7", "-DATOME_N_LAYERS=2"],
    &["-DATOME_D_MODEL=37", "-DATOME_D_HEAD=19", "-DATOME_VOCAB_SIZE=67", "-DATOME_MAX_SEQ=20", "-DATOME_N_LAYERS=2"],
    &["-DATOME_D_MODEL=64", "-DATOME_VOCAB_SIZE=256", "-DATOME_MAX_SEQ=18", "-DATOME_N_LAYERS=3"],
    &[
        "-DATOME_D_MODEL=66",
        "-DATOME_D_HEAD=17",
        "-DATOME_VOCAB_SIZE=130",
        "-DATOME_MAX_SEQ=19",
        "-DATOME_PLAN=ATOME_PLAN_LEAN",
    ],
    &[
        "-DATOME_D_MODEL=128",
        "-DATOME_D_HEAD=32",
        "-DATOME_VOCAB_SIZE=100",
        "-DATOME_MAX_SEQ=24",
        "-DATOME_PLAN=ATOME_PLAN_PARTIAL",
    ],
    &["-DATOME_D_MODEL=260", "-DATOME_D_HEAD=64", "-DATOME_VOCAB_SIZE=300", "-DATOME_MAX_SEQ=12", "-DATOME_N_LAYERS=1"],
    &[
        INTEGER,
        "-DATOME_D_MODEL=37",
        "-DATOME_D_HEAD=19",
        "-DATOME_VOCAB_SIZE=67",
        "-DATOME_MAX_SEQ=20",
        "-DATOME_N_LAYERS=2",
    ],
    &[INTEGER, "-DATOME_D_MODEL=64", "-DATOME_VOCAB_SIZE=256", "-DATOME_MAX_SEQ=18", "-DATOME_PLAN=ATOME_PLAN_LEAN"],
    &[
        INTEGER,
        "-DATOME_D_MODEL=100",
        "-DATOME_D_HEAD=20",
        "-DATOME_VOCAB_SIZE=65",
        "-DATOME_MAX_SEQ=9",
        "-DATOME_N_LAYERS=2",
    ],
    &[
        INTEGER,
        "-DATOME_D_MODEL=132",
        "-DATOME_D_HEAD=36",
        "-DATOME_VOCAB_SIZE=99",
        "-DATOME_MAX_SEQ=12",
        "-DATOME_N_LAYERS=1",
    ],
];

/// Sequences of calls of a shape, for so many cases of the differential run.
const CASES_A_SEQUENCE: u64 = 1000;

/// The first sequence's seed; a longer run begins with the same ones.
const SEED: &str = "1";

/// No call touches what it was not given, and no kernel has other results: programs of several shapes, compiled with the
/// address and undefined-behaviour sanitizers.
pub fn random_calls(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?.path.clone();
    let source = [workspace::root().join("c_tests/guard_pages/random_calls.c")];
    let include = format!("-I{}", workspace::root().join("c_tests/programs").display());
    let flags = [SANITIZERS[0], SANITIZERS[1], include.as_str()];
    let sequences = (context.cases / CASES_A_SEQUENCE).max(1).to_string();
    let numbered: Vec<_> = SHAPES.iter().enumerate().collect();
    let said = workers::try_all(&numbered, workers::processors(), |(index, shape)| {
        let executable = workspace::scratch().join("test/guard_pages").join(index.to_string());
        let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
        Program { sources: &source, language: Language::C, shape: &shape, engine_shape: &[], flags: &flags }
            .build(&Engine::Archive(archive.clone()), &executable)?;
        process::checked(Command::new(&executable).args([SEED, &sequences]))
    })?;
    let of_first = said.first().map_or("nothing", |said| said.trim());
    Ok(Outcome::Passed(format!("{} shapes, from seed {SEED} on; of the first: {of_first}", SHAPES.len())))
}
