//! The object for Arm's bare-metal cores: the compiler's last step, done here.
//!
//! rustc writes the optimised module down, and `llc`, of the same LLVM, makes the object of it. That brings three things
//! which no option of a stable compiler does:
//! - No frame pointers. rustc keeps one in every function that calls another, which takes 5 % of the engine's code, and a
//!   register and four to eight bytes of stack in each of these functions.
//! - Memory functions by their C names. rustc's objects ask for `__aeabi_memcpy4`, `__aeabi_memclr` and their like, which
//!   belong to a C library: a program without one has `memcpy` and `memset`, and libgcc.
//! - No load or store at an address that is no multiple of its size, in the functions of Rust's own library either: many
//!   operating systems set UNALIGN_TRP, with which such an access is a fault.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::flavour::Profile;
use crate::process;
use crate::targets;
use crate::toolchain::Toolchain;

/// The attribute of functions that asks for a frame pointer, as LLVM writes it.
const KEEPS_FRAME: &str = "\"frame-pointer\"=\"all\"";

/// What rustc asks of LLVM's last step, GNU's names of the memory functions, and aligned accesses only.
const ARGUMENTS: [&str; 6] =
    ["-O2", "-filetype=obj", "-function-sections", "-data-sections", "-meabi=gnu", "-mattr=+strict-align"];

/// Three of its steps are left out: two trade code for time within loops, and one makes functions of what code has in common,
/// whose calls take time and stack.
const FOR_SIZE: [&str; 3] = ["-disable-lsr", "-disable-machine-licm", "-enable-machine-outliner=never"];

/// The attribute of functions that spare code, and what stands for it but in the profile for speed. Half of what it saves comes from
/// registers that have short instructions, so the code takes less time, too.
const SPARES_CODE: [&str; 2] = [" optsize ", " minsize optsize "];

/// Whether objects for `target` are made here.
pub fn is_for(target: &str) -> bool {
    targets::is_arm(target) && targets::is_bare_metal(target)
}

/// Makes `object` of the module that rustc wrote to `module` (`--emit llvm-ir`).
pub fn compile(toolchain: &Toolchain, module: &Path, profile: Profile, object: &Path) -> Result<()> {
    let text = fs::read_to_string(module).with_context(|| format!("cannot read {}", module.display()))?;
    if !text.contains(KEEPS_FRAME) {
        bail!(
            "{}: expected functions with {KEEPS_FRAME}: rustc asks for frame pointers in another way",
            module.display()
        );
    }
    let mut text = text.replace(KEEPS_FRAME, "");
    if profile != Profile::Speed {
        let [spares, spares_all] = SPARES_CODE;
        text = text.replace(spares, spares_all);
    }
    let frameless = module.with_extension("frameless.ll");
    fs::write(&frameless, text).with_context(|| format!("cannot write {}", frameless.display()))?;
    let mut llc = Command::new(toolchain.llvm_tool("llc"));
    llc.args(ARGUMENTS);
    if profile != Profile::Speed {
        llc.args(FOR_SIZE);
    }
    process::checked(llc.arg(&frameless).arg("-o").arg(object))?;
    Ok(())
}
