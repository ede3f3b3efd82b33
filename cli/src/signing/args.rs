//! The command lines of `atome keygen`, `atome sign` and `atome verify`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  atome keygen maker                             writes maker.secret and maker.pub
  atome sign model.box --key maker.secret
  atome verify model.box --key maker.pub";

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

/// Signs a container.
///
/// The signature (Ed25519) is over all of the container. A signature that is there already is replaced.
/// A file that goes on behind its container is signed with --out only, which leaves the rest out.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct SignArgs {
    /// Container
    pub container: PathBuf,

    /// Secret key, written by `atome keygen`; a warning tells where others can read it
    #[arg(short, long, value_name = "FILE")]
    pub key: PathBuf,

    /// Signed container to write; - is standard output [default: the container itself]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Checks the signature of a container; the exit code is 0 only where it is right.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Container
    pub container: PathBuf,

    /// Public key, written by `atome keygen`
    #[arg(short, long, value_name = "FILE")]
    pub key: PathBuf,
}
