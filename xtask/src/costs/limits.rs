//! Budgets: no figure of the archive may grow unnoticed.

use anyhow::{bail, Result};

use super::figures::{Figures, Record};
use super::{conditions, running};

/// Per cent that a figure may grow.
const LIMIT: u64 = 3;

/// Checks every figure that has a limit against the recorded one.
///
/// # Errors
/// All that grew too far or were never recorded, and how to accept them.
pub fn check(figures: &Figures, recorded: &Record) -> Result<()> {
    let faults = faults(figures, &recorded.figures);
    if faults.is_empty() {
        return Ok(());
    }
    let mut other_tools = String::new();
    for (tool, version) in conditions::all()? {
        let before = recorded.conditions.get(&tool);
        if before.is_some_and(|before| *before != version) {
            other_tools += &format!("\n  {tool}: {version}, recorded with {}", before.map_or("", String::as_str));
        }
    }
    bail!(
        "costs grew by more than {LIMIT} % over qemu/costs.json:\n  {}{other_tools}\n\
         To accept this: cargo xtask costs",
        faults.join("\n  ")
    )
}

/// How many figures have a limit.
pub fn limited(figures: &Figures) -> usize {
    figures.keys().filter(|name| is_limited(name)).count()
}

/// How many of those are exactly the recorded ones.
pub fn unchanged(figures: &Figures, recorded: &Record) -> usize {
    let is_same = |(name, now): &(&String, &u64)| recorded.figures.get(*name) == Some(*now);
    figures.iter().filter(|(name, _)| is_limited(name)).filter(is_same).count()
}

fn faults(figures: &Figures, recorded: &Figures) -> Vec<String> {
    let limited = figures.iter().filter(|(name, _)| is_limited(name));
    limited.filter_map(|(name, &now)| fault(name, now, recorded.get(name).copied())).collect()
}

fn fault(name: &str, now: u64, recorded: Option<u64>) -> Option<String> {
    match recorded {
        None => Some(format!("{name}: {now}, but nothing is recorded")),
        Some(before) if 100 * now > (100 + LIMIT) * before => Some(format!("{name}: {now}, recorded {before}")),
        Some(_) => None,
    }
}

/// What depends on the C reference or on the C toolchain's libraries alone is only reported.
fn is_limited(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let is_archive = parts.iter().any(|part| part.ends_with("portable") || part.ends_with("system"));
    let is_measured_here = match parts[..] {
        [_, what, _, _] if ["code", "ram"].contains(&what) => true,
        [_, "libraries", _, _] => false,
        [_, _, _, what] => running::is_measured(what),
        _ => false,
    };
    is_archive && is_measured_here
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "m3/code/portable/predict";
    const STACK: &str = "m3/small/lean portable/stack-predict";
    const RAM: &str = "m3/ram/system/all";

    fn faults_of(name: &str, before: u64, now: u64) -> Vec<String> {
        faults(&Figures::from([(name.to_string(), now)]), &Figures::from([(name.to_string(), before)]))
    }

    #[test]
    fn a_figure_that_grew_fails_by_its_name() {
        assert_eq!(faults_of(CODE, 1000, 1031), [format!("{CODE}: 1031, recorded 1000")]);
        assert_eq!(faults_of(STACK, 400, 416).len(), 1);
        // Nothing may become something.
        assert_eq!(faults_of(RAM, 0, 4).len(), 1);
    }

    #[test]
    fn a_figure_within_its_limit_passes() {
        assert!(faults_of(CODE, 1000, 1030).is_empty());
        assert!(faults_of(STACK, 400, 100).is_empty());
        assert!(faults_of(RAM, 0, 0).is_empty());
    }

    #[test]
    fn the_error_says_how_to_accept_it() {
        let recorded = Record { conditions: Default::default(), figures: Figures::from([(CODE.to_string(), 1000)]) };
        let error = check(&Figures::from([(CODE.to_string(), 2000)]), &recorded).unwrap_err().to_string();
        assert!(error.contains(CODE) && error.contains("To accept this: cargo xtask costs"), "{error}");
    }

    #[test]
    fn a_figure_that_was_never_recorded_fails() {
        assert_eq!(faults(&Figures::from([(CODE.to_string(), 1)]), &Figures::new()).len(), 1);
    }

    #[test]
    fn what_others_cost_has_no_limit() {
        for name in ["m3/code/C -Os/predict", "m3/libraries/system/predict", "m3/small/C -O2/first", "file/small"] {
            assert!(faults_of(name, 100, 200).is_empty(), "{name}");
        }
        for name in [
            CODE,
            STACK,
            RAM,
            "m0/small/cached system/token",
            "m0/small/lean portable/state",
            "m0/code/speed system/all",
            "m0/small/cached speed portable/after-8",
        ] {
            assert!(is_limited(name), "{name}");
        }
    }
}
