//! The table: a row for each core, a column for each check.

use super::cores::Core;
use super::job::{Check, Outcome};

/// The table, and below it what was skipped.
pub fn table(cores: &[&'static Core], checks: &[Check], outcomes: &[Outcome], skipped: &[String]) -> String {
    let mut rows = vec![head(checks)];
    for core in cores {
        let of_core: Vec<_> = outcomes.iter().filter(|outcome| outcome.core.name == core.name).collect();
        let mut row = vec![core.title.to_string()];
        row.extend(checks.iter().map(|&check| cell(check, &of_core)));
        // From 0: the sum of no numbers is -0.
        row.push(format!("{:.1}", of_core.iter().fold(0.0, |sum, outcome| sum + outcome.seconds)));
        rows.push(row);
    }
    let mut text = lines(&rows);
    for note in skipped {
        text += &format!("SKIPPED: {note}\n");
    }
    text
}

fn head(checks: &[Check]) -> Vec<String> {
    let mut head = vec!["core".to_string()];
    head.extend(checks.iter().map(|check| check.name().to_string()));
    head.push("seconds".to_string());
    head
}

fn cell(check: Check, outcomes: &[&Outcome]) -> String {
    let results: Vec<_> = outcomes.iter().filter(|outcome| outcome.check == check).map(|o| &o.result).collect();
    let failures = results.iter().filter(|result| result.is_err()).count();
    if results.is_empty() {
        "-".to_string()
    } else if failures > 0 {
        format!("FAILED {failures} of {}", results.len())
    } else {
        let count: u64 = results.iter().flat_map(|result| result.as_ref().ok()).map(|done| done.count).sum();
        format!("{count} {}", check.unit())
    }
}

fn lines(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> =
            row.iter().enumerate().map(|(i, cell)| format!("{cell:width$}", width = width(i))).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;
    use crate::qemu::job::Done;
    use anyhow::anyhow;

    fn outcome(check: Check, result: anyhow::Result<Done>) -> Outcome {
        Outcome { core: &CORES[0], check, name: String::new(), seconds: 0.5, result }
    }

    #[test]
    fn counts_are_summed_and_failures_shown() {
        let outcomes = [
            outcome(Check::Digest, Ok(Done::count(1))),
            outcome(Check::Digest, Ok(Done::count(1))),
            outcome(Check::Link, Ok(Done::count(1))),
            outcome(Check::Link, Err(anyhow!("broken"))),
        ];
        let checks = [Check::Digest, Check::Errors, Check::Link];
        let table = table(&[&CORES[0]], &checks, &outcomes, &["one thing".to_string()]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("core"), "{table}");
        let words: Vec<_> = lines[1].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, ["Cortex-M0", "2 equal", "-", "FAILED 1 of 2", "2.0"]);
        assert_eq!(lines[2], "SKIPPED: one thing");
    }
}
