//! Tests of all commands of a room, for the programs of both: the help has one form, and a wrong command line is refused in
//! words before anything is done.

use xtask::chores::{self, Room};
use xtask::{options, workspace};

use super::{code, ROOM};

/// How many options take a number and a folder, at least.
const NUMBERS_AND_FOLDERS: (usize, usize) = match ROOM {
    Room::Everyday => (2, 3),
    Room::Laboratory => (6, 0),
};

/// The parts of a help, in their order; a command has those that it needs.
const PARTS: [&str; 4] = ["Usage:", "Commands:", "Arguments:", "Options:"];

/// Every help, by the command.
fn helps() -> Vec<(&'static str, String)> {
    let own = chores::of(ROOM).map(|chore| (chore.name, code(chore.name).expect(chore.name).help.to_string()));
    std::iter::once(("", chores::help())).chain(own).collect()
}

fn headings(help: &str) -> Vec<&str> {
    let is_short = |line: &str| line.ends_with(':') && line.len() < 30;
    let is_heading = |line: &&str| !line.starts_with(' ') && (line.starts_with("Usage:") || is_short(line));
    help.lines().filter(is_heading).map(|line| line.split_inclusive(':').next().unwrap()).collect()
}

#[test]
fn every_help_has_the_same_form() {
    for (command, help) in helps() {
        let (what, rest) = help.split_once("\n\n").unwrap();
        let is_line = !what.contains('\n') && what.len() <= 120 && what.ends_with('.');
        assert!(is_line, "{command}: what it does: {what}");
        let usage = format!("\n\nUsage: cargo xtask {}", if command.is_empty() { "<COMMAND>" } else { command });
        assert!(help.contains(&usage), "{command}: usage");
        let found = headings(rest);
        let place = |heading: &str| PARTS.iter().position(|part| *part == heading).unwrap_or(PARTS.len());
        assert!(found.is_sorted_by_key(|heading| place(heading)), "{command}: {found:?}");
        assert!(found.contains(&"Options:") && found.last() == Some(&"Examples:"), "{command}: {found:?}");
        assert!(help.contains("\n  -h, --help"), "{command}: -h");
        let examples = rest.split_once("\nExamples:\n").unwrap().1;
        let is_example = |line: &str| line.starts_with("  cargo ");
        assert!(examples.contains(&format!("  cargo xtask {command}")), "{command}: no example of it");
        assert!(examples.lines().all(is_example), "{command}: {examples}");
        let wide = help.lines().find(|line| line.chars().count() > 125);
        assert_eq!(wide, None, "{command}");
    }
}

#[test]
fn outputs_have_their_letter() {
    for (command, help) in helps() {
        let long = help.lines().filter(|line| line.trim_start().starts_with("--out "));
        assert_eq!(long.count(), 0, "{command}: -o, --out");
    }
}

/// What a command says of these words, which nothing may be done for.
fn refusal(words: &[&str]) -> String {
    let error = chores::dispatch(ROOM, code, lexopt::Parser::from_args(words)).expect_err(&words.join(" "));
    assert!(options::is_mistake(&error), "{words:?}: {error:#}");
    format!("{error:#}")
}

/// The options with such a value, of all commands.
fn with_value(value: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (command, help) in helps().into_iter().skip(1) {
        let options = help.split_once("\nOptions:\n").unwrap().1;
        for line in options.lines().take_while(|line| line.is_empty() || line.starts_with(' ')) {
            let line = line.trim_start();
            let long = line.starts_with('-').then(|| line.find("--")).flatten().map(|at| &line[at..]);
            let words: Vec<_> = long.into_iter().flat_map(str::split_whitespace).take(2).collect();
            if let [name, of] = words[..] {
                found.extend((of == value).then(|| (command, name.to_string())));
            }
        }
    }
    found
}

#[test]
fn every_number_outside_its_range_is_refused_by_its_option() {
    let numbers = with_value("N");
    assert!(numbers.len() >= NUMBERS_AND_FOLDERS.0, "{numbers:?}: does the help look different?");
    for (command, option) in numbers {
        for value in ["-5", "1e6", "1.5", "abc", "nan", "", "99999999999999999999999"] {
            for words in [&[command, &option, value][..], &[command, &format!("{option}={value}")]] {
                let text = refusal(words);
                let shown = if value.is_empty() { "''" } else { value };
                assert!(
                    text.starts_with(&format!("{option} {shown}: expected a whole number from ")),
                    "{words:?}: {text}"
                );
            }
        }
        let text = refusal(&[command, &option]);
        assert!(text.starts_with(&format!("{option}: expected a whole number from ")), "{command}: {text}");
    }
}

#[test]
fn every_folder_that_cannot_be_one_is_refused_by_its_option() {
    let folders = with_value("FOLDER");
    assert!(folders.len() >= NUMBERS_AND_FOLDERS.1, "{folders:?}: does the help look different?");
    let file = workspace::root().join("Cargo.toml/x").display().to_string();
    for (command, option) in folders {
        for (value, expected) in [("-", "standard output is none"), ("", "expected the name"), (&file, "is no folder")]
        {
            let text = refusal(&[command, &option, value]);
            assert!(text.starts_with(&option) && text.contains(expected), "{command}: {text}");
        }
    }
}

#[test]
fn names_that_nobody_knows_are_answered_with_those_that_are() {
    for (words, expected) in [
        (&["jump"][..], "expected one of demo, test, lib"),
        (&["lib", "--profile", "fast"], "--profile fast: expected one of usual, size, speed"),
        (&["lib", "--profile"], "--profile: expected one of usual, size, speed"),
        (&["lib", "--features", "fast"], "--features fast: expected system-libm"),
        (&["lib", "--target", ""], "--target '': expected the Rust name"),
        (
            &["lib", "--target", "foo"],
            "--target foo: unknown target: expected one of thumbv6m-none-eabi, thumbv7m-none",
        ),
        (&["lib", "--target", "wasm32-unknown-unknown"], "there is no archive for WebAssembly"),
        (&["dist", "--target", "foo"], "--target foo: expected host or one of x86_64"),
        (&["qemu", "--core", "m1"], "--core m1: expected one of m0, m3"),
        (&["qemu", "--only", "x"], "--only x: expected one of digest, differential"),
        (&["qemu", "--profile", "fast"], "--profile fast: expected one of usual, size, speed"),
        (&["test", "jump"], "no step has `jump` in its name (cargo xtask test --list)"),
        (&["fuzz", "jump"], "no target `jump`: expected model, integer, calls"),
        (&["model", "--score", "--check"], "--score --check: expected one of them"),
        (&["bench", "--quick", "--check"], "expected one of --quick"),
    ] {
        if words[0] != "jump" && code(words[0]).is_none() {
            continue;
        }
        let text = refusal(words);
        assert!(text.contains(expected), "{words:?}: {text}");
    }
    for chore in chores::of(ROOM) {
        let text = refusal(&[chore.name, "--no-such-option"]);
        let expected = format!("'--no-such-option' (cargo xtask {} --help)", chore.name);
        assert!(text.contains(&expected), "{text}");
    }
}
