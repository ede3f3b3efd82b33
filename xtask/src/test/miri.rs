//! Miri: the tests of the engine and of the C interface in an interpreter that notices undefined behaviour.

use anyhow::Result;

use super::report::Outcome;
use super::rust;
use crate::process;
use crate::setup::Missing;

/// Runs the engine's tests under Miri where a nightly toolchain with Miri is installed or can be.
pub fn run() -> Result<Outcome> {
    if let Err(error) = Missing::for_miri().install() {
        return Ok(Outcome::Skipped(format!(
            "NO MIRI, so nothing here was checked for undefined behaviour: {error:#}"
        )));
    }
    let mut miri = process::nightly_cargo();
    miri.args(["miri", "test", "--package", "atome-engine", "--package", "atome-capi", "--lib"]);
    // What takes an interpreter many minutes is left out: kernels are compared with the definition by other steps.
    miri.args(["--test", "cache", "--test", "format", "--test", "layout", "--test", "sample"]);
    miri.args(["--", "--skip", "hard_float", "--skip", "soft_float", "--skip", "quick"]);
    // These try every bit of a file, or every kernel, without any unsafe code of their own.
    miri.args(["--skip", "container", "--skip", "self_test", "--skip", "codec"]);
    let output = process::checked(&mut miri)?;
    Ok(Outcome::Passed(rust::counted(&output)?.to_string()))
}
