//! The crates as a program outside this workspace meets them: from packages, with cargo's own profiles. This workspace
//! optimises its dependencies even for tests, and so hides what a plain debug build would show.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use crate::{process, workspace};

/// What others can depend on, each after what it needs itself.
const CRATES: [&str; 3] = ["atome-engine", "atome-recover", "atome-capi"];

/// Levels of optimisation: a debug build's, that of small programs, and a release build's.
const OPT_LEVELS: [&str; 3] = ["0", "s", "3"];

/// Loads a model of zeroes, predicts in all plans, and compares all kernels with the definition.
const PROGRAM: &str = include_str!("../../checks/outside.rs");

/// Packages the crates, builds each from its package alone, and runs a program that depends on the engine's.
pub fn run(_: &Context) -> Result<Outcome> {
    let packages = package()?;
    let engine = packages.join(unpacked_name("atome-engine")?);
    let folder = workspace::scratch().join("outside");
    write_program(&folder, &engine)?;
    for level in OPT_LEVELS {
        let mut cargo = process::cargo();
        cargo.args(["run", "--quiet"]).current_dir(&folder);
        cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", level).env("CARGO_TARGET_DIR", folder.join("target"));
        let output = process::checked(&mut cargo).with_context(|| format!("opt-level {level}"))?;
        ensure!(output.trim() == "exact", "opt-level {level}: the program said {output}");
    }
    let (crates, levels) = (CRATES.len(), OPT_LEVELS.len());
    Ok(Outcome::Passed(format!(
        "{crates} packages built alone; a program of the engine at {levels} levels of optimisation"
    )))
}

/// The folder with the packages, unpacked and each built alone.
///
/// Not by cargo: what it has once unpacked of a version to build the next package with, it takes again, whatever has changed.
fn package() -> Result<PathBuf> {
    let target = workspace::scratch().join("packages");
    let mut cargo = process::cargo();
    // Uncommitted work is packaged, too: this is a test, and nothing is published.
    cargo.args(["package", "--allow-dirty", "--no-verify", "--target-dir"]).arg(&target);
    process::checked(cargo.args(CRATES.iter().flat_map(|name| ["--package", name])))?;
    let unpacked = target.join("unpacked");
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked)?;
    }
    fs::create_dir_all(&unpacked)?;
    let mut patches = String::from("[workspace]\nresolver = \"2\"\nmembers = [\"atome-*\"]\n\n[patch.crates-io]\n");
    for name in CRATES {
        let archive = target.join("package").join(unpacked_name(name)? + ".crate");
        process::checked(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&unpacked))?;
        patches += &format!("{name} = {{ path = {:?} }}\n", unpacked_name(name)?);
    }
    fs::write(unpacked.join("Cargo.toml"), patches)?;
    for name in CRATES {
        let mut cargo = process::cargo();
        cargo.args(["build", "--quiet", "--package", name]).current_dir(&unpacked);
        process::checked(cargo.env("CARGO_TARGET_DIR", target.join("built")))?;
    }
    Ok(unpacked)
}

/// "atome-engine-0.1.0": all crates have the workspace's version, which is this one's.
fn unpacked_name(name: &str) -> Result<String> {
    ensure!(CRATES.contains(&name), "{name} is not packaged");
    Ok(format!("{name}-{}", env!("CARGO_PKG_VERSION")))
}

fn write_program(folder: &Path, engine: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
         [dependencies]\natome-engine = {{ path = {:?} }}\n\n\
         # No member of the workspace around it.\n[workspace]\n",
        engine.display().to_string()
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), PROGRAM)?;
    Ok(())
}
