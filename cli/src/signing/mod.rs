//! `atome keygen`, `atome sign` and `atome verify`: Ed25519 (RFC 8032) over containers.

mod args;
mod keys;

use anyhow::{bail, Context, Result};
use atome_engine::container::{put_signature, Container};
use atome_train::hex::hex;
use ed25519_compact::{KeyPair, Seed, Signature};

pub use args::{KeygenArgs, SignArgs, VerifyArgs};

use crate::container::read;
use crate::files::{report, write_all, Output};
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
    let mut bytes = read(&args.container)?;
    let pair = keys::read_secret(&args.key)?;
    // What lies behind the container is no part of it, and must not be lost where it lies.
    let len = Container::open(&bytes).with_context(|| args.container.display().to_string())?.len();
    if args.out.is_none() && bytes.len() > len {
        bail!(
            "{}: goes on behind the container's end at offset {}, expected nothing there; \
             --out writes the signed container alone to another file",
            args.container.display(),
            grouped(len as u64)
        );
    }
    bytes.truncate(len);
    put_signature(&mut bytes, |message| *pair.sk.sign(message, None))
        .with_context(|| format!("{}: has no room for a signature", args.container.display()))?;
    let out = args.out.as_ref().unwrap_or(&args.container);
    let inputs: &[&std::path::Path] = if args.out.is_some() { &[&args.container, &args.key] } else { &[&args.key] };
    let outputs = [Output::new(out, bytes).of("--out")];
    write_all(&outputs, inputs, args.force || args.out.is_none())?;
    report(&outputs, &format!("wrote {}, signed by {}\n", outputs[0].shown(), hex(&*pair.pk)))
}

pub fn verify(args: &VerifyArgs) -> Result<()> {
    let bytes = read(&args.container)?;
    let key = keys::read_public(&args.key)?;
    let named = args.container.display();
    let container = Container::open(&bytes)?;
    let Some(signature) = container.signature() else {
        bail!("{named}: is not signed, expected a signature by {}", hex(&*key));
    };
    if key.verify(container.signed_part(), &Signature::new(*signature)).is_err() {
        bail!("{named}: its signature is not by {}, or the container was changed after signing", hex(&*key));
    }
    print(&format!("{named}: signed by {}\n", hex(&*key)))
}
