//! The last step of an archive: one object, in which nothing is visible but the interface.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::targets::{self, is_bare_metal, Format};
use crate::toolchain::Toolchain;

/// Hides all but the interface and packs the object; the same object always gives the same bytes.
pub fn pack(toolchain: &Toolchain, target: &str, object: &Path, archive: &Path) -> Result<()> {
    // In objects for Windows, fat LTO leaves nothing else visible but constants that all objects share, and llvm-objcopy cannot
    // hide symbols there. The check of the symbols holds both.
    if Format::of(target) != Format::Coff {
        hide(toolchain, target, object)?;
    }
    // llvm-ar adds to an archive that exists.
    if archive.exists() {
        fs::remove_file(archive).with_context(|| format!("cannot replace {}", archive.display()))?;
    }
    let mut ar = Command::new(toolchain.llvm_tool("llvm-ar"));
    ar.arg(format!("--format={}", Format::of_archives(target)));
    process::checked(ar.arg("rcsD").arg(archive).arg(object))?;
    Ok(())
}

fn hide(toolchain: &Toolchain, target: &str, object: &Path) -> Result<()> {
    let mut objcopy = Command::new(toolchain.llvm_tool("llvm-objcopy"));
    objcopy.arg("--wildcard").arg(format!("--keep-global-symbol={}atome_*", targets::before_names(target)));
    if is_bare_metal(target) {
        // Says that the stack need not be executable. On bare metal nobody asks, and GNU ld warns of every object that
        // does not say so, too.
        objcopy.arg("--remove-section=.note.GNU-stack");
    }
    process::checked(objcopy.arg(object))?;
    Ok(())
}
