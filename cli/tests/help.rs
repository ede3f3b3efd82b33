//! The help of every command has one form: a line that says what it does, usage, arguments, options, examples.

mod common;

use common::*;

/// The commands by their names; none is what stands without one.
const COMMANDS: [&str; 17] = [
    "",
    "run",
    "inspect",
    "budget",
    "train",
    "eval",
    "calibrate",
    "compare",
    "export",
    "convert",
    "corpus",
    "grammar",
    "pack",
    "unpack",
    "keygen",
    "sign",
    "verify",
];

/// Where every help has its parts; a command has those that it needs, in this order.
const PARTS: [&str; 4] = ["Usage:", "Commands:", "Arguments:", "Options:"];

fn help(command: &str, flag: &str) -> String {
    success(atome().args((!command.is_empty()).then_some(command)).arg(flag))
}

/// The headings of a help, in order.
fn headings(help: &str) -> Vec<&str> {
    // A sentence that ends in a colon is longer.
    let is_short = |line: &str| line.ends_with(':') && line.chars().count() < 30;
    let is_heading = |line: &&str| !line.starts_with(' ') && (line.starts_with("Usage:") || is_short(line));
    help.lines().filter(is_heading).map(|line| line.split_inclusive(':').next().unwrap()).collect()
}

#[test]
fn all_commands_are_here() {
    let top = help("", "--help");
    let list = top.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names[..names.len() - 1], COMMANDS[1..]);
    assert_eq!(names.last(), Some(&"help"));
    for line in list.lines() {
        assert!(line.chars().count() <= 120 && !line.ends_with('.'), "{line}");
    }
}

#[test]
fn every_help_has_the_same_form() {
    for (command, flag) in COMMANDS.into_iter().flat_map(|command| [(command, "-h"), (command, "--help")]) {
        let help = help(command, flag);
        let (what, rest) = help.split_once("\n\n").unwrap();
        let is_line = !what.contains('\n') && what.chars().count() <= 120 && what.starts_with(char::is_uppercase);
        assert!(is_line, "atome {command} {flag}: what it does: {what}");
        let found = headings(rest);
        let place = |heading: &str| PARTS.iter().position(|part| *part == heading).unwrap_or(PARTS.len());
        assert!(found.is_sorted_by_key(|heading| place(heading)), "atome {command} {flag}: {found:?}");
        for part in ["Usage:", "Options:"] {
            assert_eq!(found.iter().filter(|heading| **heading == part).count(), 1, "atome {command}: {found:?}");
        }
        assert_eq!(found.last(), Some(&"Examples:"), "atome {command} {flag}");
        let examples = rest.split_once("\nExamples:\n").unwrap().1;
        for example in examples.lines() {
            assert!(example.starts_with("  ") && example.contains("atome"), "atome {command} {flag}: {example}");
        }
        assert!(examples.contains(&format!("atome {command}")), "atome {command}: no example of it");
        if flag == "--help" {
            let wide = help.lines().find(|line| line.chars().count() > 120);
            assert_eq!(wide, None, "atome {command}");
        }
    }
}

#[test]
fn every_flag_says_what_it_is_for() {
    for command in COMMANDS {
        let help = help(command, "--help");
        let lines: Vec<&str> = help.lines().collect();
        let mut flags = 0;
        for (line, next) in lines.iter().zip(&lines[1..]) {
            let is_option = line.starts_with("  ") && line.trim_start().starts_with('-') && line.contains("--");
            let line = line.trim_start();
            if !is_option {
                continue;
            }
            flags += 1;
            // Where all of them are short, the words stand behind them.
            let words = line.split_once("  ").map_or(next.trim(), |(_, words)| words.trim());
            let is_told = words.starts_with(|c: char| c.is_uppercase() || c.is_numeric()) && !words.ends_with('.');
            assert!(is_told, "atome {command}: {line}: {words}");
        }
        assert!(flags > 0, "atome {command}");
    }
}

/// Of what is read: whoever meets one has been told.
#[test]
fn bounds_are_named() {
    for (command, bounds) in [
        ("corpus", &["1 GiB\nat most", "within an hour", "1 KiB a second"][..]),
        ("export", &["4 GiB at most", "4 MiB"]),
        ("inspect", &["1 GiB at most", "1,024 layers"]),
        ("run", &["1 GiB at most", "1 MiB"]),
        ("sign", &["1 GiB at most", "4 GiB", "64 KiB"]),
        ("train", &["4 GiB at most", "256 MiB"]),
    ] {
        let help = help(command, "--help");
        for bound in bounds {
            assert!(help.contains(bound), "atome {command}: {bound}");
        }
    }
}
