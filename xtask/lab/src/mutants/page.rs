//! The results for people.

use std::collections::BTreeMap;

use super::explained::Explained;
use super::mutant::Mutant;
use super::record::Record;
use crate::markdown::{grouped, table};

/// The committed page.
pub const PATH: &str = "engine/mutants/RESULTS.md";

/// What covers the code that no variant compiles, by the start of its path.
const COVERED_BY: [(&str, &str); 5] = [
    ("engine/src/kernel/vfp/", "assembly for Cortex-M with an FPU; the emulated cores compare it with the definition"),
    (
        "engine/src/kernel/fixed_point/",
        "assembly for cores without an FPU; the emulated cores compare it with the definition",
    ),
    (
        "engine/src/kernel/portable/",
        "for targets without faster kernels; the archives on the emulated cores are built of it",
    ),
    ("engine/src/codec/", "for targets without faster kernels; the emulated cores run all formats"),
    ("engine/src/math/", "for cores without an FPU; the emulated cores compare the results"),
];

/// The page; `mutants` are those there are now, and `source` tells whether a file is as it was when they were tried.
pub fn text(record: &Record, explained: &Explained, mutants: &[Mutant], is_current: impl Fn(&str) -> bool) -> String {
    let mut now = BTreeMap::<_, usize>::new();
    for mutant in mutants {
        *now.entry(mutant.file.as_str()).or_default() += 1;
    }
    let mut rows = Vec::new();
    let mut total = Counts::default();
    for (&file, &mutants) in &now {
        let counts = Counts::of(record, explained, file, mutants, is_current(file));
        total.add(&counts);
        rows.push(counts.row(file));
    }
    let mut all = vec![HEAD.map(String::from).to_vec()];
    all.extend(rows);
    all.push(total.row("all"));
    let mut page = INTRODUCTION.replace("{total}", &total.sentence());
    page += &table(&all, 1);
    let mut elsewhere = vec![["file", "what covers it", "mutants"].map(String::from).to_vec()];
    for (file, outcomes) in record.0.iter().filter(|(_, outcomes)| !outcomes.elsewhere.is_empty()) {
        let covered =
            COVERED_BY.iter().find(|(start, _)| file.starts_with(start)).map_or("nothing known", |known| known.1);
        elsewhere.push(vec![short(file), covered.to_string(), outcomes.elsewhere.len().to_string()]);
    }
    if elsewhere.len() > 1 {
        page += ELSEWHERE;
        page += &table(&elsewhere, 2);
    }
    page
}

const HEAD: [&str; 8] = ["file", "mutants", "caught", "timeout", "unviable", "equivalent", "missed", "not run"];

const INTRODUCTION: &str = "\
# Mutants of the engine

Each mutant is the engine with one small fault: `<` became `<=`, a function returns a constant, a match arm is gone
(cargo-mutants makes them). The tests of the engine should fail on every one. It makes none of `unsafe fn`, so none of
the vector kernels' bodies: those are compared with the definition bit by bit, each forced in turn.

{total}

*Caught*: a test failed. *Timeout*: a test did not end, which is as good. *Unviable*: the compiler refused it. *Equivalent*:
no test on this machine can tell it from the original, for a reason given in [EQUIVALENT.md](EQUIVALENT.md). *Missed*: a test is missing.
*Not run*: code for other targets, listed below, or changed since the last run. `cargo xtask mutants` writes this page.

";

const ELSEWHERE: &str = "\n## Compiled for other targets only\n\n";

#[derive(Default)]
struct Counts {
    mutants: usize,
    caught: usize,
    timeout: usize,
    unviable: usize,
    equivalent: usize,
    missed: usize,
}

impl Counts {
    fn of(record: &Record, explained: &Explained, file: &str, mutants: usize, is_current: bool) -> Self {
        let Some(outcomes) = record.0.get(file).filter(|_| is_current) else {
            return Self { mutants, ..Self::default() };
        };
        let equivalent = outcomes.missed.iter().filter(|name| explained.has(file, name)).count();
        Self {
            mutants,
            caught: outcomes.caught,
            timeout: outcomes.timeout,
            unviable: outcomes.unviable,
            equivalent,
            missed: outcomes.missed.len() - equivalent,
        }
    }

    fn add(&mut self, other: &Self) {
        self.mutants += other.mutants;
        self.caught += other.caught;
        self.timeout += other.timeout;
        self.unviable += other.unviable;
        self.equivalent += other.equivalent;
        self.missed += other.missed;
    }

    fn not_run(&self) -> usize {
        self.mutants.saturating_sub(self.caught + self.timeout + self.unviable + self.equivalent + self.missed)
    }

    fn row(&self, name: &str) -> Vec<String> {
        let numbers =
            [self.mutants, self.caught, self.timeout, self.unviable, self.equivalent, self.missed, self.not_run()];
        let words = numbers.map(|number| if number == 0 { "-".to_string() } else { grouped(number as u64) });
        std::iter::once(short(name)).chain(words).collect()
    }

    /// The score: of the mutants that compile and differ, how many are caught.
    fn sentence(&self) -> String {
        let caught = self.caught + self.timeout;
        let tried = caught + self.missed;
        let percent = 100.0 * caught as f64 / tried.max(1) as f64;
        let words =
            [self.mutants, tried + self.unviable + self.equivalent, caught, tried, self.equivalent, self.not_run()];
        let [mutants, run, caught, tried, equivalent, not_run] = words.map(|number| grouped(number as u64));
        format!(
            "Of {mutants} mutants {run} were tried: {caught} of the {tried} that compile and are not equivalent were caught\n\
             ({percent:.1} %), {equivalent} are equivalent; {not_run} were not run."
        )
    }
}

fn short(file: &str) -> String {
    file.strip_prefix("engine/src/").unwrap_or(file).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::record::FileRecord;

    #[test]
    fn what_is_neither_tried_nor_explained_is_not_run() {
        let names = ["x", "y"].map(String::from);
        let file = FileRecord { caught: 3, timeout: 1, unviable: 1, missed: names.into(), ..FileRecord::of("") };
        let record = Record(BTreeMap::from([("a.rs".to_string(), file)]));
        let explained = Explained(BTreeMap::from([("a.rs".to_string(), ["x".to_string()].into())]));
        let counts = Counts::of(&record, &explained, "a.rs", 9, true);
        assert_eq!(counts.row("a.rs"), ["a.rs", "9", "3", "1", "1", "1", "1", "2"]);
        assert!(counts.sentence().contains("4 of the 5 that compile and are not equivalent were caught\n(80.0 %)"));
        assert_eq!(Counts::of(&record, &explained, "a.rs", 9, false).not_run(), 9);
    }
}
