//! The Rust toolchain that builds us, and the LLVM tools that come with it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// An installed Rust toolchain.
pub struct Toolchain {
    sysroot: PathBuf,
    host: String,
}

impl Toolchain {
    /// Asks `rustc`.
    pub fn find() -> Result<Toolchain> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = process::checked(Command::new(&rustc).args(["--print", "sysroot"]))?;
        let version = process::checked(Command::new(&rustc).arg("-vV"))?;
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .context("`rustc -vV` names no host")?
            .to_string();
        Ok(Toolchain { sysroot: PathBuf::from(sysroot.trim()), host })
    }

    /// The triple of this machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where an LLVM tool of the component llvm-tools is, or would be.
    pub fn llvm_tool(&self, name: &str) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(&self.host).join("bin").join(name)
    }

    /// Where a program of the toolchain (`rustfmt`, `cargo-clippy`) is, or would be.
    pub fn program(&self, name: &str) -> PathBuf {
        self.sysroot.join("bin").join(name)
    }

    /// Where the standard library for `target`, and what comes with it, lies, or would lie.
    pub fn target_libraries(&self, target: &str) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(target).join("lib")
    }

    /// Whether the standard library for `target` is installed.
    pub fn has_target(&self, target: &str) -> bool {
        self.target_libraries(target).is_dir()
    }
}
