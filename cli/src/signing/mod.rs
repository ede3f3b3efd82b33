//! `atome keygen`, `atome sign` and `atome verify`: Ed25519 (RFC 8032) over containers and other files.

mod args;
mod check;
mod key_text;
mod keys;

use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::container::{put_signature, Container, KEY_ID_LEN};
use atome_train::bounded::{self, Limit};
use atome_train::hex::hex;
use ed25519_compact::{KeyPair, PublicKey, Seed};

pub use args::{KeygenArgs, SignArgs, TrustArgs, VerifyArgs, WantedArgs};
pub use check::{detached_signer, read_all};

use crate::container::read;
use crate::files::{report, write_all, Output};
use crate::label::open;
use crate::numbers::grouped;
use crate::output::print;
use crate::usage_error::UsageError;

pub fn keygen(args: &KeygenArgs) -> Result<()> {
    if args.name.file_name().is_none() {
        bail!(UsageError(format!("{}: expected a name for the two files", args.name.display())));
    }
    let pair = KeyPair::from_seed(Seed::generate());
    keys::write_pair(&args.name, &pair)?;
    print(&format!(
        "wrote {} (keep it to yourself) and {}\n\n{}",
        keys::secret_path(&args.name).display(),
        keys::public_path(&args.name).display(),
        c_array(&*pair.pk)
    ))
}

/// The public key for firmware.
fn c_array(key: &[u8]) -> String {
    let rows: Vec<String> = key
        .chunks(8)
        .map(|row| row.iter().map(|byte| format!("0x{byte:02x}")).collect::<Vec<_>>().join(", "))
        .collect();
    format!("static const uint8_t public_key[32] = {{\n    {}\n}};\n", rows.join(",\n    "))
}

pub fn sign(args: &SignArgs) -> Result<()> {
    if args.detached {
        return sign_beside(args);
    }
    let mut bytes = read(&args.container)?;
    let pair = keys::read_secret(&args.key)?;
    // What lies behind the container is no part of it, and must not be lost where it lies.
    let container = Container::open_whole(&bytes).with_context(|| args.container.display().to_string())?;
    let (len, key_id) = (container.len(), key_id(&container, &pair.pk));
    if args.out.is_none() && bytes.len() > len {
        bail!(
            "{}: goes on behind the container's end at offset {}, expected nothing there; \
             --out writes the signed container alone to another file",
            args.container.display(),
            grouped(len as u64)
        );
    }
    bytes.truncate(len);
    put_signature(&mut bytes, key_id, |message| *pair.sk.sign(message, None))
        .with_context(|| format!("{}: has no room for a signature", args.container.display()))?;
    let out = args.out.as_ref().unwrap_or(&args.container);
    let inputs: &[&std::path::Path] = if args.out.is_some() { &[&args.container, &args.key] } else { &[&args.key] };
    let outputs = [Output::new(out, bytes).of("--out")];
    write_all(&outputs, inputs, args.force || args.out.is_none())?;
    report(&outputs, &format!("wrote {}, signed by {}\n", outputs[0].shown(), hex(&*pair.pk)))
}

/// What a container says of the key that signs it: nothing where it names neither product nor version, so that engines which
/// know none of the three still take it.
fn key_id(container: &Container, key: &PublicKey) -> [u8; KEY_ID_LEN] {
    let about = container.about();
    match (about.product, about.model_version) {
        (0, 0) => [0; KEY_ID_LEN],
        _ => key.first_chunk().copied().unwrap_or_default(),
    }
}

/// `atome sign --detached`.
fn sign_beside(args: &SignArgs) -> Result<()> {
    let bytes = read_any(&args.container)?;
    let pair = keys::read_secret(&args.key)?;
    let signature = pair.sk.sign(check::detached_message(&bytes), None);
    let beside: PathBuf = check::signature_path(&args.container);
    let out = args.out.as_ref().unwrap_or(&beside);
    let outputs = [Output::new(out, keys::signature_text(&signature)).of("--out")];
    write_all(&outputs, &[&args.container, &args.key], args.force)?;
    report(&outputs, &format!("wrote {}, signed by {}\n", outputs[0].shown(), hex(&*pair.pk)))
}

/// The bytes of whatever is signed with --detached.
fn read_any(path: &Path) -> Result<Vec<u8>> {
    bounded::read(path, Limit::CHECKPOINT).with_context(|| path.display().to_string())
}

pub fn verify(args: &VerifyArgs) -> Result<()> {
    let named = args.container.display();
    if args.detached {
        let (bytes, keys) = (read_any(&args.container)?, read_all(&args.key)?);
        let key = detached_signer(&args.container, &bytes, &keys)?;
        return print(&format!("{named}: signed by {}\n", hex(&**key)));
    }
    let bytes = read(&args.container)?;
    let keys = read_all(&args.key)?;
    let (label, _) = open(&bytes).with_context(|| named.to_string())?;
    let container = Container::open_whole(&bytes)?;
    let key = check::signer(&container, &keys).with_context(|| named.to_string())?;
    args.wanted.check(&container).with_context(|| named.to_string())?;
    let identity = label.identity().map(|identity| format!(", {identity}")).unwrap_or_default();
    print(&format!("{named}: signed by {}{identity}\n", hex(&**key)))
}
