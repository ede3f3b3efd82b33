//! `cargo xtask bench`: how fast the engine is on this machine, beside the C reference.

mod arithmetics;
mod conditions;
mod cores;
mod counts;
mod goals;
mod plot;
mod quality;
mod readme;
mod results;
mod summary;
mod timings;
mod unasked;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::record::INSTRUCTIONS;
use conditions::Conditions;
use counts::Verdict;
use timings::Timings;
use xtask::archive::{self, Mode, Request};
use xtask::setup::Missing;
use xtask::toolchain::Toolchain;
use xtask::{options, process, workspace};

pub const HELP: &str = "\
Measure how fast the engine and the archive are on this machine, beside the C reference.

The reference is compiled by gcc -O2, by gcc -O3 -march=native, and by gcc -O2 with a product that looks weights up in a
table (benches/c/table.c).

Usage: cargo xtask bench [--quick | --counts | --check | --quality | --documents]

Options:
  --quick    few samples, in about two minutes; written to target/xtask/bench only
  --counts   count instructions only, and record them in benches/instructions.json
  --check    count the instructions of a few fixed jobs, and fail where one grew by more than 3 % over
             benches/instructions.json; nothing is written
  --quality  judge the 944K model in both arithmetics, in a minute, and record that in benches/quality.json
  --documents
             measure nothing: write RESULTS.md, README.md and docs/speed.md anew from the files of earlier runs
  -h, --help
             print this

Without an option everything is measured, which takes some 15 minutes on a machine that does nothing else, and written to
benches/RESULTS.md, results.json, results.svg, instructions.json, quality.json and to the
sections of README.md (\"How fast\") and docs/speed.md.

All engines are timed in turn, so that a busy machine slows all of them down alike; times are medians, long ones of
processor time. Time is never a reason to fail, instruction counts are: they are counted by valgrind (callgrind), which
knows no AVX-512.

Examples:
  cargo xtask bench --quick
  cargo xtask bench
  cargo xtask bench --check
  cargo xtask bench --counts                          # accepts changed counts
  cargo bench -p atome-benches --bench calls prefill  # one group with criterion
  cargo bench -p atome-benches --bench kernels
";

#[derive(Clone, Copy)]
enum Extent {
    Full,
    Quick,
    Counts,
    Check,
    Quality,
    Documents,
}

const FLAGS: [(&str, Extent); 5] = [
    ("--quick", Extent::Quick),
    ("--counts", Extent::Counts),
    ("--check", Extent::Check),
    ("--quality", Extent::Quality),
    ("--documents", Extent::Documents),
];

/// The command.
pub fn run(parser: lexopt::Parser) -> Result<()> {
    let extent = options::one_flag(parser, "bench", &FLAGS)?.unwrap_or(Extent::Full);
    if matches!(extent, Extent::Documents) {
        return write_documents();
    }
    let toolchain = Toolchain::find()?;
    Missing::for_bench(&toolchain).install()?;
    match extent {
        Extent::Full => measure(&toolchain, false)?,
        Extent::Quick => measure(&toolchain, true)?,
        Extent::Counts => {
            let record = counts::record(&toolchain)?;
            say!("{}{} counts written to benches/instructions.json", results::growth(&record), record.figures.len());
        }
        Extent::Check => match counts::check(&toolchain)? {
            Verdict::Passed(what) => say!("{what}"),
            Verdict::Skipped(why) => say!("SKIPPED: {why}"),
        },
        Extent::Quality => say!("{}", quality::record()?),
        Extent::Documents => {}
    }
    Ok(())
}

/// Where the files of a full run, which are committed, or of a quick one go.
fn folder(is_quick: bool) -> PathBuf {
    if is_quick {
        workspace::scratch().join("bench")
    } else {
        workspace::root().join("benches")
    }
}

fn measure(toolchain: &Toolchain, is_quick: bool) -> Result<()> {
    let start = Instant::now();
    let out = workspace::scratch().join("bench/archive");
    let archive = archive::build(toolchain, &Request { out, ..Request::new(None, Mode::Portable) })?;
    let timings = Timings::measure(&archive.path, is_quick)?;
    // Counting leaves the processor's caches cold and its clock as it likes: after everything that is timed.
    let counts = if is_quick { None } else { Some(counts::record(toolchain)?) };
    let conditions = Conditions::find(&timings, is_quick)?;
    let document = results::document(&timings, &conditions, counts.as_ref())?;
    say!("{document}");
    let folder = folder(is_quick);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write(&folder.join("RESULTS.md"), &document)?;
    write(&folder.join("results.json"), &timings.text(&conditions.to_record())?)?;
    write(&folder.join("results.svg"), &plot::svg(&timings, &conditions)?)?;
    if !is_quick {
        say!("{}", quality::record()?);
        readme::update(&timings, &conditions)?;
    }
    say!("written to {} in {:.0} s", workspace::shown(&folder), start.elapsed().as_secs_f64());
    Ok(())
}

/// What a full run writes for people, from what it has written for programs.
fn write_documents() -> Result<()> {
    let folder = folder(false);
    let path = folder.join("results.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let timings = Timings::parse(&text)?;
    let conditions = Conditions::recorded(&timings)?;
    let document = results::document(&timings, &conditions, Some(&INSTRUCTIONS.read()?))?;
    write(&folder.join("RESULTS.md"), &document)?;
    readme::update(&timings, &conditions)?;
    say!("written: benches/RESULTS.md, README.md and docs/speed.md, from {}", workspace::shown(&path));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A release build of one program of the benches.
fn program(name: &str) -> Result<PathBuf> {
    process::checked(process::cargo().args(["build", "--release", "--package", "atome-benches", "--bin", name]))?;
    Ok(workspace::target().join("release").join(name))
}
