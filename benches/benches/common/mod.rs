//! What both groups share.

// Each of them uses a part.
#![allow(dead_code)]

use std::env;
use std::path::PathBuf;

use atome_benches::interleave::Timing;
use criterion::Criterion;

/// Whether `cargo bench` runs us; `cargo test` only wants to see that every measurement works.
pub fn is_measuring() -> bool {
    env::args().any(|argument| argument == "--bench")
}

/// Criterion, as the command line says.
pub fn criterion() -> Criterion {
    Criterion::default().without_plots().configure_from_args()
}

/// The archive to measure; without one, that is said.
pub fn archive() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = env::var_os("ATOME_ARCHIVE").map_or_else(|| root.join("dist/host/libatome.a"), |path| root.join(path));
    let found = path.is_file().then_some(path);
    if found.is_none() {
        println!("SKIPPED: the archive: there is no dist/host/libatome.a (cargo xtask lib), nor an ATOME_ARCHIVE");
    }
    found
}

/// Whether to time the group's engines in turn: not where the command line begins with a word that is not in its name.
pub fn wants_ratios(group: &str) -> bool {
    let word = env::args().nth(1).filter(|word| !word.starts_with('-'));
    is_measuring() && word.is_none_or(|word| group.contains(&word))
}

/// One line for each, with the ratio to the first, which is C.
pub fn print_ratios(timings: &[Timing]) {
    let Some(c) = timings.first().map(Timing::median) else { return };
    for timing in timings {
        let (median, count) = (timing.median(), timing.samples.len());
        println!("  {:24} {:>14.0} ns  {:>8.1}x  ({count} samples)", timing.name.to_string(), median, c / median);
    }
}
