//! Every flag of every command, as its help lists them: a value that is none of its own is refused before anything is
//! read or written, by the flag's name, the value and what is allowed.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::*;

/// The commands, with what they need to do something.
const CALLS: [&[&str]; 16] = [
    &[],
    &["run", "small.bin", "Hi"],
    &["inspect", "small.bin"],
    &["budget"],
    &["train", "--text", "story.txt", "--out", "new"],
    &["eval", "small.bin", "--text", "story.txt"],
    &["calibrate", "small.bin", "--text", "story.txt", "--out", "new"],
    &["compare", "--text", "story.txt", "--out", "new"],
    &["export", "model.safetensors", "--out", "new"],
    &["convert", "small.bin", "--format", "atome02", "--out", "new"],
    &["corpus", "story.txt", "--out", "new"],
    &["pack", "small.bin", "--attn-top-k", "4", "--max-seq", "8", "--out", "new"],
    &["unpack", "small.box", "--out", "new"],
    &["keygen", "new"],
    &["sign", "small.box", "--key", "maker.secret", "--out", "new"],
    &["verify", "small.box", "--key", "maker.pub"],
];

/// What the value of a flag is, by the name that its help gives to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    Real,
    /// A file or a folder to be read.
    Input,
    /// A file or a folder to be written.
    Output,
    /// One of a list, which the refusal shows.
    Choice,
    Text,
}

#[derive(Debug)]
struct Flag {
    name: String,
    kind: Kind,
}

/// The flags with a value in the help of a command.
fn flags(call: &[&str]) -> Vec<Flag> {
    let help = success(atome().args(call.first()).arg("--help"));
    let mut flags = Vec::new();
    for line in help.lines() {
        let line = line.trim_start();
        let Some(from) = line.starts_with('-').then(|| line.find("--")).flatten() else { continue };
        let Some((name, value)) = line[from..].split_once(' ') else { continue };
        let Some((value, _)) = value.strip_prefix('<').and_then(|rest| rest.split_once('>')) else { continue };
        flags.push(Flag { name: name.to_owned(), kind: kind(name, value) });
    }
    flags
}

fn kind(name: &str, value: &str) -> Kind {
    match (name, value) {
        (_, "N" | "K" | "KIB" | "BYTES" | "OFFSET") => Kind::Whole,
        (_, "T" | "P" | "RATE" | "B" | "W" | "WEIGHT" | "NORM" | "SHARE" | "DEGREES") => Kind::Real,
        (
            "--text" | "--pairs" | "--classes" | "--outside" | "--teacher" | "--init-from" | "--key" | "--checkpoint",
            "FILE",
        ) => Kind::Input,
        (_, "FILE" | "FOLDER") => Kind::Output,
        (_, "HOW" | "PLAN" | "FORMAT" | "MODEL" | "QUANTISER" | "INIT" | "PATHWAY" | "NAME" | "WHAT") => Kind::Choice,
        (_, "KEY=VALUE" | "NAMES" | "SET" | "ENCODING" | "IDENTIFIER" | "TEXT") => Kind::Text,
        _ => panic!("{name} <{value}>: say here what it is"),
    }
}

/// A folder with all that the calls name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    write(folder.path(), "story.txt", &b"A robot asks why. ".repeat(200));
    folder
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The refusal of a call with these words added; nothing is written.
fn refused(folder: &Path, call: &[&str], words: &[&str]) -> String {
    let before = names(folder);
    // A flag counts once; the one that the call has by itself goes.
    let mut call = call.to_vec();
    let name = words[0].split('=').next();
    if let Some(at) = call.iter().position(|word| Some(*word) == name) {
        call.drain(at..at + 2);
    }
    // A developer's setting must not put a backtrace behind a user's mistake.
    let mut command = atome();
    let message = failure(command.current_dir(folder).args(&call).args(words).env("RUST_BACKTRACE", "full"), 2);
    assert!(!message.contains("backtrace") && !message.contains("panicked"), "{call:?} {words:?}: {message}");
    assert_eq!(names(folder), before, "{call:?} {words:?}");
    message
}

#[test]
fn every_number_outside_its_range_is_refused_by_its_flag() {
    let folder = folder();
    let (mut numbers, mut refusals) = (0, 0);
    for call in CALLS {
        for flag in flags(call) {
            let wrong: &[&str] = match flag.kind {
                Kind::Whole => &["-5", "-1", "1e6", "1.5", "nan", "inf", "-inf", "abc", "", "99999999999999999999999"],
                Kind::Real if flag.name == "--max-temperature" => &["nan", "inf", "-inf", "1e999", "warm", "", "1,5"],
                Kind::Real => &["-5", "-0.1", "nan", "-nan", "inf", "-inf", "1e999", "abc", "", "1,5"],
                _ => continue,
            };
            numbers += 1;
            let name = flag.name.as_str();
            for value in wrong {
                for words in [[name, value].as_slice(), &[&format!("{name}={value}")]] {
                    let message = refused(folder.path(), call, words);
                    let has = |text: &str| message.contains(text);
                    let is_clear = has(&format!("'{name} <")) && has(&format!("'{value}'")) && has("expected ");
                    assert!(is_clear, "{call:?} {words:?}: {message}");
                    refusals += 1;
                }
            }
            let message = refused(folder.path(), call, &[name]);
            assert!(message.contains(name) && message.contains("expected "), "{call:?} {name}: {message}");
        }
    }
    // Those of the shape alone are 48.
    assert!(numbers > 80 && refusals > 1000, "{numbers} numbers, {refusals} refusals: does the help look different?");
}

#[test]
fn every_choice_lists_what_there_is() {
    let folder = folder();
    for call in CALLS {
        for flag in flags(call).iter().filter(|flag| flag.kind == Kind::Choice) {
            let message = refused(folder.path(), call, &[&flag.name, "jumps"]);
            let is_clear = message.contains("'jumps'") && message.contains(&flag.name);
            assert!(is_clear && message.contains("possible values: "), "{call:?} {flag:?}: {message}");
        }
    }
    for (call, words, expected) in [
        (CALLS[7], ["--variants", "jumps"], "--variants: \"jumps\" is no variant, expected `all` alone or some of"),
        (CALLS[11], ["--note", "jumps"], "'jumps' for '--note <KEY=VALUE>': expected KEY=VALUE"),
    ] {
        let message = refused(folder.path(), call, &words);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn bounds_are_those_of_each_flag() {
    let folder = folder();
    let run = CALLS[1];
    let train = CALLS[4];
    let cases: [(&[&str], &[&str], &str); 12] = [
        (run, &["-n", "-5"], "'-5' for '--tokens <N>': expected a whole number from 1 to 4294967295"),
        (run, &["-n", "0"], "'0' for '--tokens <N>': expected a whole number from 1 to 4294967295"),
        (run, &["--seed", "-1"], "'-1' for '--seed <N>': expected a whole number from 0 to 18446744073709551615"),
        (run, &["--n-pathways", "9"], "'9' for '--n-pathways <N>': expected a whole number from 3 to 8"),
        (run, &["--top-p", "1.1"], "'1.1' for '--top-p <P>': expected a number above 0 and at most 1"),
        (run, &["-t", "-1"], "'-1' for '--temperature <T>': expected a number from 0 on"),
        (train, &["--lr", "nan"], "'nan' for '--lr <RATE>': expected a number above 0"),
        (train, &["--train-share", "2"], "'2' for '--train-share <SHARE>': expected a number above 0 and at most 1"),
        (train, &["--steps", "0"], "'0' for '--steps <N>': expected a whole number from 1 to 4294967295"),
        (train, &["--vocab", "300"], "'300' for '--vocab <N>': expected a whole number from 1 to 256"),
        (train, &["--beta1", "1"], "'1' for '--beta1 <B>': expected a number from 0 on and below 1"),
        (CALLS[11], &["--alignment", "24"], "'24' for '--alignment <BYTES>': expected a power of 2 from 1 to 4096"),
    ];
    for (call, words, expected) in cases {
        let message = refused(folder.path(), call, words);
        assert!(message.contains(expected), "{call:?} {words:?}: {message}");
    }
}

#[test]
fn attention_s_top_k_has_one_name_everywhere() {
    let folder = folder();
    for call in CALLS {
        let has = |wanted: &str| flags(call).iter().any(|flag| flag.name == wanted);
        assert_eq!(has("--top-k"), has("--top-p"), "{call:?}: --top-k is for drawing tokens");
    }
    for call in [2, 3, 4, 5, 6, 8, 9, 11].map(|index| CALLS[index]) {
        let message = refused(folder.path(), call, &["--top-k", "4"]);
        assert!(message.contains("'--top-k' found") && message.contains("'--attn-top-k' is"), "{call:?}: {message}");
    }
}

#[test]
fn outputs_and_formats_have_their_letters() {
    for call in CALLS {
        let help = success(atome().args(call.first()).arg("--help"));
        for flag in flags(call) {
            let short = match flag.name.as_str() {
                "--out" => "-o, --out <",
                "--format" => "-f, --format <",
                _ => continue,
            };
            assert!(help.contains(short), "{call:?}: {}", flag.name);
        }
    }
}
