//! `cargo xtask mutants`: whether the engine's tests notice small faults.
//!
//! cargo-mutants makes them and tries them; what became of each file's is kept, so that only those of changed files are due.

mod explained;
mod mutant;
mod page;
mod record;
mod tree;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{bail, Context, Result};
use lexopt::prelude::*;

use explained::Explained;
use mutant::Mutant;
use record::{FileRecord, Record};
use tree::Tree;
use trial::Outcome;
use xtask::setup::Missing;
use xtask::{options, progress, workspace};

pub const HELP: &str = "\
Try whether the engine's tests notice small faults.

One operator or function is changed at a time (cargo-mutants says how); a test has to fail.

Usage: cargo xtask mutants [--missed | --all] [--check] [FILTER...]

Arguments:
  FILTER     only files whose path contains one of these words

Without an option, all mutants of the files that changed since they were tried last, or never were, are tried.

Options:
  --missed   only the mutants that no test caught and that have no reason yet: after a test was added
  --all      all mutants of all files
  --check    try nothing: compare the committed results with the list of equivalent mutants
  -h, --help
             print this

The results are kept in engine/mutants/results.json file by file, so a run that is stopped goes on where it was, and
written for people to engine/mutants/RESULTS.md. A mutant that no test can catch needs a reason in
engine/mutants/EQUIVALENT.md: without, the command fails, as it does for a reason whose mutant is gone.

Each mutant is compiled by itself, which takes some fifteen seconds: a file takes minutes, the whole engine a day.

Examples:
  cargo xtask mutants                      go on, or try what changed
  cargo xtask mutants codec container      two folders of it
  cargo xtask mutants --missed codec       again what was missed there
";

/// Which mutants are due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Changed,
    Missed,
    All,
}

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut scope, mut only_check, mut filters) = (Scope::Changed, false, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("missed") => scope = Scope::Missed,
            Long("all") => scope = Scope::All,
            Long("check") => only_check = true,
            Value(word) => filters.push(word.string()?),
            other => return Err(options::unexpected(other, "mutants")),
        }
    }
    Missing::for_mutants().install()?;
    let tree = Tree::make()?;
    let mutants = mutant::list(&tree)?;
    let files: BTreeSet<_> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
    if let Some(filter) = filters.iter().find(|filter| !files.iter().any(|file| file.contains(*filter))) {
        return Err(options::mistake(format!("`{filter}`: no file of the engine that has mutants is called so")));
    }
    let mut run = Run { tree: &tree, record: Record::read()?, explained: Explained::read()?, mutants: &mutants };
    if !only_check {
        let chosen = |file: &str| filters.is_empty() || filters.iter().any(|filter| file.contains(filter));
        run.try_due(scope, chosen)?;
    }
    run.finish()
}

struct Run<'a> {
    tree: &'a Tree,
    record: Record,
    explained: Explained,
    mutants: &'a [Mutant],
}

impl<'a> Run<'a> {
    fn try_due(&mut self, scope: Scope, chosen: impl Fn(&str) -> bool) -> Result<()> {
        let due = self.due(scope, chosen)?;
        say!("{} mutants of {} files to try", due.iter().map(Vec::len).sum::<usize>(), due.len());
        let parts = progress::board().parts(due.len());
        for mutants in &due {
            let outcomes = trial::outcomes(self.tree, mutants)?;
            self.keep(mutants, &outcomes)?;
            parts.done();
        }
        Ok(())
    }

    /// The mutants to try, by file.
    fn due(&self, scope: Scope, chosen: impl Fn(&str) -> bool) -> Result<Vec<Vec<&'a Mutant>>> {
        let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in self.mutants.iter().filter(|mutant| chosen(&mutant.file)) {
            files.entry(&mutant.file).or_default().push(mutant);
        }
        let mut due = Vec::new();
        for (file, mut mutants) in files {
            let known = match self.record.0.get(file) {
                Some(known) if scope != Scope::All && known.is_of(&self.tree.read(file)?) => known,
                _ => {
                    due.extend((scope != Scope::Missed).then_some(mutants));
                    continue;
                }
            };
            let is_open =
                |mutant: &&Mutant| known.missed.contains(&mutant.name) && !self.explained.has(file, &mutant.name);
            mutants.retain(|mutant| scope == Scope::Missed && is_open(mutant));
            due.extend((!mutants.is_empty()).then_some(mutants));
        }
        Ok(due)
    }

    /// Keeps what became of mutants of one file.
    fn keep(&mut self, mutants: &[&Mutant], outcomes: &[Outcome]) -> Result<()> {
        let Some(file) = mutants.first().map(|mutant| &mutant.file) else { return Ok(()) };
        let all = self.mutants.iter().filter(|mutant| mutant.file == *file).count();
        let known = self.record.0.entry(file.clone()).or_default();
        if mutants.len() == all {
            // The copy's: somebody may edit the original meanwhile.
            *known = FileRecord::of(&self.tree.read(file)?);
        }
        for (mutant, outcome) in mutants.iter().zip(outcomes) {
            known.add(mutant, *outcome);
        }
        self.record.write()
    }

    /// Writes the page and says what is wrong.
    fn finish(mut self) -> Result<()> {
        let files: BTreeSet<_> = self.mutants.iter().map(|mutant| mutant.file.clone()).collect();
        self.record.0.retain(|file, _| files.contains(file));
        self.record.write()?;
        let source = |file: &str| fs::read_to_string(workspace::root().join(file)).ok();
        let is_current = |file: &str| {
            let known = self.record.0.get(file);
            known.is_some_and(|known| source(file).is_some_and(|text| known.is_of(&text)))
        };
        let stale: Vec<_> = files.iter().map(String::as_str).filter(|file| !is_current(file)).collect();
        write(page::PATH, &page::text(&self.record, &self.explained, self.mutants, is_current))?;
        say!("written: {} and {}", record::PATH, page::PATH);
        if !stale.is_empty() {
            say!("not tried yet, or changed since: {}", stale.join(", "));
        }
        let faults = self.explained.faults(&self.record, source);
        if !faults.is_empty() {
            bail!("{} faults\n{}", faults.len(), faults.join("\n"));
        }
        Ok(())
    }
}

/// Writes a committed file.
fn write(file: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(file);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
