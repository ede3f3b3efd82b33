//! The compiled tests, and what one of them says of a mutant.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Instant;

use anyhow::{bail, Result};

use super::build::{Built, Variant};
use super::tree::Tree;
use crate::{process, workspace};

/// Tests in the order in which they are tried: the quickest first.
pub struct Suite<'a> {
    variant: &'static Variant,
    tree: &'a Tree,
    tests: Vec<Test>,
}

struct Test {
    program: PathBuf,
    name: String,
    seconds: f64,
    /// The switches of the functions that it runs.
    entered: BTreeSet<usize>,
}

/// What the tests say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One failed.
    Caught,
    /// One did not end.
    Timeout,
    /// All passed.
    Missed,
}

/// A test is given up after this many times what it takes on the original, and some seconds.
const PATIENCE: f64 = 4.0;
const LEAST_SECONDS: f64 = 2.0;
/// For a first run of the original.
const MOST_SECONDS: u64 = 300;

impl<'a> Suite<'a> {
    /// Runs each test on the original.
    ///
    /// # Errors
    /// One fails.
    pub fn new(variant: &'static Variant, tree: &'a Tree, built: &Built) -> Result<Self> {
        let mut suite = Self { variant, tree, tests: Vec::new() };
        let notes = workspace::scratch().join("mutants/entered");
        for program in &built.programs {
            for name in suite.names(program)? {
                suite.tests.push(suite.tried(program, name, &notes)?);
            }
        }
        suite.tests.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        Ok(suite)
    }

    /// Runs the tests that come near a mutant, until one tells. `number` is the mutant's behind its switch `first`.
    pub fn switched(&self, number: usize, first: usize) -> Result<Verdict> {
        let near = self.tests.iter().filter(|test| test.entered.contains(&first));
        self.first_to_tell(near.map(|test| (test.program.as_path(), test)), Some(number))
    }

    /// Runs programs of one mutant alone, with the tests they have in common with these and that take this long at most.
    pub fn alone(&self, programs: &[PathBuf], most_seconds: f64) -> Result<Verdict> {
        let tests = self.tests.iter().filter(|test| test.seconds <= most_seconds).filter_map(|test| {
            let program = programs.iter().find(|program| stem(program) == stem(&test.program))?;
            Some((program.as_path(), test))
        });
        self.first_to_tell(tests, None)
    }

    fn first_to_tell<'t>(
        &'t self,
        tests: impl Iterator<Item = (&'t Path, &'t Test)>,
        number: Option<usize>,
    ) -> Result<Verdict> {
        for (program, test) in tests {
            let seconds = (PATIENCE * test.seconds + LEAST_SECONDS).ceil();
            let status = self.run(program, &test.name, seconds as u64, |command| {
                number.map(|number| command.env("MUTANT", number.to_string()));
            })?;
            if !status.success() {
                return Ok(if is_out_of_time(status) { Verdict::Timeout } else { Verdict::Caught });
            }
        }
        Ok(Verdict::Missed)
    }

    fn tried(&self, program: &Path, name: String, notes: &Path) -> Result<Test> {
        let _ = fs::remove_file(notes);
        let start = Instant::now();
        let status = self.run(program, &name, MOST_SECONDS, |command| {
            command.env("MUTANTS_ENTERED", notes);
        })?;
        if !status.success() {
            bail!("the test {name} of {} fails without any mutant ({status})", program.display());
        }
        let seconds = start.elapsed().as_secs_f64();
        let entered = fs::read_to_string(notes).unwrap_or_default();
        let entered = entered.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(Test { program: program.to_path_buf(), name, seconds, entered })
    }

    fn names(&self, program: &Path) -> Result<Vec<String>> {
        let mut command = self.variant.limited(program, MOST_SECONDS);
        command.args(["--list", "--format", "terse"]).stdout(std::process::Stdio::piped());
        let output = process::output(command.current_dir(self.tree.root().join("engine")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_suffix(": test")).map(String::from).collect();
        if names.is_empty() {
            bail!("no tests in {}", program.display());
        }
        Ok(names)
    }

    fn run(
        &self,
        program: &Path,
        test: &str,
        seconds: u64,
        set: impl FnOnce(&mut std::process::Command),
    ) -> Result<ExitStatus> {
        let mut command = self.variant.limited(program, seconds);
        command.args(["--exact", test, "--test-threads", "1", "--quiet"]);
        command.current_dir(self.tree.root().join("engine"));
        set(&mut command);
        process::status(&mut command)
    }
}

/// What a test program is called whatever was compiled into it.
fn stem(program: &Path) -> &str {
    let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplit_once('-').map_or(name, |(stem, _)| stem)
}

/// Ended by its limit of processor time.
fn is_out_of_time(status: ExitStatus) -> bool {
    status.signal().is_some_and(|signal| [libc::SIGXCPU, libc::SIGKILL].contains(&signal))
}
