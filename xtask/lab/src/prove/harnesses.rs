//! The engine with its proofs, compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use object::{Object, ObjectSymbol};

use xtask::toolchain::Toolchain;
use xtask::{process, workspace};

/// The core whose code is looked at: 32 bits, and what kernels add for cores without an FPU.
pub const CORE: &str = "thumbv7m-none-eabi";

/// What is compiled.
pub struct Build<'a> {
    /// For the table.
    pub name: &'static str,
    target: &'a str,
    features: &'static [&'static str],
}

impl<'a> Build<'a> {
    /// A 64-bit host, and a core.
    pub fn all(toolchain: &'a Toolchain) -> [Self; 2] {
        let host = if toolchain.host().starts_with("x86_64") { toolchain.host() } else { "x86_64-unknown-linux-gnu" };
        [
            Build { name: "x86-64", target: host, features: &[] },
            Build { name: "Cortex-M3", target: CORE, features: &["--features", "kernels"] },
        ]
    }

    /// The object file, with overflow checks and debug assertions.
    pub fn compile(&self) -> Result<PathBuf> {
        let folder = workspace::scratch().join("prove");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let object = folder.join(format!("{}.o", self.target));
        let mut cargo = process::cargo();
        cargo.args(["rustc", "--package", "atome-engine", "--lib", "--release", "--target", self.target]);
        cargo.arg("--target-dir").arg(folder.join("build")).args(self.features);
        for setting in ["overflow-checks=true", "debug-assertions=true", "opt-level=2"] {
            cargo.args(["--config", &format!("profile.release.{setting}")]);
        }
        // Loops over vectors would be several times the instructions.
        cargo.args(["--", "--cfg", "atome_proofs", "-C", "no-vectorize-loops", "-C", "no-vectorize-slp"]);
        cargo.args(["-C", "relocation-model=static"]).arg(format!("--emit=obj={}", object.display()));
        process::checked(&mut cargo)?;
        Ok(object)
    }
}

/// The proofs of an object file, and the wrong claims, whose names contain one of `wanted`. Wrong claims are always wanted.
pub fn names(file: &Path, wanted: &[String]) -> Result<Vec<String>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let object = object::File::parse(&*bytes).with_context(|| format!("cannot parse {}", file.display()))?;
    let mut names: Vec<_> = object.symbols().filter_map(|symbol| symbol.name().ok().map(String::from)).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    names.retain(|name| name.starts_with("canary_") || name.starts_with("prove_") && is_wanted(name));
    names.sort_unstable();
    if !names.iter().any(|name| name.starts_with("prove_")) || !names.iter().any(|name| name.starts_with("canary_")) {
        bail!("no proof is called so, or the wrong claims are missing: {}", wanted.join(" "));
    }
    Ok(names)
}
