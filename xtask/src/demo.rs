//! `cargo xtask demo`: from nothing to a C program that runs on `libatome.a`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::archive::{self, Archive, Mode, Request};
use crate::setup::Missing;
use crate::toolchain::Toolchain;
use crate::{header, options, process, progress, workspace};

/// What `--help` prints.
pub const HELP: &str = "\
Build the archive and the header, compile a small C program against them and run it.

Usage: cargo xtask demo

Options:
  -h, --help   print this

The program (xtask/demo/demo.c) answers questions with the default model (models/default.bin), the help of a thermostat.
Where ../shared/data/atome_944k.bin exists, it is built for that model's shape too and continues \"Once upon a time\".

Examples:
  cargo xtask demo
";

const DEFAULT_MODEL: &str = "models/default.bin";

const QUESTIONS: [&str; 2] = ["how do i unlock the keys", "make it 21 degrees"];

const SHAPE_944K: [&str; 4] = ["-DATOME_D_MODEL=256", "-DATOME_N_LAYERS=8", "-DATOME_D_HEAD=64", "-DATOME_MAX_SEQ=128"];

/// The command.
pub fn run(parser: lexopt::Parser) -> Result<()> {
    options::one_flag::<()>(parser, "demo", &[])?;
    let toolchain = Toolchain::find()?;
    Missing::for_demo(&toolchain).install()?;
    say!("{}", header::write()?);
    let task = progress::task("demo, step 1 of 2: the library, optimised as a whole");
    let archive = archive::build(&toolchain, &Request::new(None, Mode::Portable))?;
    drop(task);
    say!("{archive}");
    let _task = progress::task("demo, step 2 of 2: C programs");

    say!("\nThe default model:");
    let shape = default_shape()?;
    let shape: Vec<&str> = shape.iter().map(String::as_str).collect();
    let executable = build(&archive, "demo", &shape)?;
    for question in QUESTIONS {
        run_program(&executable, &[DEFAULT_MODEL, &format!("Q: {question}\nA: "), "64", "line"])?;
    }
    match workspace::real_model() {
        Some(model) => {
            say!("\nThe 944K model:");
            let executable = build(&archive, "demo-944k", &SHAPE_944K)?;
            run_program(&executable, &[model, "Once upon a time", "40"])
        }
        None => {
            say!("\nSKIPPED: the 944K model: there is no ../shared/data/atome_944k.bin here");
            Ok(())
        }
    }
}

/// The shape of the default model as macros, from its sidecar.
fn default_shape() -> Result<Vec<String>> {
    const SIDECAR: &str = "models/default.json";
    let text = fs::read_to_string(workspace::root().join(SIDECAR)).context(SIDECAR)?;
    let sidecar: serde_json::Value = serde_json::from_str(&text).context(SIDECAR)?;
    let macros = [
        ("VOCAB_SIZE", "vocab_size"),
        ("D_MODEL", "d_model"),
        ("N_LAYERS", "n_layers"),
        ("D_HEAD", "d_head"),
        ("KERNEL_SIZE", "kernel_size"),
        ("TOP_K", "top_k"),
        ("MAX_SEQ", "max_seq"),
    ];
    let flag = |(name, key): (&str, &str)| {
        let size = sidecar.get(key).and_then(serde_json::Value::as_u64);
        let size = size.with_context(|| format!("{SIDECAR}: {key}: expected a whole number"))?;
        Ok(format!("-DATOME_{name}={size}"))
    };
    macros.into_iter().map(flag).collect()
}

/// Compiles the program for a shape.
fn build(archive: &Archive, name: &str, shape: &[&str]) -> Result<PathBuf> {
    let folder = workspace::scratch().join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let executable = folder.join(name);
    let include = archive.path.parent().unwrap_or(Path::new("."));
    let relative = |path: &Path| workspace::shown(path);

    let mut cc: Command = process::in_root(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-std=c99", "-O2"]).args(shape).args(["-I", &relative(include)]);
    cc.args(["xtask/demo/demo.c", &relative(&archive.path), "-o"]).arg(relative(&executable));
    say!("$ {}", process::line(&cc));
    process::checked(&mut cc)?;
    Ok(executable)
}

fn run_program(executable: &Path, arguments: &[&str]) -> Result<()> {
    let mut program = process::in_root(executable);
    program.args(arguments);
    let shown = process::line(&program).replace(&executable.display().to_string(), &workspace::shown(executable));
    say!("$ {}", shown.replace('\n', "\\n"));
    process::visible(&mut program)
}
