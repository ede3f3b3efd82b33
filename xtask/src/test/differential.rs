//! The differential run: random models, tokens and sequences of calls, compared with the C reference bit by bit.

use std::process::Command;

use anyhow::{ensure, Context as _, Result};

use super::context::Context;
use super::report::Outcome;
use super::rust;
use crate::archive::Mode;
use crate::process::Finished;
use crate::{process, workspace};

/// Runs the harness against the engine and the archive of this mode.
pub fn run(context: &Context, mode: Mode) -> Result<Outcome> {
    let archive = context.archive(None, mode)?;
    let mut harness = harness(mode)?;
    harness.args(["--cases", &context.cases.to_string(), "--archive"]).arg(&archive.path);
    summary(harness)
}

/// Runs the harness with each kernel of this processor in turn.
pub fn each_kernel(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let mut harness = harness(Mode::Portable)?;
    let cases = (context.cases / 4).max(1).to_string();
    harness.args(["--kernel", "all", "--cases", &cases, "--archive"]).arg(&archive.path);
    let output = process::capture_stdout(&mut harness)?.successful(&harness)?;
    Ok(Outcome::Passed(output.trim().to_string()))
}

/// Runs the harness against the archive in the integer arithmetic, beside the naive reference of it.
pub fn integers(context: &Context) -> Result<Outcome> {
    let archive = context.archive(None, Mode::Portable)?;
    let mut harness = harness(Mode::Portable)?;
    let cases = (context.cases / 2).max(1).to_string();
    harness.args(["--integer", "--cases", &cases, "--archive"]).arg(&archive.path);
    summary(harness)
}

/// The 944K model, portable: every logit of every step of its 112 tokens, in all plans.
pub fn real_model(context: &Context) -> Result<Outcome> {
    let Some(model) = workspace::real_model() else {
        return Ok(Outcome::Skipped("THERE IS NO ../shared/data/atome_944k.bin HERE".to_string()));
    };
    let archive = context.archive(None, Mode::Portable)?;
    let mut harness = harness(Mode::Portable)?;
    harness.args(["--real", model, "--archive"]).arg(&archive.path);
    summary(harness)
}

/// Classes of calls that lead the published C99 engine out of its arrays, crash it, or are of formats that it does not
/// know; and what becomes of a stand-in that is asked for them. One that leaves its arrays stops.
const WILD: [(&str, &str); 5] = [
    ("null", "a fatal signal in this case"),
    ("formats", "return code[0]: expected -1, found 0"),
    ("unembed", "a fatal signal in this case"),
    ("empty-slot", "a fatal signal in this case"),
    ("top-k", "a fatal signal in this case"),
];

/// Runs the harness with an engine in the reference's place that has the published C99 engine's documented manners, as
/// ATOME_REFERENCE gives it to everybody: to the end, and with `--wild` into each class of calls that it keeps away from.
pub fn stand_in(context: &Context) -> Result<Outcome> {
    const CASES: &str = "2000";
    const SEED: [&str; 2] = ["--seed", "1"];
    let archive = context.archive(None, Mode::System)?;
    let mut harness = rust::harness_with_stand_in(Mode::System)?;
    harness.args(SEED).args(["--cases", CASES, "--archive"]).arg(&archive.path);
    let output = process::capture_stdout(&mut harness)?.successful(&harness)?;
    let program = harness.get_program().to_os_string();
    for (class, end) in WILD {
        let row = output.lines().find_map(|line| line.trim().strip_prefix(class));
        let count = row.and_then(|row| row.split_whitespace().next()?.parse::<u64>().ok());
        ensure!(count.is_some_and(|count| count > 0), "no calls of the class `{class}` in the closing table\n{output}");
        let mut wild = process::in_root(&program);
        wild.args(SEED).args(["--cases", CASES, &format!("--wild={class}")]);
        let Finished { status, text } = process::capture(&mut wild)?;
        ensure!(!status.success() && text.contains(end), "--wild={class}: expected `{end}`, found {status}\n{text}");
    }
    Ok(Outcome::Passed(summarised(&output)?))
}

/// Ready for its arguments.
fn harness(mode: Mode) -> Result<Command> {
    rust::program("atome-c-tests", mode)
}

fn summary(mut harness: Command) -> Result<Outcome> {
    let output = process::capture_stdout(&mut harness)?.successful(&harness)?;
    Ok(Outcome::Passed(summarised(&output)?))
}

/// From the line that counts the values on: a table follows it where the reference is the user's.
fn summarised(output: &str) -> Result<String> {
    let from = output.lines().position(|line| line.contains(" values compared "));
    let lines = output.lines().skip(from.context("the harness printed no summary")?);
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stays_with_the_summary() {
        let table = "9 cases, 3 values compared (0 NaN)\nNot asked of your reference:\n  null  3\n";
        assert_eq!(summarised(&format!("a text\n{table}")).unwrap(), table.trim_end());
        assert!(summarised("nothing\n").is_err());
    }
}
