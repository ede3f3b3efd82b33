//! Trying mutants: many in one program where that is possible, the others one by one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, Result};

use super::build::{Error, Limit, Variant, Which};
use super::mutant::Mutant;
use super::source::{Region, Source, Way, MARK};
use super::suite::{Suite, Verdict};
use super::tree::Tree;

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

/// Mutants of some files, to be tried together.
pub struct Trial<'s, 'm> {
    tree: &'s Tree,
    variant: &'static Variant,
    sources: BTreeMap<&'s str, &'s Source>,
    /// In the order of files and places. Their index here is their number; the numbers that follow mark the files.
    mutants: Vec<&'m Mutant>,
    /// Those that are not behind a switch.
    alone: BTreeSet<usize>,
}

impl<'s, 'm> Trial<'s, 'm> {
    pub fn new(
        tree: &'s Tree,
        variant: &'static Variant,
        sources: BTreeMap<&'s str, &'s Source>,
        mutants: &[&'m Mutant],
    ) -> Self {
        let mut mutants = mutants.to_vec();
        mutants.sort_by_key(|mutant| (mutant.file.as_str(), mutant.span));
        let is_alone = |mutant: &Mutant| sources[mutant.file.as_str()].way(mutant) == Way::Alone;
        let alone = (0..mutants.len()).filter(|&number| is_alone(mutants[number])).collect();
        Self { tree, variant, sources, mutants, alone }
    }

    /// Tries all, and tells what became of each as soon as that is known.
    pub fn run(mut self, mut tell: impl FnMut(&'m Mutant, Outcome) -> Result<()>) -> Result<()> {
        let (regions, built) = self.build_switched()?;
        let suite = Suite::new(self.variant, self.tree, &built)?;
        let firsts: BTreeMap<_, _> =
            regions.values().flatten().filter_map(|region| Some((region.mutant?, region.first))).collect();
        for (&number, &first) in &firsts {
            let mutant = self.mutants[number];
            if !built.compiled.contains(&first) {
                tell(mutant, Outcome::Elsewhere)?;
                continue;
            }
            match suite.switched(number, first)? {
                Verdict::Caught => tell(mutant, Outcome::Caught)?,
                Verdict::Timeout => tell(mutant, Outcome::Timeout)?,
                Verdict::Missed if self.sources[mutant.file.as_str()].way(mutant) == Way::PartlySwitched => {
                    self.alone.insert(number);
                }
                Verdict::Missed => tell(mutant, Outcome::Missed)?,
            }
        }
        self.restore()?;
        for &number in &self.alone {
            let mutant = self.mutants[number];
            let file = self.sources.keys().position(|file| *file == mutant.file).unwrap_or_default();
            if !built.compiled.contains(&(self.mutants.len() + file)) {
                tell(mutant, Outcome::Elsewhere)?;
                continue;
            }
            tell(mutant, self.try_alone(mutant, &suite)?)?;
        }
        Ok(())
    }

    /// Compiles all mutants that have a switch; those that the compiler refuses will be tried alone.
    fn build_switched(&mut self) -> Result<(BTreeMap<&'s str, Vec<Region>>, super::build::Built)> {
        let mut is_checked = false;
        loop {
            let regions = self.write_switched()?;
            let built = if is_checked {
                self.variant.build(self.tree, Which::All, Limit::None)?
            } else {
                self.variant.check(self.tree)?
            };
            if built.errors.is_empty() && is_checked {
                return Ok((regions, built));
            }
            is_checked = built.errors.is_empty();
            let refused: BTreeSet<_> = built.errors.iter().flat_map(|error| blamed(error, &regions)).collect();
            let before = self.alone.len();
            self.alone.extend(refused);
            if self.alone.len() == before && !is_checked {
                let errors: Vec<_> = built.errors.iter().map(|error| error.text.as_str()).collect();
                bail!("the compiler refuses the switches, but no mutant's body\n{}", errors.join("\n"));
            }
        }
    }

    fn write_switched(&self) -> Result<BTreeMap<&'s str, Vec<Region>>> {
        let mut all = BTreeMap::new();
        for (mark, (&file, source)) in (self.mutants.len()..).zip(&self.sources) {
            let mine = (0..self.mutants.len()).filter(|&number| self.mutants[number].file == file);
            let numbered: Vec<_> = mine
                .filter(|number| !self.alone.contains(number))
                .map(|number| (number, self.mutants[number]))
                .collect();
            let switched = source.switched(&numbered);
            // All bodies of a function in all bodies of its caller would be too much to compile.
            let text = switched.text.replace("inline(always)", "inline(never)");
            self.tree.write(file, &format!("{text}\nconst {MARK}{mark}: u32 = 0;\n"))?;
            all.insert(file, switched.regions);
        }
        Ok(all)
    }

    fn restore(&self) -> Result<()> {
        self.sources.iter().try_for_each(|(file, source)| self.tree.write(file, source.text()))
    }

    fn try_alone(&self, mutant: &Mutant, suite: &Suite) -> Result<Outcome> {
        let source = self.sources[mutant.file.as_str()];
        self.tree.write(&mutant.file, &source.mutated(mutant))?;
        let outcome = self.compiled_and_run(suite);
        self.tree.write(&mutant.file, source.text())?;
        outcome
    }

    /// The engine's own quick tests first: they are compiled soonest, and tell of most.
    fn compiled_and_run(&self, suite: &Suite) -> Result<Outcome> {
        for (which, most_seconds) in [(Which::Own, QUICK), (Which::All, f64::INFINITY)] {
            let built = self.variant.build(self.tree, which, Limit::Short)?;
            if built.is_endless {
                return Ok(Outcome::Timeout);
            }
            if !built.errors.is_empty() {
                return Ok(Outcome::Unviable);
            }
            match suite.alone(&built.programs, most_seconds)? {
                Verdict::Caught => return Ok(Outcome::Caught),
                Verdict::Timeout => return Ok(Outcome::Timeout),
                Verdict::Missed => {}
            }
        }
        Ok(Outcome::Missed)
    }
}

/// Tests that take less, in seconds, are tried before all are compiled.
const QUICK: f64 = 0.2;

/// The mutants that an error is about: the one in whose body it is, or all of the function.
fn blamed(error: &Error, regions: &BTreeMap<&str, Vec<Region>>) -> Vec<usize> {
    let mut blamed = Vec::new();
    for (file, line) in &error.places {
        let Some(regions) = regions.get(file.as_str()) else { continue };
        let around: Vec<_> = regions.iter().filter(|region| region.lines.contains(line)).collect();
        match around.iter().find_map(|region| region.mutant) {
            Some(number) => blamed.push(number),
            None => {
                let firsts: BTreeSet<_> = around.iter().map(|region| region.first).collect();
                let of = |region: &&Region| firsts.contains(&region.first);
                blamed.extend(regions.iter().filter(of).filter_map(|region| region.mutant));
            }
        }
    }
    blamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_body_is_its_mutants_and_one_around_the_bodies_is_everybodys() {
        let region = |lines, mutant| Region { lines, first: 7, mutant };
        let regions = vec![region(3..5, Some(7)), region(5..6, Some(9)), region(1..9, None)];
        let regions = BTreeMap::from([("a.rs", regions)]);
        let blame =
            |file: &str, line| blamed(&Error { places: vec![(file.to_string(), line)], text: String::new() }, &regions);
        assert_eq!(blame("a.rs", 4), [7]);
        assert_eq!(blame("a.rs", 5), [9]);
        assert_eq!(blame("a.rs", 7), [7, 9]);
        assert!(blame("a.rs", 10).is_empty() && blame("b.rs", 4).is_empty());
    }
}
