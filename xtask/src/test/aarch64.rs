//! The NEON kernels, on an emulated processor: the machine that runs the tests is mostly another one.

use anyhow::Result;

use super::context::Context;
use super::report::Outcome;
use super::rust::counted;
use crate::process;
use crate::setup::Missing;

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// The engine's tests that any kernel could fail.
pub fn run(context: &Context) -> Result<Outcome> {
    if cfg!(target_arch = "aarch64") {
        return Ok(Outcome::Passed("this machine is one: see the other steps".to_string()));
    }
    Missing::for_aarch64(&context.toolchain).install()?;
    let mut cargo = process::cargo();
    cargo
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu")
        .args(["test", "--package", "atome-engine", "--target", TARGET])
        .args(["--test", "kernel", "--test", "step", "--test", "cache"]);
    let output = process::checked(&mut cargo)?;
    Ok(Outcome::Passed(format!("{}, qemu-aarch64", counted(&output)?)))
}
