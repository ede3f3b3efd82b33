//! Whether what was read is what the owner of a key has signed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::Container;
use atome_train::hex::hex;
use ed25519_compact::{PublicKey, Signature};
use sha2::{Digest, Sha512};

use super::args::{TrustArgs, WantedArgs};
use super::keys;
use crate::label::is_container;

impl TrustArgs {
    /// Whether anything is asked.
    pub fn is_asked(&self) -> bool {
        !self.key.is_empty()
    }

    /// Refuses bytes that were read from `path` and are not what is asked for. Their user must not read the file again:
    /// it may be another one by then.
    pub fn check(&self, wanted: WantedArgs, path: &Path, bytes: &[u8]) -> Result<()> {
        if !self.is_asked() {
            return Ok(());
        }
        let named = || path.display().to_string();
        if !is_container(bytes) {
            bail!(
                "{}: --key: expected a signed container (magic ATOMEBOX); `atome pack` and `atome sign` make one",
                named()
            );
        }
        let container = Container::open_whole(bytes).with_context(named)?;
        signer(&container, &read_all(&self.key)?).with_context(named)?;
        wanted.check(&container).with_context(named)
    }
}

impl WantedArgs {
    /// Refuses containers of another product and older ones.
    pub fn check(self, container: &Container) -> Result<()> {
        let product = self.product.unwrap_or(container.about().product);
        Ok(container.check_identity(product, self.min_version.unwrap_or(0))?)
    }
}

/// The public keys in these files.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<PublicKey>> {
    paths.iter().map(|path| keys::read_public(path)).collect()
}

/// Which of the keys has signed the container.
pub fn signer<'k>(container: &Container, keys: &'k [PublicKey]) -> Result<&'k PublicKey> {
    let Some(signature) = container.signature() else {
        bail!("is not signed, expected a signature by {}", listed(keys));
    };
    let signature = Signature::new(*signature);
    let has_signed =
        |key: &&PublicKey| container.may_be_signed_by(key) && key.verify(container.signed_part(), &signature).is_ok();
    let Some(key) = keys.iter().find(has_signed) else {
        let claimed = container.key_id().map(|id| format!(" (it names the key {}...)", hex(&id))).unwrap_or_default();
        bail!("its signature is not by {}, or the container was changed after signing{claimed}", listed(keys));
    };
    Ok(key)
}

/// Which of the keys has signed `bytes`, which were read from `path`, by the file beside it.
pub fn detached_signer<'k>(path: &Path, bytes: &[u8], keys: &'k [PublicKey]) -> Result<&'k PublicKey> {
    let beside = signature_path(path);
    let signature = keys::read_signature(&beside)?;
    let message = detached_message(bytes);
    let Some(key) = keys.iter().find(|key| key.verify(&message, &signature).is_ok()) else {
        bail!(
            "{}: its signature in {} is not by {}, or one of the files was changed after signing",
            path.display(),
            beside.display(),
            listed(keys)
        );
    };
    Ok(key)
}

/// What a detached signature is over: a word that no container begins with, so that neither kind of signature passes for the
/// other, and SHA-512 of the file.
pub fn detached_message(bytes: &[u8]) -> Vec<u8> {
    [b"ATOMEFILE".as_slice(), &Sha512::digest(bytes)].concat()
}

/// FILE.sig.
pub fn signature_path(path: &Path) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(".sig");
    beside.into()
}

fn listed(keys: &[PublicKey]) -> String {
    keys.iter().map(|key| hex(&**key)).collect::<Vec<_>>().join(" or ")
}
