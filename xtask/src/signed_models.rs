//! What firmware for signed models has in flash: public keys, and containers that were signed with their secret keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use ed25519_compact::{KeyPair, Seed};
use flate2::Crc;

use crate::shapes::{Shape, TINY};
use crate::{host_program, process};

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// With the firmware's own keys.
    Ours,
    /// With keys that the firmware does not have.
    Theirs,
}

impl Signer {
    const ALL: [Signer; 2] = [Signer::Ours, Signer::Theirs];

    /// From a fixed seed: the same image every time.
    fn keys(self) -> KeyPair {
        KeyPair::from_seed(Seed::new([self as u8 + 1; Seed::BYTES]))
    }
}

/// A container.
#[derive(Debug, Clone, Copy)]
pub struct Signed {
    /// Of the random model.
    pub seed: u32,
    /// 0: no classifier.
    pub classes: u32,
    /// With whose keys.
    pub signer: Signer,
    /// Product and version; 0 for those of containers that name none, and then the container does not name its key either.
    pub identity: [u32; 2],
}

/// Where product, version and key id lie in the header (docs/container.md).
const IDENTITY: usize = 52;
/// Signature and checksum at a container's end.
const SIGNATURE: usize = 64;
const CHECKSUM: usize = 4;

/// What `qemu/firmware/signed.c` is compiled for.
pub const CHECK_SHAPE: Shape = TINY;

/// Product and version of its last containers.
const CHECK_IDENTITY: [u32; 2] = [0x8000_0007, 300];

/// Writes the containers of `qemu/firmware/signed.c`, in its order.
///
/// # Errors
/// Those of [`write`].
pub fn write_check(folder: &Path) -> Result<PathBuf> {
    let container = |seed, classes, signer| Signed { seed, classes, signer, identity: [0, 0] };
    let containers = [
        container(1, 0, Signer::Ours),
        container(2, 0, Signer::Ours),
        container(1, 0, Signer::Theirs),
        container(3, 3, Signer::Ours),
        Signed { identity: CHECK_IDENTITY, ..container(1, 0, Signer::Ours) },
        Signed { identity: CHECK_IDENTITY, ..container(3, 3, Signer::Theirs) },
    ];
    write(folder, "signed", &CHECK_SHAPE, &containers)
}

/// Writes both public keys and the containers into one file, as `qemu/firmware/signed_models.h` reads them.
///
/// # Errors
/// What cannot be compiled, run or written.
pub fn write(folder: &Path, name: &str, shape: &Shape, containers: &[Signed]) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let program = folder.join(format!("write_{name}_container"));
    host_program::build("write_container.c", shape, &program)?;

    let mut bytes: Vec<u8> = Signer::ALL.iter().flat_map(|signer| *signer.keys().pk).collect();
    for Signed { seed, classes, signer, identity } in containers {
        let file = folder.join(format!("{name}-{seed}-{classes}.box"));
        process::checked(Command::new(&program).arg(&file).args([seed.to_string(), classes.to_string()]))?;
        let container = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let signed = named(container, *identity, &signer.keys()).and_then(|named| sign(named, &signer.keys()));
        bytes.extend(signed.with_context(|| format!("{}: no container", file.display()))?);
    }
    let path = folder.join(format!("{name}.bin"));
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Puts in product, version and the first bytes of the public key.
fn named(mut container: Vec<u8>, identity: [u32; 2], keys: &KeyPair) -> Option<Vec<u8>> {
    if identity != [0, 0] {
        let key_id = u32::from_le_bytes(*keys.pk.first_chunk()?);
        let numbers = [identity[0], identity[1], key_id].map(u32::to_le_bytes);
        container.get_mut(IDENTITY..IDENTITY + 12)?.copy_from_slice(numbers.as_flattened());
    }
    Some(container)
}

/// Puts in signature and checksum; what they are over says already that it is signed.
fn sign(mut container: Vec<u8>, keys: &KeyPair) -> Option<Vec<u8>> {
    let (message, _) = container.split_at_checked(container.len().checked_sub(SIGNATURE + CHECKSUM)?)?;
    let signature = keys.sk.sign(message, None);
    container.truncate(message.len());
    container.extend_from_slice(&*signature);
    let mut crc = Crc::new();
    crc.update(&container);
    container.extend_from_slice(&crc.sum().to_le_bytes());
    Some(container)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_ends_with_signature_and_checksum() {
        let keys = Signer::Ours.keys();
        let signed = sign(vec![7; 100], &keys).unwrap();
        assert_eq!((signed.len(), &signed[..32]), (100, &[7; 32][..]));
        let signature = ed25519_compact::Signature::from_slice(&signed[32..96]).unwrap();
        assert!(keys.pk.verify([7; 32], &signature).is_ok());
        assert!(Signer::Theirs.keys().pk.verify([7; 32], &signature).is_err());
        assert!(sign(vec![7; 67], &keys).is_none());
    }

    #[test]
    fn the_checksum_is_that_of_the_container() {
        // docs/container.md.
        let mut crc = Crc::new();
        crc.update(b"123456789");
        assert_eq!(crc.sum(), 0xcbf4_3926);
    }
}
