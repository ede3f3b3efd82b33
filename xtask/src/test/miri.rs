//! Miri: the tests of the engine and of the C interface in an interpreter that notices undefined behaviour.

use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::Result;

use super::report::Outcome;
use super::rust;
use crate::process;
use crate::setup::Missing;

/// Begins to run the engine's tests under Miri where a nightly toolchain with Miri is installed or can be. It keeps one
/// processor busy for minutes.
pub fn start() -> JoinHandle<Result<Outcome>> {
    // Here, as no two installations must run at the same time.
    let installed = Missing::for_miri().install();
    thread::spawn(move || match installed {
        Ok(_) => run(),
        Err(error) => {
            Ok(Outcome::Skipped(format!("NO MIRI, so nothing here was checked for undefined behaviour: {error:#}")))
        }
    })
}

fn run() -> Result<Outcome> {
    let start = Instant::now();
    let mut miri = process::nightly_cargo();
    miri.args(["miri", "test", "--package", "atome-engine", "--package", "atome-capi", "--lib"]);
    // What takes an interpreter many minutes is left out: kernels are compared with the definition by other steps.
    miri.args(["--test", "cache", "--test", "format", "--test", "layout", "--test", "sample"]);
    miri.args(["--", "--skip", "vfp", "--skip", "fixed_point", "--skip", "in_32_bits"]);
    // These try every bit or length of something, or every kernel, without any unsafe code of their own.
    miri.args(["--skip", "container::", "--skip", "self_test", "--skip", "codec", "--skip", "fingerprint"]);
    // Safe code but for its kernels, of which there are none in the interpreter; the C interface's tests run it, too.
    miri.args(["--skip", "integer::"]);
    // Safe code, whose tests try every byte and every cut.
    miri.args(["--skip", "grammar::", "--skip", "vocabulary::"]);
    let output = process::checked(&mut miri)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Outcome::Passed(format!("{}, {seconds:.0} s beside the other steps", rust::counted(&output)?)))
}
