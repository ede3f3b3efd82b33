//! The command lines of `atome keygen`, `atome sign` and `atome verify`, and the flags of commands that verify what they read.

use std::path::PathBuf;

use clap::Args;

use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  atome keygen maker                             writes maker.secret and maker.pub
  atome sign model.box --key maker.secret
  atome verify model.box --key maker.pub
  atome verify model.box --key old.pub --key new.pub --product 7 --min-version 3
  atome sign checkpoint.safetensors --detached --key maker.secret
  atome verify checkpoint.safetensors --detached --key maker.pub";

/// Makes a pair of keys: NAME.secret signs, NAME.pub verifies.
///
/// The secret key is a file that nobody else may read (mode 0600). Files that are there are never
/// replaced: a lost secret key cannot be made again. The public key is also printed as a C array.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct KeygenArgs {
    /// Name of both files, without .secret and .pub
    pub name: PathBuf,
}

/// Signs a container, or any other file.
///
/// The signature (Ed25519) is over all of the container. A signature that is there already is replaced.
/// A file that goes on behind its container is signed with --out only, which leaves the rest out.
/// A container that names a product or a version names its key, too, by the first four bytes.
///
/// With --detached, any file is signed, such as a checkpoint, and the signature is a file beside it.
/// A container has 1 GiB at most, another file 4 GiB, a key's file 64 KiB.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct SignArgs {
    /// Container; with --detached any file
    pub container: PathBuf,

    /// Secret key, written by `atome keygen`; a warning tells where others can read it
    #[arg(short, long, value_name = "FILE")]
    pub key: PathBuf,

    /// Write the signature to a file of its own
    #[arg(long)]
    pub detached: bool,

    /// Signed container to write; - is standard output [default: the container itself, with --detached FILE.sig]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Checks the signature of a container; the exit code is 0 only where it is right.
///
/// With --detached, any file is checked, with the signature in the file beside it.
/// --product and --min-version ask what atome_load_signed_at_least asks.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Container; with --detached any file
    pub container: PathBuf,

    /// Public key, written by `atome keygen`; may be repeated: one of them has to have signed
    #[arg(short, long, value_name = "FILE", required = true)]
    pub key: Vec<PathBuf>,

    /// The signature is in FILE.sig
    #[arg(long, conflicts_with_all = ["product", "min_version"])]
    pub detached: bool,

    #[command(flatten)]
    pub wanted: WantedArgs,
}

/// What a container has to say of itself.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WantedArgs {
    /// Take containers of this product alone, of `atome pack --product`; 0: those that name none
    #[arg(long, value_name = "N", value_parser = number, requires = "key")]
    pub product: Option<u32>,

    /// Take models of this version or a later one alone, of `atome pack --model-version`
    #[arg(long, value_name = "N", value_parser = number, requires = "key")]
    pub min_version: Option<u32>,
}

/// For commands that use a model: whose signature it has to bear.
#[derive(Args, Clone, Debug, Default)]
pub struct TrustArgs {
    /// Use the model only if it is a container that this public key has signed, or one of several;
    /// a sidecar beside it, which nobody signs, is not looked at then
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub key: Vec<PathBuf>,
}
