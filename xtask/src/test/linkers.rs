//! The linkers of this machine.

use std::path::PathBuf;

use crate::process;
use crate::toolchain::Toolchain;

/// One of them.
#[derive(Debug, Clone)]
pub struct Linker {
    /// As in `-fuse-ld=`.
    pub name: &'static str,
    flags: Vec<String>,
}

impl Linker {
    /// What makes gcc or clang use it.
    pub fn flags(&self) -> &[String] {
        &self.flags
    }
}

/// GNU ld, gold where it is installed, and the lld that comes with Rust.
pub fn all(toolchain: &Toolchain) -> Vec<Linker> {
    let gnu = ["bfd", "gold"].into_iter().filter(|name| process::find(&format!("ld.{name}")).is_some());
    let mut linkers: Vec<_> = gnu.map(|name| Linker { name, flags: vec![format!("-fuse-ld={name}")] }).collect();
    let folder: PathBuf = toolchain.llvm_tool("gcc-ld");
    if folder.join("ld.lld").is_file() {
        let flags = vec![format!("-B{}", folder.display()), "-fuse-ld=lld".to_string()];
        linkers.push(Linker { name: "lld", flags });
    }
    linkers
}

/// Their names, and that of one that is missing.
pub fn names(linkers: &[Linker]) -> String {
    let mut names: Vec<_> = linkers.iter().map(|linker| linker.name.to_string()).collect();
    if !linkers.iter().any(|linker| linker.name == "gold") {
        names.push("no gold here".to_string());
    }
    names.join(", ")
}
