//! Object code without frame pointers, for Arm's small cores.
//!
//! rustc's bare-metal Arm targets keep a frame pointer in every function that calls another, and no option of a stable
//! compiler turns that off. It takes 5 % of the engine's code, and a register and four to eight bytes of stack in every
//! function. So the compiler's last step is done here, by the same LLVM: rustc writes the optimised module down, and `llc`
//! makes the object of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::process;
use crate::toolchain::Toolchain;

/// The attribute of functions that asks for a frame pointer, as LLVM writes it.
const KEEPS_FRAME: &str = "\"frame-pointer\"=\"all\"";

/// What rustc asks of LLVM's last step, and two of its steps left out that trade code for time within loops.
const LLC_ARGUMENTS: [&str; 6] =
    ["-O2", "-filetype=obj", "-function-sections", "-data-sections", "-disable-lsr", "-disable-machine-licm"];

/// Whether the compiler's objects for `target` keep frame pointers.
pub fn keeps_frames(target: &str) -> bool {
    target.starts_with("thumb")
}

/// Makes `object` of the module that rustc wrote to `module` (`--emit llvm-ir`).
pub fn compile(toolchain: &Toolchain, module: &Path, object: &Path) -> Result<()> {
    let text = fs::read_to_string(module).with_context(|| format!("cannot read {}", module.display()))?;
    if !text.contains(KEEPS_FRAME) {
        bail!(
            "{}: expected functions with {KEEPS_FRAME}: rustc asks for frame pointers in another way",
            module.display()
        );
    }
    let frameless = module.with_extension("frameless.ll");
    fs::write(&frameless, text.replace(KEEPS_FRAME, ""))
        .with_context(|| format!("cannot write {}", frameless.display()))?;
    let mut llc = Command::new(toolchain.llvm_tool("llc"));
    process::checked(llc.args(LLC_ARGUMENTS).arg(&frameless).arg("-o").arg(object))?;
    Ok(())
}
