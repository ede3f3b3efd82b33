//! Trying the mutants of one file: cargo-mutants compiles each and runs the engine's tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::mutant::Mutant;
use super::tree::Tree;
use xtask::setup::Missing;
use xtask::toolchain::Toolchain;
use xtask::{process, workspace};

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A test failed.
    Caught,
    /// A test did not end, or the compiler evaluating it.
    Timeout,
    /// The compiler refused it.
    Unviable,
    /// All tests passed.
    Missed,
    /// No variant compiles this code.
    Elsewhere,
}

/// One way of compiling the engine.
struct Variant {
    /// The files that hold something for it alone, by the start of their paths.
    files: &'static [&'static str],
    /// cargo's arguments for it.
    arguments: &'static [&'static str],
    /// Whether its programs run on an emulated 64-bit ARM processor.
    is_emulated: bool,
}

/// What survives in one of these is tried in the next that may compile it.
const VARIANTS: [Variant; 3] = [
    Variant { files: &[""], arguments: &[], is_emulated: false },
    Variant { files: &["engine/src/math/"], arguments: &["--features=system-libm"], is_emulated: false },
    Variant {
        files: &["engine/src/kernel/aarch64/", "engine/src/kernel/vector/", "engine/src/tiled.rs"],
        arguments: &[],
        is_emulated: true,
    },
];

const EMULATED: [(&str, &str); 3] = [
    ("CARGO_BUILD_TARGET", "aarch64-unknown-linux-gnu"),
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc"),
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu"),
];

/// The compiler evaluates some mutants without end.
const BUILD_SECONDS: &str = "240";

/// What a test program may take of memory, in KiB: some mutants allocate without end.
const MEMORY: &str = "8000000";

/// Tries mutants of one file; what became of each is in their order.
///
/// # Errors
/// cargo-mutants did not try them all: a test fails without any mutant, for example.
pub fn outcomes(tree: &Tree, mutants: &[&Mutant]) -> Result<Vec<Outcome>> {
    let Some(file) = mutants.first().map(|mutant| mutant.file.as_str()) else { return Ok(Vec::new()) };
    let mut outcomes = vec![Outcome::Missed; mutants.len()];
    for variant in VARIANTS.iter().filter(|variant| variant.files.iter().any(|start| file.starts_with(start))) {
        let survivors = (0..mutants.len()).filter(|&index| outcomes[index] == Outcome::Missed);
        let survivors: Vec<_> = survivors.map(|index| (index, mutants[index])).collect();
        if survivors.is_empty() {
            break;
        }
        let of_variant = variant.run(tree, file, &survivors)?;
        for (index, mutant) in survivors {
            outcomes[index] = *of_variant.get(&mutant.title).with_context(|| format!("not tried: {}", mutant.title))?;
        }
    }
    for (outcome, mutant) in outcomes.iter_mut().zip(mutants) {
        if *outcome == Outcome::Missed && !is_compiled(tree, mutant)? {
            *outcome = Outcome::Elsewhere;
        }
    }
    Ok(outcomes)
}

/// Whether some variant compiles the function of a mutant: one that does refuses an attribute that there is not.
fn is_compiled(tree: &Tree, mutant: &Mutant) -> Result<bool> {
    let Some((line, column)) = mutant.function else { return Ok(true) };
    let text = tree.read(&mutant.file)?;
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let (before, after) = text.split_at(start + column - 1);
    tree.write(&mutant.file, &format!("{before}#[is_compiled_here] {after}"))?;
    let variants = VARIANTS.iter().filter(|variant| variant.files.iter().any(|start| mutant.file.starts_with(start)));
    let refused = variants.map(|variant| variant.refuses(tree)).collect::<Result<Vec<_>>>();
    tree.write(&mutant.file, &text)?;
    Ok(refused?.contains(&true))
}

impl Variant {
    /// Runs cargo-mutants in the copy; what became of the mutants of these titles.
    fn run(&self, tree: &Tree, file: &str, mutants: &[(usize, &Mutant)]) -> Result<BTreeMap<String, Outcome>> {
        if self.is_emulated {
            Missing::for_aarch64(&Toolchain::find()?).install()?;
        }
        let output = workspace::scratch().join("mutants");
        let results = output.join("mutants.out/outcomes.json");
        let _ = fs::remove_file(&results);
        let titles: Vec<_> = mutants.iter().map(|(_, mutant)| escaped(&mutant.title)).collect();
        let mut cargo = self.cargo(tree);
        cargo.args([
            "mutants",
            "--in-place",
            "--no-config",
            "--no-shuffle",
            "--package",
            "atome-engine",
            "--file",
            file,
        ]);
        cargo.args(["--caught", "--unviable", "--build-timeout", BUILD_SECONDS, "--minimum-test-timeout", "20"]);
        cargo.args(["--re", &format!("^({})$", titles.join("|")), "--output"]).arg(&output).args(self.arguments);
        // The exit status says, too, whether some were missed.
        let ran = process::relayed(&mut cargo);
        match parsed(&results) {
            Ok(outcomes) if !outcomes.is_empty() => Ok(outcomes),
            outcomes => ran.and(outcomes),
        }
    }

    fn refuses(&self, tree: &Tree) -> Result<bool> {
        let mut cargo = self.cargo(tree);
        cargo.args(["check", "--quiet", "--profile", "test", "--package", "atome-engine"]).args(self.arguments);
        Ok(!process::capture(&mut cargo)?.status.success())
    }

    fn cargo(&self, tree: &Tree) -> std::process::Command {
        let mut cargo = process::in_root("sh");
        cargo.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")]).arg(process::cargo().get_program());
        cargo.current_dir(tree.root()).env("CARGO_TARGET_DIR", workspace::scratch().join("mutants/build"));
        if self.is_emulated {
            cargo.envs(EMULATED);
        }
        // Incremental compilation at this optimisation level has left symbols out.
        cargo.env("CARGO_INCREMENTAL", "0");
        cargo
    }
}

/// cargo-mutants' own record of a run.
fn parsed(path: &PathBuf) -> Result<BTreeMap<String, Outcome>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let outcomes = value["outcomes"].as_array().context("expected `outcomes`")?;
    Ok(outcomes.iter().filter_map(outcome).collect())
}

fn outcome(value: &Value) -> Option<(String, Outcome)> {
    let title = value["scenario"]["Mutant"]["name"].as_str()?;
    let outcome = match value["summary"].as_str()? {
        "CaughtMutant" => Outcome::Caught,
        "Timeout" => Outcome::Timeout,
        "Unviable" => Outcome::Unviable,
        "MissedMutant" => Outcome::Missed,
        _ => return None,
    };
    Some((title.to_string(), outcome))
}

/// For a regular expression that means just this text.
fn escaped(text: &str) -> String {
    let is_special = |c: char| r"\.+*?()|[]{}^$#&-~".contains(c);
    text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outcomes_are_those_of_mutants() {
        let mutant = |summary: &str| json!({"scenario": {"Mutant": {"name": "a.rs:1:2: x"}}, "summary": summary});
        assert_eq!(outcome(&mutant("CaughtMutant")), Some(("a.rs:1:2: x".to_string(), Outcome::Caught)));
        assert_eq!(outcome(&mutant("MissedMutant")).map(|(_, outcome)| outcome), Some(Outcome::Missed));
        assert_eq!(outcome(&mutant("Failure")), None);
        assert_eq!(outcome(&json!({"scenario": "Baseline", "summary": "Success"})), None);
    }

    #[test]
    fn a_title_is_no_pattern() {
        assert_eq!(escaped("a.rs:1: replace < with | in f<'_>"), r"a\.rs:1: replace < with \| in f<'_>");
    }
}
