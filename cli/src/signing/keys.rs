//! Files of keys and of detached signatures.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, Context, Result};
use atome_train::bounded::{self, Limit};
use atome_train::checkpoint::atomic::Pending;
use atome_train::hex::hex;
use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};

use super::key_text::{self, PUBLIC, SECRET, SIGNATURE};
use crate::files::{check_folder, Place};
use crate::output::note;

/// NAME.secret.
pub fn secret_path(name: &Path) -> PathBuf {
    with_ending(name, ".secret")
}

/// NAME.pub.
pub fn public_path(name: &Path) -> PathBuf {
    with_ending(name, ".pub")
}

fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(ending);
    path.into()
}

/// Writes both files, or none where one of them is there.
pub fn write_pair(name: &Path, pair: &KeyPair) -> Result<()> {
    let (secret, public) = (secret_path(name), public_path(name));
    check_folder(Place { flag: None, path: &public })?;
    let secret_text = format!(
        "# A secret key for Atome models (Ed25519). Who has it can sign in your name.\n{SECRET} {}\n",
        hex(&*pair.sk.seed())
    );
    let public_text = format!("# A public key for Atome models (Ed25519).\n{PUBLIC} {}\n", hex(&*pair.pk));
    let files = (create(&secret, 0o600, &secret_text)?, create(&public, 0o644, &public_text)?);
    // The secret first: whenever this is broken off, no public key is there that nobody can sign for.
    files.0.commit().map_err(|error| not_written(&secret, error))?;
    files.1.commit().map_err(|error| {
        let _ = fs::remove_file(&secret);
        not_written(&public, error)
    })
}

/// A new file with these access rights, which has no name yet.
fn create(path: &Path, mode: u32, text: &str) -> Result<Pending> {
    #[cfg(unix)]
    let rights = Some(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode));
    #[cfg(not(unix))]
    let rights = (|_| None)(mode);
    Pending::create(path, text.as_bytes(), rights.as_ref()).map_err(|error| not_written(path, error))
}

fn not_written(path: &Path, error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AlreadyExists => anyhow!("{}: is there already; keys are never replaced", path.display()),
        _ => anyhow!(error).context(format!("{}: write", path.display())),
    }
}

/// Both keys, from the secret one.
pub fn read_secret(path: &Path) -> Result<KeyPair> {
    let named = || path.display().to_string();
    let seed = read(path, SECRET, (PUBLIC, "a public key; signing takes the secret one")).with_context(named)?;
    warn_of_readers(path);
    Ok(KeyPair::from_seed(Seed::new(seed)))
}

/// A secret that others can read is none.
fn warn_of_readers(path: &Path) {
    #[cfg(unix)]
    if let Ok(found) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
        if found.is_file() && mode & 0o077 != 0 {
            let name = path.display();
            note(&format!("warning: {name}: others can read it (mode {mode:04o}), expected 0600: chmod 600 {name}"));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The public key.
pub fn read_public(path: &Path) -> Result<PublicKey> {
    let named = || path.display().to_string();
    let other = (SECRET, "a secret key; verifying takes the public one");
    Ok(PublicKey::new(read(path, PUBLIC, other).with_context(named)?))
}

/// The text of a file with a signature.
pub fn signature_text(signature: &Signature) -> String {
    format!(
        "# A signature of an Atome file (Ed25519): the file beside it, without .sig.\n{SIGNATURE} {}\n",
        hex(&**signature)
    )
}

/// The signature in a file of its own.
pub fn read_signature(path: &Path) -> Result<Signature> {
    let named = || path.display().to_string();
    let other = (PUBLIC, "a public key, which belongs to --key");
    Ok(Signature::new(read(path, SIGNATURE, other).with_context(named)?))
}

fn read<const N: usize>(path: &Path, wanted: &str, other: (&str, &str)) -> Result<[u8; N]> {
    key_text::bytes(&bounded::read(path, Limit::LINES)?, wanted, other)
}
