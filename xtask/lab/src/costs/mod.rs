//! `cargo xtask costs`: what the archive costs on the emulated cores, in bytes and in instructions, beside the C reference.

mod chips;
mod clock;
mod code;
mod conditions;
pub mod dense;
mod engine;
mod extent;
mod formats;
mod goals;
mod jobs;
mod limits;
mod map;

mod names;
mod running;
mod shapes;
mod signed;
mod table;
mod uses;

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::qemu::cores::{Core, CORES};
use crate::qemu::needs;
use crate::qemu::workbench::Workbench;
use crate::qemu::Settings;
use crate::record::{
    growth::{self, LIMIT},
    Figures, Record, COSTS,
};
use extent::Extent;
use xtask::toolchain::Toolchain;
use xtask::{options, workspace};

pub const HELP: &str = "\
Measure code, memory, stack and instructions of the archive and of the C reference on the emulated cores.

Usage: cargo xtask costs [--check]

Options:
  --check   measure a part of it, and fail where code, memory, stack or instructions of the archive grew by more than
            3 % over qemu/costs.json; nothing is written
  -h, --help
            print this

Without --check the table is printed and written to qemu/COSTS.md, and the figures to qemu/costs.json: that is also how
a change of them is accepted. It takes five minutes or so on two cores.

What is missing on the machine is installed first (apt packages and rustup targets), or named where that is not possible.

Examples:
  cargo xtask costs
  cargo xtask costs --check
";

/// The command.
pub fn run(parser: lexopt::Parser) -> Result<()> {
    let only_check = options::one_flag(parser, "costs", &[("--check", ())])?.is_some();
    say!("{}", if only_check { check()? } else { record()? });
    Ok(())
}

/// Measures a part of the figures and compares them with the recorded ones. Returns the verdict in a line.
///
/// # Errors
/// The figures that grew, and how to accept that.
fn check() -> Result<String> {
    let start = Instant::now();
    let recorded = COSTS.read()?;
    let (_, figures) = measure(Extent::Check)?;
    let limited = limits::limited(figures);
    limits::check(&limited, &recorded)?;
    let seconds = start.elapsed().as_secs_f64();
    let cores = CORES.len();
    Ok(format!(
        "{} figures of {cores} cores at most {LIMIT} % above {}, {} of them unchanged, in {seconds:.0} s",
        limited.len(),
        COSTS.path,
        growth::unchanged(&limited, &recorded)
    ))
}

/// Measures everything, prints the table and writes both files.
fn record() -> Result<String> {
    let start = Instant::now();
    let (workbench, figures) = measure(Extent::All)?;
    if workbench.real_model.is_none() {
        say!("SKIPPED: the 944K shape: there is no ../shared/data/atome_944k.bin here; its figures are left out\n");
    }
    let record = Record { conditions: conditions::all()?, figures };
    let table = table::document(&record)?;
    say!("{table}");
    COSTS.write(&record)?;
    let path = workspace::root().join("qemu/COSTS.md");
    fs::write(&path, table).with_context(|| format!("cannot write {}", path.display()))?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(format!("{} figures written to qemu/costs.json and qemu/COSTS.md in {seconds:.0} s", record.figures.len()))
}

fn measure(extent: Extent) -> Result<(Workbench, Figures)> {
    let toolchain = Toolchain::find()?;
    let cores: Vec<&'static Core> = CORES.iter().collect();
    needs::missing(&toolchain, &cores).install()?;
    let workbench = Workbench::new(&toolchain, Settings::default(), &cores)?;
    let figures = jobs::run_all(&extent.jobs(&workbench)?, &workbench)?;
    Ok((workbench, figures))
}
