//! The table: a row for each core and profile, a column for each check.

use super::check::Check;
use super::job::{Outcome, Subject};

/// The table, and below it what was skipped.
pub fn table(subjects: &[Subject], checks: &[Check], outcomes: &[Outcome], skipped: &[String]) -> String {
    let mut rows = vec![head(checks)];
    for subject in subjects {
        let of_row: Vec<_> = outcomes.iter().filter(|outcome| subject.has(outcome)).collect();
        let mut row = vec![subject.title()];
        row.extend(checks.iter().map(|&check| cell(check, &of_row)));
        // From 0: the sum of no numbers is -0.
        row.push(format!("{:.1}", of_row.iter().fold(0.0, |sum, outcome| sum + outcome.seconds)));
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
    use xtask::archive::Profile;

    const M0: Subject = Subject { core: &CORES[0], profile: Profile::Usual };

    fn outcome(check: Check, result: anyhow::Result<Done>) -> Outcome {
        Outcome { subject: M0, check, name: String::new(), seconds: 0.5, result }
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
        let table =
            table(&[M0, Subject { profile: Profile::Size, ..M0 }], &checks, &outcomes, &["one thing".to_string()]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("core"), "{table}");
        let words: Vec<_> = lines[1].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, ["Cortex-M0", "2 equal", "-", "FAILED 1 of 2", "2.0"]);
        assert!(lines[2].starts_with("Cortex-M0, size  -"), "{table}");
        assert_eq!(lines[3], "SKIPPED: one thing");
    }
}
