//! The signature of the checksums, by a key of `atome keygen`.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::pack::SUMS;
use crate::{process, workspace};

/// Signs the checksums in `out` with the secret key in the file `key`. Returns the name of the signature's file.
///
/// # Errors
/// What `atome sign` says.
pub fn sign(mut atome: Command, out: &Path, key: &Path) -> Result<String> {
    atome.arg("sign").arg(out.join(SUMS)).args(["--detached", "--force", "--key"]).arg(key);
    process::checked(&mut atome).with_context(|| format!("{SUMS} is not signed"))?;
    Ok(format!("{SUMS}.sig"))
}

/// Whether the checksums in `out` are what the owner of the public key has signed.
///
/// # Errors
/// They are not.
pub fn verify(mut atome: Command, out: &Path, key: &Path) -> Result<()> {
    process::checked(atome.arg("verify").arg(out.join(SUMS)).args(["--detached", "--key"]).arg(key)).map(drop)
}

/// Makes a pair of keys `name` in the folder; returns the ways to the secret and the public one.
///
/// # Errors
/// What `atome keygen` says.
pub fn keys(mut atome: Command, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
    process::checked(atome.current_dir(folder).args(["keygen", name]))?;
    Ok((folder.join(format!("{name}.secret")), folder.join(format!("{name}.pub"))))
}

/// The command line, compiled for this alone.
///
/// # Errors
/// It cannot be compiled.
pub fn command_line() -> Result<Command> {
    process::checked(process::cargo().args(["build", "--quiet", "--locked", "--package", "atome-cli"]))?;
    Ok(process::in_root(workspace::target().join("debug").join(format!("atome{EXE_SUFFIX}"))))
}
