//! Compiling the copy's tests, and what the compiler says of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, Context, Result};
use serde_json::Value;

use super::source::MARK;
use super::tree::Tree;
use crate::setup::Missing;
use crate::toolchain::Toolchain;
use crate::{process, workspace};

/// One way of compiling the engine. What none compiles can be tried by none.
#[derive(Debug)]
pub struct Variant {
    /// The files that hold something for it alone, by the start of their paths.
    files: &'static [&'static str],
    /// cargo's arguments for it.
    arguments: &'static [&'static str],
    /// For another processor: the linker, and what runs its programs.
    emulated: Option<Emulated>,
}

#[derive(Debug)]
struct Emulated {
    linker: (&'static str, &'static str),
    runner: &'static [&'static str],
}

/// A mutant is tried in the first of these that compiles it.
pub const VARIANTS: [Variant; 3] = [
    Variant { files: &[""], arguments: &[], emulated: None },
    Variant { files: &["engine/src/math/"], arguments: &["--features", "system-libm"], emulated: None },
    Variant {
        files: &["engine/src/kernel/aarch64/", "engine/src/kernel/vector/", "engine/src/tiled.rs"],
        arguments: &["--target", "aarch64-unknown-linux-gnu"],
        emulated: Some(Emulated {
            linker: ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc"),
            runner: &["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
        }),
    },
];

/// Which tests to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The engine's own: quick to compile, and most mutants go no further.
    Own,
    /// Those in `engine/tests` too.
    All,
}

/// How much processor time the compiler has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// As much as it takes.
    None,
    /// Forty seconds, three times what one mutant takes: some are loops without end that the compiler evaluates.
    Short,
}

/// What came of it.
#[derive(Default)]
pub struct Built {
    /// The test programs.
    pub programs: Vec<PathBuf>,
    /// Files and lines in which the compiler found errors.
    pub errors: Vec<Error>,
    /// The functions with a switch that were compiled, by the first number of the switch.
    pub compiled: BTreeSet<usize>,
    /// The compiler came to its limit of processor time.
    pub is_endless: bool,
}

/// An error of the compiler.
#[derive(Debug)]
pub struct Error {
    /// File and line of all places it is about.
    pub places: Vec<(String, usize)>,
    pub text: String,
}

impl Variant {
    /// Whether this variant could compile what others did not.
    pub fn may_compile(&self, file: &str) -> bool {
        self.files.iter().any(|start| file.starts_with(start))
    }

    /// What it needs that is not there.
    pub fn missing(&self, toolchain: &Toolchain) -> Missing {
        if self.emulated.is_some() {
            Missing::for_aarch64(toolchain)
        } else {
            Missing::default()
        }
    }

    /// Compiles the tests.
    ///
    /// # Errors
    /// The compiler did not run. That it found errors is no error here.
    pub fn build(&self, tree: &Tree, which: Which, limit: Limit) -> Result<Built> {
        let mut cargo = self.cargo(tree, limit);
        cargo.args(["test", "--no-run", "--lib"]).args((which == Which::All).then_some("--tests"));
        built(cargo.args(self.arguments))
    }

    /// Looks for errors only.
    pub fn check(&self, tree: &Tree) -> Result<Built> {
        let mut cargo = self.cargo(tree, Limit::None);
        cargo.args(["check", "--profile", "test", "--lib"]);
        built(cargo.args(self.arguments))
    }

    /// A test program, ready to be given arguments, with limits on its processor time in seconds and on its memory. An
    /// endless loop ends by that.
    pub fn limited(&self, program: &Path, seconds: u64) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -t {seconds}; ulimit -v 8000000; exec \"$0\" \"$@\"")]);
        shell.args(self.emulated.iter().flat_map(|emulated| emulated.runner)).arg(program);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell
    }

    fn cargo(&self, tree: &Tree, limit: Limit) -> Command {
        let mut cargo = process::in_root("sh");
        let limit = if limit == Limit::Short { "ulimit -t 40; " } else { "" };
        cargo.args(["-c", &format!("{limit}exec \"$0\" \"$@\"")]).arg(process::cargo().get_program());
        cargo.current_dir(tree.root());
        // The switch needs a function of the compiler that is not stable. Constants nobody uses mark what was compiled.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "--cap-lints=allow --force-warn=dead_code");
        cargo.env("CARGO_TARGET_DIR", workspace::scratch().join("mutants/build"));
        if let Some(Emulated { linker: (variable, linker), .. }) = self.emulated {
            cargo.env(variable, linker);
        }
        // Incremental compilation at this optimisation level has left symbols out.
        cargo.arg("--quiet").env("CARGO_INCREMENTAL", "0");
        cargo
    }
}

fn built(cargo: &mut Command) -> Result<Built> {
    cargo.args(["--message-format", "json"]);
    let shown = process::line(cargo);
    let output = process::output(cargo.stdin(Stdio::null()))?;
    let mut built =
        Built { is_endless: output.status.code() == Some(101) && says_killed(&output.stderr), ..Built::default() };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).with_context(|| format!("`{shown}` said {line}"))?;
        built.take(&message);
    }
    let has_place = built.errors.iter().any(|error| !error.places.is_empty());
    if !output.status.success() && !has_place && !built.is_endless {
        let errors: Vec<_> = built.errors.iter().map(|error| error.text.as_str()).collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed ({})\n{}\n{stderr}", output.status, errors.join("\n"));
    }
    Ok(built)
}

/// Whether cargo says that the compiler came to its limit.
fn says_killed(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    ["SIGKILL", "SIGXCPU"].iter().any(|signal| text.contains(signal))
}

impl Built {
    fn take(&mut self, message: &Value) {
        if let Some(program) = message["executable"].as_str() {
            self.programs.push(program.into());
        }
        let (said, text) = (&message["message"], message["message"]["message"].as_str().unwrap_or_default());
        if let Some(first) = text.split('`').find_map(|word| word.strip_prefix(MARK)?.parse().ok()) {
            self.compiled.insert(first);
        } else if said["level"].as_str().is_some_and(|level| level.starts_with("error")) {
            let rendered = said["rendered"].as_str().unwrap_or(text).to_string();
            let places = said["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true);
            let places = places.filter_map(place).collect();
            self.errors.push(Error { places, text: rendered });
        }
    }
}

/// Where an error is; in what called the macro if it is in a macro.
fn place(span: &Value) -> Option<(String, usize)> {
    let mut span = span;
    while span["expansion"]["span"].is_object() {
        span = &span["expansion"]["span"];
    }
    Some((span["file_name"].as_str()?.to_string(), usize::try_from(span["line_start"].as_u64()?).ok()?))
}
