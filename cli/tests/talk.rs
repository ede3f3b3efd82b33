//! Plain `atome`: the default model in a pipe.

mod common;

use common::{atome, failure, stderr, stdout, success, with_input};
use serde_json::Value;

const QUESTIONS: &[u8] = b"How do I unlock it?\n\nmake it 21 degrees\r\n";

#[test]
fn a_pipe_gets_one_answer_a_line() {
    let output = with_input(atome().arg("-q"), QUESTIONS);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), "Enter 0000.\n{\"temp\":21}\n");
    assert_eq!(stderr(&output), "");
}

#[test]
fn bars_and_shares_come_with_each_answer() {
    let output = with_input(&mut atome(), QUESTIONS);
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stdout(&output));
    let notes = stderr(&output);
    assert_eq!(notes.matches("router entropy over").count(), 2, "{notes}");
    assert!(notes.contains("sparse") && notes.contains('|'), "{notes}");
}

#[test]
fn json_says_how_sure_an_answer_is() {
    let output = with_input(atome().arg("--json"), b"turn on eco mode\nwho painted the mona lisa\n\xff\xfe\n");
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["answer"], "{\"eco\":\"on\"}");
    assert_eq!((&lines[0]["sure"], &lines[0]["doubt"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(lines[1]["sure"], false);
    assert!(lines[1]["doubt"].as_str().unwrap().contains("question"));
    assert!(lines[1]["signals"]["question_nats"].as_f64() > lines[0]["signals"]["question_nats"].as_f64());
    assert_eq!(lines[0]["router"]["layers"].as_array().unwrap().len(), 6);
}

#[test]
fn an_unsure_answer_is_marked_unless_only_answers_are_wanted() {
    let question = b"who painted the mona lisa\n";
    assert!(stdout(&with_input(&mut atome(), question)).contains("  [unsure: "));
    assert!(!stdout(&with_input(atome().arg("-q"), question)).contains("unsure"));
}

#[test]
fn draws_repeat_with_their_seed() {
    let questions = b"who painted the mona lisa\nhow far is the moon\nwhere were you born\n";
    let with_seed = |seed: &str| stdout(&with_input(atome().args(["-q", "-t", "2", "--seed", seed]), questions));
    assert_eq!(with_seed("1"), with_seed("1"));
    assert_ne!(with_seed("1"), with_seed("2"));
}

#[test]
fn nothing_to_read_is_no_mistake_and_wrong_options_are() {
    assert_eq!(success(&mut atome()), "");
    failure_names(&["--temperature", "-1"], "--temperature");
    failure_names(&["--top-p", "0"], "--top-p");
    failure_names(&["--top-k", "0"], "--top-k");
    let long = vec![b'a'; 5000];
    let output = with_input(atome().arg("-q"), &[&long[..], b"\n"].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

fn failure_names(arguments: &[&str], name: &str) {
    let message = failure(atome().args(arguments), 2);
    assert!(message.contains(name), "{message}");
}
