//! Grammars: checked, compiled, made of pairs, in containers, and kept by every command that answers.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{atome, failure, json, small_model, stderr, stdout, success, with_input, write};

const THERMOSTAT: &str = "# What a thermostat can do.
answer = '{\"temp\":' number(5..30) '}' | '{\"mode\":\"' mode '\"}'
mode = 'off' | 'night'
";

fn default_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/default.bin")
}

fn grammar(folder: &Path, arguments: &[&str]) -> Command {
    let mut call = atome();
    call.current_dir(folder).arg("grammar").args(arguments);
    call
}

/// Whether a line is what [`THERMOSTAT`] allows.
fn is_allowed(line: &str) -> bool {
    let temperature = line.strip_prefix("{\"temp\":").and_then(|rest| rest.strip_suffix('}')?.parse().ok());
    temperature.is_some_and(|degrees: u32| (5..=30).contains(&degrees))
        || ["{\"mode\":\"off\"}", "{\"mode\":\"night\"}"].contains(&line)
}

#[test]
fn a_grammar_is_checked_with_its_size_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "t.grammar", format!("{THERMOSTAT}spare = 'x'\n").as_bytes());
    let output = grammar(folder.path(), &["check", "t.grammar"]).output().unwrap();
    let text = stdout(&output);
    for expected in ["rules      3\n", "shortest   10 bytes\n", "longest    16 bytes\n", "examples   {\""] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(stderr(&output).contains("t.grammar: line 4, column 1: no answer needs the rule spare"));
    let facts = json(&mut grammar(folder.path(), &["check", "t.grammar"]));
    assert_eq!((&facts["longest"], &facts["unused"][0]), (&16.into(), &"spare".into()));
    let examples = facts["examples"].as_array().unwrap();
    assert!(examples.len() > 2 && examples.iter().all(|example| is_allowed(example.as_str().unwrap())), "{examples:?}");
}

#[test]
fn mistakes_name_the_file_the_line_and_the_column() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, expected) in [
        (&b"answer = lamp\nlamp = lamp 'x'\n"[..], "bad: line 2, column 8: lamp reaches itself (lamp -> lamp)"),
        (b"answer = 'a' | \n", "bad: line 2, column 1: found the end of the file, expected"),
        (b"answer = '\xff'", "bad: offset 10: is no UTF-8, expected a text"),
        (b"ATOMEGR1", "bad: line 1, column 9: found the end of the file, expected = behind"),
    ] {
        write(folder.path(), "bad", bytes);
        let message = failure(&mut grammar(folder.path(), &["check", "bad"]), 1);
        assert!(message.contains(expected), "{message}");
        let message = failure(&mut grammar(folder.path(), &["compile", "bad", "--out", "table"]), 1);
        assert!(message.contains(expected) && !folder.path().join("table").exists(), "{message}");
    }
    let message = failure(&mut grammar(folder.path(), &["check", "missing"]), 1);
    assert!(message.contains("missing"), "{message}");
    let message = failure(&mut grammar(folder.path(), &["compile", "bad"]), 2);
    assert!(message.contains("--out"), "{message}");
}

#[test]
fn a_table_is_written_as_a_file_and_as_an_array() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "t.grammar", THERMOSTAT.as_bytes());
    let all = ["compile", "t.grammar", "--out", "t.table", "--c-array", "t_table.c", "--header", "t_table.h"];
    success(&mut grammar(folder.path(), &all));
    let table = fs::read(folder.path().join("t.table")).unwrap();
    let array = fs::read_to_string(folder.path().join("t_table.c")).unwrap();
    let numbers: Vec<u8> = array.split("0x").skip(1).map(|byte| u8::from_str_radix(&byte[..2], 16).unwrap()).collect();
    assert_eq!(numbers, table);
    let declaration = format!("extern const uint8_t t_table[{}];", table.len());
    let header = fs::read_to_string(folder.path().join("t_table.h")).unwrap();
    assert!(header.contains(&declaration) && array.contains(&declaration) && header.starts_with("#ifndef T_TABLE_"));
    let message = failure(&mut grammar(folder.path(), &all), 1);
    assert!(message.contains("--force"), "{message}");
}

#[test]
fn every_command_that_answers_keeps_to_the_grammar() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "t.grammar", THERMOSTAT.as_bytes());
    success(&mut grammar(folder.path(), &["compile", "t.grammar", "--out", "t.table"]));
    let model = default_model();
    let model = model.to_str().unwrap();
    success(atome().current_dir(folder.path()).args(["pack", model, "--out", "t.box", "--grammar", "t.grammar"]));
    let questions = b"make it 21 degrees\nhow do i unlock it?\nwhat is the weather in paris\nswitch it off\n!\n";
    let calls: [&[&str]; 6] = [
        &["--grammar", "t.grammar"],
        &["run", model, "--grammar", "t.table"],
        &["run", model, "--grammar", "t.table", "--integer", "--plan", "lean"],
        &["run", "t.box"],
        &["run", "t.box", "-t", "2", "--seed", "5"],
        &["run", model, "--raw", "--grammar", "t.grammar", "-n", "30"],
    ];
    for call in calls {
        let mut command = atome();
        command.current_dir(folder.path()).args(call).args(["--json"]);
        let output = with_input(&mut command, questions);
        let answers: Vec<serde_json::Value> =
            stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 5, "{call:?}");
        for answer in &answers {
            let text = answer["answer"].as_str().unwrap();
            // The last question is none: end marks are dropped.
            assert!(is_allowed(text) || (text.is_empty() && answer["question"] == "!"), "{call:?}: {answer}");
        }
        if !call.contains(&"-t") && !call.contains(&"--raw") {
            assert_eq!(
                (&answers[0]["answer"], &answers[0]["sure"]),
                (&"{\"temp\":21}".into(), &true.into()),
                "{call:?}"
            );
        }
    }
    // A file that has no place for it is none to be had by the way.
    let refused = failure(atome().current_dir(folder.path()).args(["convert", "t.box", "--out", "t.bin"]), 1);
    assert!(refused.contains("t.box: has a grammar, which a plain model file has no place for"), "{refused}");
    write(folder.path(), "asked.tsv", b"how do i unlock it?\tEnter 0000.\nmake it 21 degrees\t{\"temp\":21}\n");
    let judged = json(atome().current_dir(folder.path()).args(["eval", "t.box", "--questions", "asked.tsv"]));
    let freely = json(atome().current_dir(folder.path()).args(["eval", model, "--questions", "asked.tsv"]));
    assert_eq!((&judged["right"], &freely["right"]), (&1.into(), &2.into()));
    // Without it, the model helps with words.
    let output = with_input(atome().arg("-q"), b"how do i unlock it?\n");
    assert!(!is_allowed(stdout(&output).trim_end()));
    let unboxed =
        with_input(atome().current_dir(folder.path()).args(["run", "t.box", "--raw", "-q", "-n", "9"]), b"Q: hi\nA: ");
    assert!(!stdout(&unboxed).contains("{\"temp\":"), "raw is raw");
}

#[test]
fn answers_of_pairs_are_counted_and_judged_by_a_grammar() {
    let folder = tempfile::tempdir().unwrap();
    let mut pairs = String::from("prompt,answer\n");
    for (degrees, words) in [(18, "make it"), (19, "set it to"), (20, "go to"), (21, "please make it"), (22, "heat to")]
    {
        pairs.push_str(&format!("{words} {degrees} degrees,\"{{\"\"temp\"\":{degrees}}}\"\n"));
    }
    write(folder.path(), "pairs.csv", pairs.as_bytes());
    let text = success(&mut grammar(folder.path(), &["from-pairs", "pairs.csv"]));
    assert_eq!(text, "answer =\n    '{\"temp\":' number(18..22) '}'\n");
    success(&mut grammar(folder.path(), &["from-pairs", "pairs.csv", "--out", "p.grammar"]));
    let checked = success(&mut grammar(folder.path(), &["check", "p.grammar", "--pairs", "pairs.csv"]));
    assert!(checked.contains("pairs      5 of 5 answers, 100"), "{checked}");

    let model = default_model();
    let mut call = atome();
    call.current_dir(folder.path()).args(["eval", model.to_str().unwrap(), "--pairs", "pairs.csv"]);
    let judged = json(call.args(["--grammar", "p.grammar"]));
    assert_eq!((&judged["pairs"], &judged["right"]), (&5.into(), &5.into()));

    write(folder.path(), "narrow.grammar", b"answer = '{\"temp\":' number(0..20) '}'");
    let output = grammar(folder.path(), &["check", "narrow.grammar", "--pairs", "pairs.csv"]).output().unwrap();
    assert!(stdout(&output).contains("{\"temp\":21}: byte 9 may not be there"), "{}", stdout(&output));
    assert!(stderr(&output).contains("2 of 5 answers are none of the grammar's"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
    let mut call = atome();
    call.current_dir(folder.path()).args(["eval", model.to_str().unwrap(), "--pairs", "pairs.csv"]);
    let output = call.args(["--grammar", "narrow.grammar"]).output().unwrap();
    assert!(stderr(&output).contains("note: 2 of 5 right answers are none of the grammar's"));
}

#[test]
fn a_grammar_that_does_not_suit_the_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = default_model();
    let model = model.to_str().unwrap();
    write(folder.path(), "line.grammar", b"answer = 'a\\n'");
    write(folder.path(), "long.grammar", b"answer = 'a'{999}");
    let small = small_model(folder.path());
    let small = small.to_str().unwrap();
    for (arguments, status, expected) in [
        (
            vec!["run", model, "hi", "--grammar", "line.grammar"],
            1,
            "the grammar has the byte 10, which the model has no token for or ends",
        ),
        (
            vec!["run", model, "hi", "--grammar", "long.grammar"],
            1,
            "long.grammar: its shortest answer has 999 bytes, expected at most",
        ),
        (vec!["pack", model, "--out", "x.box", "--grammar", "long.grammar"], 1, "its shortest answer has 999 bytes"),
        (vec!["run", model, "hi", "--stream", "--grammar", "line.grammar"], 2, "cannot be used with"),
        (vec!["eval", model, "--text", "x", "--grammar", "line.grammar"], 2, "cannot be used with"),
        (vec!["run", small, "hi", "--grammar", model], 1, "is no UTF-8"),
    ] {
        let message = failure(atome().current_dir(folder.path()).args(&arguments), status);
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    assert!(!folder.path().join("x.box").exists());
}
