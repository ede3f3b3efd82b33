//! The threat model's promises and their tests: each row has one, and each that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::steps;
use crate::workspace;

const DOCUMENT: &str = "docs/threat-model.md";

/// A row of a table whose last column is "test".
struct Promise {
    line: usize,
    tests: Vec<String>,
}

/// The rows of all tables whose last heading is "test".
fn promises(text: &str) -> Vec<Promise> {
    let (mut found, mut is_ours) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            is_ours = false;
            continue;
        };
        let last = row.rsplit('|').next().unwrap_or_default().trim();
        if last == "test" {
            is_ours = true;
        } else if is_ours && !last.starts_with("---") {
            let tests = last.split('`').skip(1).step_by(2).map(String::from).collect();
            found.push(Promise { line: index + 1, tests });
        }
    }
    found
}

/// Names of all functions behind `#[test]` in the workspace.
fn test_functions(folder: &Path, names: &mut BTreeSet<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            test_functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(tests_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Those in one file: other attributes may stand before and behind `#[test]`, and one that is ignored runs in no gate.
fn tests_of(source: &str) -> Vec<String> {
    let (mut found, mut is_test, mut is_ignored) = (Vec::new(), false, false);
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            is_test |= line == "#[test]";
            is_ignored |= line.starts_with("#[ignore");
            continue;
        }
        match line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
            Some((name, _)) if is_test && !is_ignored => found.push(name.to_string()),
            _ => {}
        }
        (is_test, is_ignored) = (false, false);
    }
    found
}

/// Why a test that a row names is none; `None` where it is one.
fn fault(test: &str, functions: &BTreeSet<String>, steps: &BTreeSet<String>) -> Option<String> {
    let is_there = if let Some(step) = test.strip_prefix("cargo xtask test ") {
        steps.contains(step)
    } else if let Some(check) = test.strip_prefix("cargo xtask qemu --only ") {
        check == "signed"
    } else {
        functions.contains(test)
    };
    (!is_there).then(|| format!("`{test}` is no test"))
}

#[test]
fn every_promise_names_its_test() {
    let text = fs::read_to_string(workspace::root().join(DOCUMENT)).unwrap();
    let mut functions = BTreeSet::new();
    test_functions(workspace::root(), &mut functions);
    let steps = steps().into_iter().map(|step| step.name).collect();
    let promises = promises(&text);
    let faults: Vec<String> = promises
        .iter()
        .flat_map(|promise| {
            let none = promise.tests.is_empty().then(|| "a promise without a test".to_string());
            let faults = promise.tests.iter().filter_map(|test| fault(test, &functions, &steps)).chain(none);
            faults.map(|fault| format!("{DOCUMENT}:{}: {fault}", promise.line)).collect::<Vec<_>>()
        })
        .collect();
    assert!(promises.len() > 20, "{} promises: do the tables look different?", promises.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_missing_test_is_found() {
    let text = "| who | may |\n|---|---|\n| a | b |\n\n| whatever | test |\n|---|---|\n| it holds | `one`, `two` |\n| or not | |\n";
    let found = promises(text);
    assert_eq!(found.iter().map(|promise| (promise.line, promise.tests.len())).collect::<Vec<_>>(), [(7, 2), (8, 0)]);
    let source = "#[test]\n#[should_panic]\nfn one() {}\nfn two() {}\n#[test]\n#[ignore = \"long\"]\nfn three() {}\n\
                  #[ignore]\n#[test]\nfn four() {}\n#[cfg_attr(miri, ignore)]\n#[test]\nfn five() {}\n#[test]\nfn six() {}\n";
    let functions = tests_of(source).into_iter().collect();
    for test in ["one", "five", "six"] {
        assert_eq!(fault(test, &functions, &BTreeSet::new()), None);
    }
    for test in ["two", "three", "four"] {
        assert_eq!(fault(test, &functions, &BTreeSet::new()), Some(format!("`{test}` is no test")));
    }
    assert!(fault("cargo xtask test nothing", &functions, &BTreeSet::new()).is_some());
}
