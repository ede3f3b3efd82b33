//! `cargo xtask mutants`: whether the engine's tests notice small faults.
//!
//! cargo-mutants says what the faults are. To compile the engine for each would take a day, so all mutants of some files
//! are compiled into one program with a switch in every function ([`source`]), and each runs only the tests that come near
//! it ([`suite`]). What a switch cannot hold (constants, and functions that the compiler evaluates) is compiled alone.

mod build;
mod explained;
mod mutant;
mod page;
mod progress;
mod record;
mod source;
mod suite;
mod tree;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{bail, Context, Result};
use lexopt::prelude::*;

use crate::setup::Missing;
use crate::toolchain::Toolchain;
use crate::{options, workspace};
use build::VARIANTS;
use explained::Explained;
use mutant::Mutant;
use progress::Progress;
use record::{FileRecord, Record};
use source::Source;
use tree::Tree;
use trial::{Outcome, Trial};

/// Mutants that are compiled together, at most (but for a file that has more): with more, the compiler takes ever longer.
const TOGETHER: usize = 250;

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

A mutant takes about a second, on one processor; one that no test catches, or that is compiled alone, up to half a
minute.

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
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            Long("missed") => scope = Scope::Missed,
            Long("all") => scope = Scope::All,
            Long("check") => only_check = true,
            Value(word) => filters.push(word.string()?),
            other => return Err(options::unexpected(other, "mutants")),
        }
    }
    Missing::for_mutants().install()?;
    let mutants = mutant::list()?;
    let files: BTreeSet<_> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
    if let Some(filter) = filters.iter().find(|filter| !files.iter().any(|file| file.contains(*filter))) {
        return Err(options::mistake(format!("`{filter}`: no file of the engine that has mutants is called so")));
    }
    let mut run = Run { record: Record::read()?, explained: Explained::read()?, mutants: &mutants };
    if !only_check {
        let chosen = |file: &str| filters.is_empty() || filters.iter().any(|filter| file.contains(filter));
        run.try_due(scope, chosen)?;
    }
    run.finish()
}

/// What became of some mutants.
type Outcomes<'a> = Vec<(&'a Mutant, Outcome)>;

struct Run<'a> {
    record: Record,
    explained: Explained,
    mutants: &'a [Mutant],
}

impl<'a> Run<'a> {
    fn try_due(&mut self, scope: Scope, chosen: impl Fn(&str) -> bool) -> Result<()> {
        let due = self.due(scope, chosen)?;
        if due.is_empty() {
            say!("nothing to try");
            return Ok(());
        }
        let tree = Tree::make()?;
        let mut progress = Progress::new(due.iter().map(Vec::len).sum());
        for batch in batches(due) {
            self.try_batch(&tree, &batch, &mut progress)?;
        }
        say!("{}", progress.line(progress.passed()));
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
                Some(known) if scope != Scope::All && known.is_of(&read(file)?) => known,
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

    fn try_batch(&mut self, tree: &Tree, batch: &[&'a Mutant], progress: &mut Progress) -> Result<()> {
        let mut sources = BTreeMap::new();
        for mutant in batch {
            // The copy's: somebody may edit the original meanwhile.
            let text = tree.read(&mutant.file)?;
            let source = Source::parse(text).with_context(|| mutant.file.clone())?;
            sources.entry(mutant.file.clone()).or_insert(source);
        }
        let files: Vec<_> = sources.keys().map(String::as_str).collect();
        say!("{} mutants of {}", batch.len(), files.join(", "));
        let mut left = batch.to_vec();
        let mut outcomes: BTreeMap<&str, Outcomes> = BTreeMap::new();
        let mut tell = |mutant: &'a Mutant, outcome| {
            progress.add(outcome);
            if outcome == Outcome::Missed {
                say!("missed: {}: {}", mutant.file, mutant.name);
            }
            let known = outcomes.entry(&mutant.file).or_default();
            known.push((mutant, outcome));
            if known.len() < batch.iter().filter(|other| other.file == mutant.file).count() {
                return Ok(());
            }
            self.keep(&mutant.file, &sources[&mutant.file], known)
        };
        for variant in &VARIANTS {
            let due: Vec<_> = left.iter().copied().filter(|mutant| variant.may_compile(&mutant.file)).collect();
            if due.is_empty() {
                continue;
            }
            variant.missing(&Toolchain::find()?).install()?;
            let relevant = sources.iter().filter(|(file, _)| due.iter().any(|mutant| mutant.file == **file));
            let relevant = relevant.map(|(file, source)| (file.as_str(), source)).collect();
            left.retain(|mutant| !variant.may_compile(&mutant.file));
            Trial::new(tree, variant, relevant, &due).run(|mutant, outcome| {
                if outcome == Outcome::Elsewhere {
                    left.push(mutant);
                    return Ok(());
                }
                tell(mutant, outcome)
            })?;
        }
        left.into_iter().try_for_each(|mutant| tell(mutant, Outcome::Elsewhere))
    }

    /// Keeps what became of a file's mutants.
    fn keep(&mut self, file: &str, source: &Source, outcomes: &Outcomes) -> Result<()> {
        let all = self.mutants.iter().filter(|mutant| mutant.file == file).count();
        let known = self.record.0.entry(file.to_string()).or_default();
        if outcomes.len() == all {
            *known = FileRecord::of(source.text());
        }
        for (mutant, outcome) in outcomes {
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

/// Files that are compiled together.
fn batches(files: Vec<Vec<&Mutant>>) -> Vec<Vec<&Mutant>> {
    let mut batches: Vec<Vec<&Mutant>> = Vec::new();
    for file in files {
        match batches.last_mut() {
            Some(batch) if batch.len() + file.len() <= TOGETHER => batch.extend(file),
            _ => batches.push(file),
        }
    }
    batches
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(file)).with_context(|| format!("cannot read {file}"))
}

/// Writes a committed file.
fn write(file: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(file);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
