//! `atome corpus`.

mod args;
mod report;

use std::path::Path;

use anyhow::{bail, Result};
use atome_train::gather::{build, default_cache, FetchOptions, Fetcher, Source};

pub use args::CorpusArgs;

use crate::files::{write_all, Output};
use crate::output::{note, print, print_json};

pub fn corpus(args: &CorpusArgs) -> Result<()> {
    let sources: Vec<Source> = args.sources.iter().map(|text| source(text)).collect();
    let cache = args.cache.clone().unwrap_or_else(default_cache);
    let fetcher = Fetcher::new(cache, FetchOptions::default(), args.refresh);
    let gathered = build(&sources, &fetcher, args.max_bytes.unwrap_or(usize::MAX));
    for failure in &gathered.failures {
        note(&format!("skipped: {}", failure.reason));
    }
    if gathered.text.is_empty() {
        bail!("{}: not written: the sources have no text", args.out.display());
    }
    let files: Vec<&Path> = sources.iter().filter_map(file).collect();
    write_all(&[Output::new(&args.out, gathered.text.as_str())], &files, args.force)?;
    if args.json {
        print_json(&report::json(&gathered, &args.out))
    } else {
        print(&report::text(&gathered, &args.out))
    }
}

/// Names that are no UTF-8 can only be files.
fn source(text: &std::ffi::OsStr) -> Source {
    text.to_str().map_or_else(|| Source::File(text.into()), Source::parse)
}

fn file(source: &Source) -> Option<&Path> {
    match source {
        Source::File(path) => Some(path),
        Source::Url(_) | Source::Named(_) => None,
    }
}
