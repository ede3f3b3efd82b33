//! `cargo xtask demo`: from nothing to a C program that runs on `libatome.a`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::archive::{self, Archive, Mode, Request};
use crate::setup::Missing;
use crate::toolchain::Toolchain;
use crate::{header, process, workspace};

const HELP: &str = "\
Build the archive and the header, compile a small C program against them (xtask/demo/demo.c) and run it.

Usage: cargo xtask demo

The program makes a model with random weights in memory, so its text is noise. Where ../shared/data/atome_944k.bin
exists, it is built for that model's shape too and continues \"Once upon a time\".

Example:
  cargo xtask demo
";

const SHAPE_944K: [&str; 4] = ["-DATOME_D_MODEL=256", "-DATOME_N_LAYERS=8", "-DATOME_D_HEAD=64", "-DATOME_MAX_SEQ=128"];

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    if let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            other => bail!("{} (cargo xtask demo --help)", other.unexpected()),
        }
    }
    let toolchain = Toolchain::find()?;
    Missing::for_demo(&toolchain).install()?;
    println!("{}", header::write()?);
    let archive = archive::build(&toolchain, &Request::new(None, Mode::Portable))?;
    println!("{archive}");

    println!("\nA model with random weights, made in memory:");
    build_and_run(&archive, "demo", &[], &[])?;
    match workspace::real_model() {
        Some(model) => {
            println!("\nThe 944K model:");
            build_and_run(&archive, "demo-944k", &SHAPE_944K, &[model, "Once upon a time", "40"])
        }
        None => {
            println!("\nSKIPPED: the 944K model: there is no ../shared/data/atome_944k.bin here");
            Ok(())
        }
    }
}

fn build_and_run(archive: &Archive, name: &str, shape: &[&str], arguments: &[&str]) -> Result<()> {
    let folder = workspace::scratch().join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let executable = folder.join(name);
    let include = archive.path.parent().unwrap_or(Path::new("."));
    let relative = |path: &Path| workspace::shown(path);

    let mut cc: Command = process::in_root(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-std=c99", "-O2"]).args(shape).args(["-I", &relative(include)]);
    cc.args(["xtask/demo/demo.c", &relative(&archive.path), "-o"]).arg(relative(&executable));
    println!("$ {}", process::line(&cc));
    process::checked(&mut cc)?;

    let mut program = process::in_root(&executable);
    program.args(arguments);
    println!("$ {}", process::line(&program).replace(&executable.display().to_string(), &relative(&executable)));
    process::visible(&mut program)
}
