//! The C programs of `qemu/host`, which write what firmware has in flash.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shapes::Shape;
use crate::{process, workspace};

/// Compiles one of them for a shape.
///
/// # Errors
/// What the compiler says.
pub fn build(source: &str, shape: &Shape, program: &Path) -> Result<()> {
    let root = workspace::root();
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]).args(shape.flags());
    cc.arg("-I").arg(root.join("include")).arg("-I").arg(root.join("c_tests/programs"));
    process::checked(cc.arg(root.join("qemu/host").join(source)).arg("-o").arg(program))?;
    Ok(())
}
