//! Progress while the steps run, the table at the end, and the verdict.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::Result;

use crate::progress;

/// How a step ended; a failure is an `Err`.
pub enum Outcome {
    /// What ran and how many.
    Passed(String),
    /// Why it could not run here.
    Skipped(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "SKIPPED",
        }
    }
}

struct Row {
    name: String,
    verdict: Verdict,
    what: String,
    seconds: f64,
}

/// What has been run so far.
pub struct Report {
    rows: Vec<Row>,
    /// How many steps there will be.
    steps: usize,
}

impl Report {
    /// Of so many steps.
    pub fn new(steps: usize) -> Report {
        Report { rows: Vec::new(), steps }
    }

    /// The heading of the step of this number, from 1.
    pub fn heading(&self, number: usize, name: &str) -> String {
        format!("[{number}/{}] {name}", self.steps)
    }

    /// Runs one step and prints what became of it.
    pub fn run(&mut self, number: usize, name: &str, step: impl FnOnce() -> Result<Outcome>) {
        let heading = self.heading(number, name);
        say!("== {heading}");
        let start = Instant::now();
        let task = progress::task(heading);
        let (verdict, what) = match step() {
            Ok(Outcome::Passed(what)) => (Verdict::Passed, what),
            Ok(Outcome::Skipped(why)) => (Verdict::Skipped, why),
            Err(error) => (Verdict::Failed, format!("{error:#}")),
        };
        drop(task);
        let seconds = start.elapsed().as_secs_f64();
        say!("   {}: {} ({seconds:.1} s)", verdict.word(), what.trim_end());
        self.rows.push(Row { name: name.to_string(), verdict, what, seconds });
    }

    /// Prints the table and the counts.
    ///
    /// # Errors
    /// The names of the steps that failed.
    pub fn finish(&self) -> Result<()> {
        let names: Vec<_> = self.of(Verdict::Failed).map(|row| row.name.as_str()).collect();
        say!("\n{}", self.table());
        if !names.is_empty() {
            note!("failed: {}", names.join("; "));
        }
        say!("{}", self.counts());
        if names.is_empty() {
            return Ok(());
        }
        // The counts are the last line of the output: the exit status says the rest.
        io::stdout().flush()?;
        std::process::exit(1);
    }

    fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.verdict == verdict)
    }

    fn counts(&self) -> String {
        let count = |verdict| self.of(verdict).count();
        format!(
            "{} passed, {} failed, {} skipped",
            count(Verdict::Passed),
            count(Verdict::Failed),
            count(Verdict::Skipped)
        )
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let mut table = format!("{:width$}  {:7}  {:>7}  what ran\n", "step", "result", "seconds");
        for Row { name, verdict, what, seconds } in &self.rows {
            // The output of a failed step was shown in full above.
            let what = what.lines().next().unwrap_or("");
            table += &format!("{name:width$}  {:7}  {seconds:7.1}  {what}\n", verdict.word());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    /// Made by hand: run() prints, and this test's words would pass for those of a test that skips something.
    fn report() -> Report {
        let row = |name: &str, verdict, what: &str| Row {
            name: name.to_string(),
            verdict,
            what: what.to_string(),
            seconds: 1.0,
        };
        let rows = vec![
            row("one", Verdict::Passed, "3 things\nfurther lines"),
            row("second", Verdict::Skipped, "no tool"),
            row("three", Verdict::Failed, "broken"),
        ];
        Report { rows, steps: 3 }
    }

    #[test]
    fn an_error_is_a_failure() {
        let mut report = Report::new(1);
        report.run(1, "step", || Err(anyhow::anyhow!("broken")));
        assert_eq!(report.counts(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_step_has_its_number_among_all() {
        assert_eq!(report().heading(2, "clippy, portable"), "[2/3] clippy, portable");
    }

    #[test]
    fn every_verdict_is_counted() {
        assert_eq!(report().counts(), "1 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn the_table_has_a_line_for_each_step() {
        let table = report().table();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("one     passed"), "{table}");
        assert!(lines[1].ends_with("3 things"), "{table}");
        assert!(lines[2].starts_with("second  SKIPPED"), "{table}");
        assert!(lines[3].contains("FAILED"), "{table}");
    }
}
