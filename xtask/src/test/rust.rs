//! The steps that cargo does: formatting, lints, Rust tests.

use std::process::Command;

use anyhow::Result;

use super::report::Outcome;
use crate::archive::Mode;
use crate::reference::Reference;
use crate::{process, workspace};

/// rustfmt has nothing to change.
pub fn formatting() -> Result<Outcome> {
    process::checked(process::cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Outcome::Passed("cargo fmt --all --check".to_string()))
}

/// clippy has nothing to say: of all in portable mode, of what is compiled otherwise in system mode.
pub fn clippy(mode: Mode) -> Result<Outcome> {
    let (packages, what) = match mode {
        Mode::Portable => (vec!["--workspace"], "workspace"),
        Mode::System => {
            (vec!["-p", "atome-engine", "-p", "atome-capi", "-p", "atome-c-tests"], "engine, C API, harness")
        }
    };
    let mut cargo = process::cargo();
    cargo.arg("clippy").args(packages).arg("--all-targets").args(mode.cargo_arguments());
    process::checked(cargo.args(["--", "-D", "warnings"]))?;
    Ok(Outcome::Passed(format!("{what}, all targets, warnings denied")))
}

/// clippy has nothing to say about what is compiled for a core only.
pub fn clippy_on(target: &str) -> Result<Outcome> {
    let mut cargo = process::cargo();
    cargo.args(["clippy", "--package", "atome-engine", "--package", "atome-capi", "--target", target]);
    process::checked(cargo.args(["--", "-D", "warnings"]))?;
    // `cargo xtask prove` takes too long to be part of the gate: its proofs must compile at least.
    let mut proofs = process::cargo();
    proofs.args(["clippy", "--package", "atome-engine", "--target", target, "--", "--cfg", "atome_proofs"]);
    process::checked(proofs.args(["-D", "warnings"]))?;
    Ok(Outcome::Passed("engine, its proofs and C API, warnings denied".to_string()))
}

/// Every Rust test of the workspace but our own.
pub fn tests(mode: Mode) -> Result<Outcome> {
    let mut cargo = process::cargo();
    // A failure must not hide those behind it. With --show-output a passing test's own words can be read, among them that it
    // skipped something.
    cargo.arg("test").args(packages(mode)).args(["--no-fail-fast", "--", "--show-output"]);
    let output = process::checked(&mut cargo)?;
    for line in skips(&output) {
        say!("   note: {line}");
    }
    Ok(Outcome::Passed(counted(&output)?.to_string()))
}

/// A program of the workspace as it was compiled for the tests, optimised and with overflow checks. To compile it for
/// release would take longer than to run it.
pub fn program(name: &str, mode: Mode) -> Result<Command> {
    build(name, mode, &[], None)
}

/// The harness with the stand-in compiled in for a reference.
pub fn harness_with_stand_in(mode: Mode) -> Result<Command> {
    build("atome-c-tests", mode, &["--features", "atome-c-tests/stand-in"], Some(&Reference::stand_in()))
}

fn build(name: &str, mode: Mode, features: &[&str], reference: Option<&Reference>) -> Result<Command> {
    let mut cargo = process::cargo();
    cargo.envs(reference.map(|reference| ("ATOME_REFERENCE", &reference.folder)));
    // With the tests: without them the dependencies of tests are not asked what features of others they need, so that
    // others differ and are compiled anew.
    cargo.arg("build").args(packages(mode)).args(features).args(["--tests", "--bin", name]);
    process::checked(&mut cargo)?;
    Ok(process::in_root(workspace::target().join("debug").join(name)))
}

/// cargo's arguments for what has tests in this mode. The command line, training and measuring compute nothing that the
/// engine's and the C interface's tests have not compared in both. What is built of one such choice shares its
/// dependencies, of another it may not.
fn packages(mode: Mode) -> Vec<&'static str> {
    let mut arguments = match mode {
        Mode::Portable => vec!["--workspace", "--exclude", "xtask", "--exclude", "xtask-lab"],
        Mode::System => vec!["-p", "atome-engine", "-p", "atome-capi", "-p", "atome-c-tests"],
    };
    arguments.extend(mode.cargo_arguments());
    arguments
}

/// The tests of this tool, in the dev profile: to optimise its dependencies takes far longer than the tests.
pub fn own_tests() -> Result<Outcome> {
    let mut cargo = process::cargo();
    let output = process::checked(cargo.args(["test", "--profile", "dev", "-p", "xtask", "-p", "xtask-lab"]))?;
    Ok(Outcome::Passed(counted(&output)?.to_string()))
}

/// What cargo's test runners report in all.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    passed: u64,
    ignored: u64,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tests", self.passed)?;
        if self.ignored > 0 {
            write!(f, ", {} ignored", self.ignored)?;
        }
        Ok(())
    }
}

/// Adds up the lines `test result: ok. 12 passed; 0 failed; 1 ignored; ...`.
///
/// # Errors
/// No test passed: a run of nothing is no success.
pub fn counted(output: &str) -> Result<Counts> {
    let mut counts = Counts::default();
    for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ok. ")) {
        for part in line.split("; ") {
            match part.split_once(' ') {
                Some((number, "passed")) => counts.passed += number.parse::<u64>().unwrap_or(0),
                Some((number, "ignored")) => counts.ignored += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }
    anyhow::ensure!(counts.passed > 0, "no test ran\n{output}");
    Ok(counts)
}

/// Lines in which a passing test says that it skipped something.
fn skips(output: &str) -> impl Iterator<Item = &str> {
    output.lines().map(str::trim).filter(|line| line.to_lowercase().starts_with("skip"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 2 tests
test skip_ahead ... ok
---- real_model stdout ----
SKIPPED: no ../shared/data
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn tests_are_added_up_over_all_runners() {
        assert_eq!(counted(OUTPUT).unwrap(), Counts { passed: 42, ignored: 1 });
    }

    #[test]
    fn a_run_of_nothing_is_a_failure() {
        assert!(counted("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured").is_err());
    }

    #[test]
    fn a_test_that_skips_is_heard_and_a_test_of_that_name_is_not() {
        assert_eq!(skips(OUTPUT).collect::<Vec<_>>(), ["SKIPPED: no ../shared/data"]);
    }
}
