//! What reads foreign bytes, as 32-bit code: sizes that fit in 64 bits do not all fit there.

use anyhow::Result;

use super::context::Context;
use super::report::Outcome;
use super::rust::counted;
use crate::process;
use crate::setup::Missing;

/// Of this processor, so that nothing need be emulated.
const TARGET: &str = "i686-unknown-linux-gnu";
const COMPILER: &str = "i686-linux-gnu-gcc";
/// Where the cross compiler has the 32-bit C library, whose loader starts the tests.
const LIBRARIES: &str = "/usr/i686-linux-gnu/lib";

/// The engine's tests of formats, containers, codecs and layouts, and the stored inputs of the fuzz targets with what lies near
/// them: models, containers, checkpoints, logs, texts, keys and sidecars.
pub fn run(context: &Context) -> Result<Outcome> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Ok(Outcome::Skipped("32-bit code is for an x86-64 processor with Linux".to_string()));
    }
    let mut missing = Missing::for_archive(&context.toolchain, Some(TARGET));
    missing.c_compiler(COMPILER);
    missing.install()?;
    let mut engine = cargo();
    engine.args([
        "--package",
        "atome-engine",
        "--lib",
        "--test",
        "extreme_shapes",
        "--test",
        "format",
        "--test",
        "layout",
    ]);
    let mut inputs = cargo();
    inputs.args(["--package", "atome-fuzz", "--no-default-features"]);
    let output = process::checked(&mut engine)? + &process::checked(&mut inputs)?;
    Ok(Outcome::Passed(format!("{}, {TARGET}", counted(&output)?)))
}

fn cargo() -> std::process::Command {
    let mut cargo = process::cargo();
    cargo
        .env("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER", COMPILER)
        .env(
            "CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUNNER",
            format!("{LIBRARIES}/ld-linux.so.2 --library-path {LIBRARIES}"),
        )
        .args(["test", "--target", TARGET]);
    cargo
}
