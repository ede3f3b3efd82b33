//! `cargo xtask test`: the whole gate, as a list of named steps. Every step runs, whatever became of the ones before.

mod aarch64;
mod agreement;
mod bits_32;
mod computers;
mod context;
mod dependencies;
mod differential;
mod directives;
mod guard_pages;
mod header;
mod header_warnings;
mod linkers;
mod miri;
mod new_inputs;
mod outside;
mod programs;
#[cfg(test)]
mod promises;
mod report;
mod rust;
mod rust_firmware;
mod several_shapes;
mod small_stack;

use std::process::Command;
use std::thread::JoinHandle;

use anyhow::{anyhow, Result};
use lexopt::prelude::*;

use crate::archive::Mode;
use crate::setup::Missing;
use crate::{laboratory, options};
use context::Context;
use report::{Outcome, Report};

/// What `--help` prints.
pub const HELP: &str = "\
Run everything that guards this project: the one command before a change goes in.

Usage: cargo xtask test [OPTIONS] [NAME...]

Arguments:
  NAME        run only the steps whose name contains one of these words (--list shows the names)

Options:
  --cases N   cases of the differential run in each mode (default 20000; a million takes some ten minutes); the random
              calls with guard pages take one sequence for 1000 cases, of each of their shapes
  --all       with the steps that a change seldom needs: archives for every other computer, related cores
  --list      print the names of the steps
  -h, --help  print this

What is missing on the machine is installed first (apt packages and rustup components), or named where that is not
possible. A failing step shows its whole output. The last line is `N passed, N failed, N skipped`.

ATOME_REFERENCE=<folder with atome.c and atome.h> puts another C99 engine in the place of our reference.

Examples:
  cargo xtask test
  cargo xtask test header programs
  cargo xtask test --all
  cargo xtask test differential --cases 1000000
";

/// The embedded target that every change is built for.
const EMBEDDED: &str = "thumbv7m-none-eabi";

const DEFAULT_CASES: u64 = 20_000;

struct Step {
    name: String,
    /// Whether it runs only where it is asked for, by its name or by `--all`.
    is_seldom: bool,
    action: Action,
}

impl Step {
    fn is_called(&self, word: &str) -> bool {
        self.name.contains(word)
    }
}

type Work = dyn Fn(&Context) -> Result<Outcome>;

enum Action {
    /// In its turn.
    InTurn(Box<Work>),
    /// Begun in its turn and waited for at the end: for long work on one processor, while others leave one idle.
    Aside(fn() -> JoinHandle<Result<Outcome>>),
}

fn step(name: impl Into<String>, run: impl Fn(&Context) -> Result<Outcome> + 'static) -> Step {
    Step { name: name.into(), is_seldom: false, action: Action::InTurn(Box::new(run)) }
}

fn seldom(name: impl Into<String>, run: impl Fn(&Context) -> Result<Outcome> + 'static) -> Step {
    Step { is_seldom: true, ..step(name, run) }
}

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut cases, mut list, mut all, mut wanted) = (DEFAULT_CASES, false, false, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("cases") => cases = options::whole(&mut parser, "--cases", 1..=1_000_000_000)?,
            Long("list") => list = true,
            Long("all") => all = true,
            Value(word) => wanted.push(word.string()?),
            other => return Err(options::unexpected(other, "test")),
        }
    }
    let mut steps = steps();
    if list {
        steps.iter().for_each(|step| say!("{}{}", step.name, if step.is_seldom { " (--all)" } else { "" }));
        return Ok(());
    }
    if let Some(word) = wanted.iter().find(|word| !steps.iter().any(|step| step.is_called(word))) {
        return Err(options::mistake(format!("no step has `{word}` in its name (cargo xtask test --list)")));
    }
    choose(&mut steps, all, &wanted);

    run_all(steps, &Context::new(cases)?).finish()
}

/// Keeps the steps of these names, or all. One that a change seldom needs is kept with `--all`, or for a name that no other has.
fn choose(steps: &mut Vec<Step>, all: bool, wanted: &[String]) {
    let of_usual = |word: &&String| steps.iter().any(|step| !step.is_seldom && step.is_called(word));
    let usual: Vec<String> = wanted.iter().filter(of_usual).cloned().collect();
    steps.retain(|step| {
        let of_step = |word: &String| step.is_called(word) && (all || !step.is_seldom || !usual.contains(word));
        wanted.iter().any(of_step) || (wanted.is_empty() && (all || !step.is_seldom))
    });
}

fn run_all(steps: Vec<Step>, context: &Context) -> Report {
    let mut report = Report::new(steps.len());
    let mut begun = Vec::new();
    for (number, Step { name, action, .. }) in (1..).zip(steps) {
        match action {
            Action::InTurn(work) => report.run(number, &name, || work(context)),
            Action::Aside(start) => {
                say!("== {}: begun, beside the others", report.heading(number, &name));
                begun.push((number, name, start()));
            }
        }
    }
    for (number, name, work) in begun {
        report.run(number, &name, || work.join().unwrap_or_else(|_| Err(anyhow!("the step panicked"))));
    }
    report
}

fn steps() -> Vec<Step> {
    [of_the_code(), of_archives_and_header(), of_programs(), of_products()].into_iter().flatten().collect()
}

/// Formatting, lints and Rust's tests.
fn of_the_code() -> Vec<Step> {
    let mut steps = vec![
        step("set-up", |context| {
            let missing = Missing::for_tests(&context.toolchain, &[EMBEDDED]);
            Ok(Outcome::Passed(missing.install()?))
        }),
        step("formatting", |_| rust::formatting()),
        step("dependencies", |_| dependencies::allowed()),
        step("xtask's own tests", |_| rust::own_tests()),
    ];
    for mode in Mode::ALL {
        steps.push(step(format!("clippy, {mode}"), move |_| rust::clippy(mode)));
    }
    steps.push(step(format!("clippy, {EMBEDDED}"), |_| rust::clippy_on(EMBEDDED)));
    for mode in Mode::ALL {
        steps.push(step(format!("Rust tests, {mode}"), move |_| rust::tests(mode)));
    }
    // Until here compilers keep all processors busy.
    steps.push(Step { name: "Miri".to_string(), is_seldom: false, action: Action::Aside(miri::start) });
    steps.push(step("Rust tests, aarch64 emulated", aarch64::run));
    steps.push(seldom("parsers as 32-bit code", bits_32::run));
    steps.push(step("new inputs for the fuzz targets", new_inputs::run));
    steps.push(step("crates from outside", outside::run));
    steps
}

/// What a C project gets, and how its compilers and linkers take it.
fn of_archives_and_header() -> Vec<Step> {
    let mut steps = vec![step("header against the code", |_| Ok(Outcome::Passed(crate::header::check()?)))];
    for target in [None, Some(EMBEDDED)] {
        for mode in Mode::ALL {
            let name = format!("archive and symbols, {} {mode}", target.unwrap_or("host"));
            steps.push(step(name, move |context| Ok(Outcome::Passed(context.archive(target, mode)?.to_string()))));
        }
    }
    for target in [None, Some(EMBEDDED)] {
        let name = format!("archive and symbols, {} signed", target.unwrap_or("host"));
        steps.push(step(name, move |context| Ok(Outcome::Passed(context.signed_archive(target)?.to_string()))));
    }
    steps.push(step("archives for other systems", computers::usual));
    steps.push(seldom("archives for all computers", computers::others));
    steps.push(step("header against the archive", header::same_names));
    steps.push(step("header in C and C++", header::compiles_everywhere));
    steps.push(step("header without a warning", header_warnings::no_warning));
    steps.push(step("header and packed structs", header_warnings::packed_structs));
    steps.push(step("header, state sizes", header::state_sizes));
    steps.push(step("header, checked calls", header::checked_calls));
    steps.push(step("files of different shapes", agreement::linkers_refuse));
    steps.push(step("files of different shapes, when they run", agreement::calls_refuse));
    steps.push(step("archive calls itself alone", several_shapes::calls_stay_inside));
    steps.push(step("several shapes in shared libraries", several_shapes::in_shared_libraries));
    steps.push(step("several shapes in a program", several_shapes::with_prefixes));
    steps
}

/// Programs that use the archive, and the differential run.
fn of_programs() -> Vec<Step> {
    let mut steps = vec![step("calls on 16 KB of stack", small_stack::suffices)];
    steps.push(step("C programs against the reference", programs::compare));
    steps.push(step("C programs against a stand-in reference", programs::compare_with_stand_in));
    steps.push(step("C programs under valgrind", programs::valgrind));
    steps.push(step("C programs under sanitizers", programs::sanitizers));
    steps.push(step("random calls with guard pages", guard_pages::random_calls));
    steps.push(step("C programs in integers", programs::integers));
    for mode in Mode::ALL {
        steps.push(step(format!("differential run, {mode}"), move |context| differential::run(context, mode)));
    }
    steps.push(seldom("differential run, stand-in reference", differential::stand_in));
    steps.push(step("differential run, each kernel", differential::each_kernel));
    steps.push(step("differential run, 944K model", differential::real_model));
    steps.push(step("differential run, integers", differential::integers));
    steps
}

/// What is shipped and promised: the default model, packages, microcontrollers, costs.
fn of_products() -> Vec<Step> {
    let mut steps = vec![step("default model", |_| {
        let models = rust::program("atome-models", Mode::Portable)?;
        let atome = command_line()?;
        Ok(Outcome::Passed(crate::model::check(models, atome)?))
    })];
    steps.push(step("packages and examples", |context| Ok(Outcome::Passed(crate::dist::check(&context.toolchain)?))));
    steps.push(step("firmware in Rust", rust_firmware::answers));
    steps.push(step("emulated cores", |_| measured(&["qemu", "--profile", "usual", "--cases", "4000"])));
    for profile in ["size", "speed"] {
        let name = format!("emulated cores, profile for {profile}");
        steps.push(seldom(name, move |_| measured(&["qemu", "--profile", profile, "--cases", "4000"])));
    }
    steps.push(seldom("emulated cores, related ones", |_| measured(&RELATED_CORES)));
    steps.push(seldom("emulated cores, stand-in reference", |_| measured(&["qemu", "--stand-in"])));
    steps.push(step("costs on emulated cores", |_| measured(&["costs", "--check"])));
    steps.push(step("instruction counts", |_| measured(&["bench", "--check"])));
    steps
}

/// Cores that are related to those that always run, with fewer differential cases.
const RELATED_CORES: [&str; 7] = ["qemu", "--core", "m33-soft", "--core", "rv32imafc", "--cases", "2000"];

/// The command line, compiled as the gate does it.
///
/// # Errors
/// It cannot be compiled.
pub fn command_line() -> Result<Command> {
    rust::program("atome", Mode::Portable)
}

/// A check of the laboratory.
fn measured(words: &[&str]) -> Result<Outcome> {
    let verdict = laboratory::check(words)?;
    Ok(match verdict.strip_prefix("SKIPPED: ") {
        Some(why) => Outcome::Skipped(why.to_string()),
        None => Outcome::Passed(verdict),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: bool, words: &[&str]) -> Vec<String> {
        let mut steps = steps();
        let wanted: Vec<_> = words.iter().map(ToString::to_string).collect();
        choose(&mut steps, all, &wanted);
        steps.into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_that_are_seldom_needed_are_asked_for() {
        let (usual, seldom) = ("archives for other systems", "archives for all computers");
        assert_eq!(chosen(false, &["archives for"]), [usual]);
        assert_eq!(chosen(true, &["archives for"]), [usual, seldom]);
        assert_eq!(chosen(false, &["all computers"]), [seldom]);
        assert!(!chosen(false, &[]).contains(&seldom.to_string()));
        assert_eq!(chosen(true, &[]).len(), steps().len());
    }
}
