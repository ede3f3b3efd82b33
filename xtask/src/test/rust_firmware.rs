//! The firmware in Rust of `examples/answer-rust`, built as its README tells, with the versions of its lock file, and run on
//! an emulated Cortex-M3.

use anyhow::{ensure, Result};

use super::context::Context;
use super::report::Outcome;
use crate::setup::Missing;
use crate::{process, workspace};

/// Seconds that it may run.
const LIMIT: &str = "300";

/// An emulated core answers in a tenth of the time where it keeps what it has computed.
const FEATURES: [&[&str]; 2] = [&["--features", "cached"], &["--no-default-features", "--features", "cached"]];

/// What it says, at least: what the C example of the same model says.
const ANSWERS: [&str; 3] = [
    "\n> make it 21 degrees\n{\"temp\":21}\n",
    "\n> How do I unlock it?\nEnter 0000.\n",
    "\n> set night mode at 10 pm\nunsure: the question is unlike what the model knows; ask again. A guess: {\"sub\":10}\n",
];

/// The firmware is formatted, compiles without a warning, and answers; small and fast kernels say the same.
pub fn answers(context: &Context) -> Result<Outcome> {
    let mut missing = Missing::default();
    missing.target(&context.toolchain, Some(super::EMBEDDED));
    missing.programs(&["qemu-system-arm"]);
    missing.install()?;
    in_folder("cargo", &["fmt", "--check"])?;
    for features in FEATURES {
        in_folder("cargo", &[&["clippy", "--release", "--locked"], features, &["--", "-Dwarnings"]].concat())?;
        in_folder("cargo", &[&["build", "--release", "--locked"], features].concat())?;
        let run = [&[LIMIT, "cargo", "run", "--quiet", "--release", "--locked"], features].concat();
        let printed = in_folder("timeout", &run)?;
        for answer in ANSWERS {
            ensure!(printed.contains(answer), "examples/answer-rust, {features:?}: expected {answer:?} in\n{printed}");
        }
    }
    Ok(Outcome::Passed(format!("{} answers, with small and fast kernels", ANSWERS.len())))
}

/// Runs a program in the firmware's folder, whose cargo settings count there alone. Returns what it printed.
fn in_folder(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = process::in_root(program);
    command.args(arguments).current_dir(workspace::root().join("examples/answer-rust"));
    command.env("CARGO_TARGET_DIR", workspace::scratch().join("test/answer-rust"));
    process::checked(&mut command)
}
