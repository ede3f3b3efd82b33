//! `atome corpus`.

mod args;
mod report;

use std::path::Path;

use anyhow::{bail, Result};
use atome_train::gather::{build, web, Source};

pub use args::CorpusArgs;

use crate::files::{self, check_places, write_all, Output, Place};
use crate::output::{json_line, note};

pub fn corpus(args: &CorpusArgs) -> Result<()> {
    let sources: Vec<Source> = args.sources.iter().map(|text| source(text)).collect();
    let inputs: Vec<&Path> = sources.iter().filter_map(file).collect();
    check_places(&[Place::of("--out", &args.out)], &inputs, args.force)?;
    let pages = web(args.cache.clone(), args.refresh, args.other_hosts, note);
    let gathered = build(&sources, pages.as_ref(), args.encoding, args.max_bytes.unwrap_or(usize::MAX));
    for failure in &gathered.failures {
        note(&format!("skipped: {}", failure.reason));
    }
    if gathered.text.is_empty() {
        bail!("{}: not written: the sources have no text", args.out.display());
    }
    let outputs = [Output::new(&args.out, gathered.text.as_str()).of("--out")];
    write_all(&outputs, &inputs, args.force)?;
    let told = match args.json {
        true => json_line(&report::json(&gathered, &args.out)),
        false => report::text(&gathered, &args.out),
    };
    files::report(&outputs, &told)
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
