//! The command line of `atome corpus`.

use std::ffi::OsString;
use std::path::PathBuf;

use atome_train::encoding::{named, Encoding};
use atome_train::gather::NAMED;
use clap::Args;

use crate::values::{no_stream, whole};

const EXAMPLES: &str = "\
Examples:
  atome corpus notes.txt manual.html --out corpus.txt
  atome corpus tinystories --out stories.txt --max-bytes 500000
  atome corpus esp-idf mcu-wikipedia https://example.org/faq --out chips.txt
  atome corpus old-notes.txt --encoding windows-1251 --out corpus.txt
  atome corpus notes.txt --out corpus.txt --json | jq .digest";

/// Puts a text to train on together from files and the web, and cleans it.
///
/// Every text becomes UTF-8: by its byte-order mark, by what a server or the page itself says, else by
/// a guess where that is sure; where it is not, the source is skipped and --encoding decides.
///
/// HTML is stripped, control characters but tab and line feed are dropped, runs of blanks folded and
/// repeated paragraphs left out. A source that fails is named and skipped. What was loaded from the
/// web is kept and not loaded again; a download that broke off is continued. Pages are loaded by a
/// program that was built for it: cargo build --release -p atome-cli --features web. A page has 1 GiB
/// at most, comes within an hour at 1 KiB a second or more, and not compressed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES, after_long_help = long_help())]
pub struct CorpusArgs {
    /// Files, URLs and names of known collections
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<OsString>,

    /// Text file to write; - is standard output, where a terminal is shown no control or direction characters
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,

    /// Encoding of all sources, such as windows-1252 or utf-16le [default: what they say or what is clear]
    #[arg(long, value_name = "ENCODING", value_parser = encoding)]
    pub encoding: Option<&'static Encoding>,

    /// Cut the text off after this many bytes, between two characters
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=usize::MAX as u64))]
    pub max_bytes: Option<usize>,

    /// Folder for downloads [default: atome-corpus in the user's cache folder, which nobody else may write to]
    #[arg(long, value_name = "FOLDER", value_parser = no_stream())]
    pub cache: Option<PathBuf>,

    /// Load again what was loaded before
    #[arg(long)]
    pub refresh: bool,

    /// Follow redirects to other hosts; away from https they are never followed
    #[arg(long)]
    pub other_hosts: bool,

    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

fn long_help() -> String {
    let mut text = "Known collections:\n".to_owned();
    for named in NAMED {
        text.push_str(&format!("  {:<14} {}\n", named.name, named.about));
    }
    format!("{text}\n{EXAMPLES}")
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    named(name)
        .ok_or_else(|| "expected a name such as utf-8, utf-16le, windows-1252, latin1, koi8-r or shift_jis".to_owned())
}
