//! Questions and answers in a pipe: plain `atome` with the default model, and `atome run` with any model that answers.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{atome, failure, json, stderr, stdout, success, with_input, write};
use serde_json::{json, Value};

const QUESTIONS: &[u8] = b"How do I unlock it?\n\nmake it 21 degrees\r\n";

/// The default model outside the program.
fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)
}

fn run(model: &Path) -> Command {
    let mut command = atome();
    command.arg("run").arg(model);
    command
}

#[test]
fn a_pipe_gets_one_answer_a_line() {
    for command in [&mut atome(), &mut run(&model("default.bin"))] {
        let output = with_input(command.arg("-q"), QUESTIONS);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output), "Enter 0000.\n{\"temp\":21}\n");
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn integers_give_these_answers_too() {
    for command in [&mut atome(), &mut run(&model("default.bin"))] {
        let output = with_input(command.args(["-q", "--integer"]), QUESTIONS);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output), "Enter 0000.\n{\"temp\":21}\n");
    }
    // The signals come from other bits.
    let signals = |arguments: &[&str]| {
        let output = with_input(atome().args(arguments), b"turn on eco mode\n");
        let line: Value = serde_json::from_str(&stdout(&output)).unwrap();
        line["signals"].clone()
    };
    assert_ne!(signals(&["--json", "--integer"]), signals(&["--json"]));
}

#[test]
fn router_bars_come_with_each_answer_where_they_are_asked_for() {
    let plain = with_input(&mut atome(), QUESTIONS);
    assert_eq!((stdout(&plain).as_str(), stderr(&plain).as_str()), ("Enter 0000.\n{\"temp\":21}\n", ""));
    let output = with_input(atome().arg("--bars"), QUESTIONS);
    assert_eq!(output.stdout, plain.stdout);
    let notes = stderr(&output);
    assert_eq!(notes.matches("router entropy over").count(), 2, "{notes}");
    assert!(notes.contains("sparse") && notes.contains('|') && notes.contains("surprise of the question"), "{notes}");
}

#[test]
fn json_says_how_sure_an_answer_is() {
    let output = with_input(atome().arg("--json"), b"turn on eco mode\nset night mode at 10 pm\n\xff\xfe\n?\n");
    assert!(output.status.success());
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["answer"], "{\"eco\":\"on\"}");
    assert_eq!((&lines[0]["sure"], &lines[0]["doubt"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(lines[0]["limits"], json!({ "most_question_nats": 1.682, "least_probability": 0.7104 }));
    let probability = lines[0]["probability"].as_f64().unwrap();
    assert!(
        probability > 0.9
            && probability <= 1.0
            && probability >= lines[0]["signals"]["least_probability"].as_f64().unwrap()
    );
    assert_eq!((&lines[1]["answer"], &lines[1]["sure"]), (&json!("{\"sub\":10}"), &Value::Bool(false)));
    assert!(lines[1]["doubt"].as_str().unwrap().contains("question"));
    assert!(lines[1]["signals"]["question_nats"].as_f64() > lines[0]["signals"]["question_nats"].as_f64());
    assert_eq!(lines[0]["router"]["layers"].as_array().unwrap().len(), 6);
    assert_eq!((&lines[3]["sure"], &lines[3]["probability"]), (&Value::Bool(false), &Value::Null));
}

#[test]
fn an_unsure_answer_is_never_taken_for_one() {
    let questions = b"set night mode at 10 pm\nmake it 21 degrees\nwho painted the mona lisa\n";
    for command in [atome, || run(&model("default.bin"))] {
        let output = with_input(command().arg("-q"), questions);
        assert_eq!((stdout(&output).as_str(), output.status.code()), ("\n{\"temp\":21}\n\n", Some(3)));
        let notes = stderr(&output);
        assert_eq!(notes.lines().count(), 2, "{notes}");
        assert!(notes.contains("\"set night mode at 10 pm\": the question is unlike"), "{notes}");

        let marked = with_input(&mut command(), questions);
        assert_eq!((stdout(&marked).matches("  [unsure: ").count(), marked.status.code()), (2, Some(3)));
        assert!(stdout(&marked).starts_with("{\"sub\":10}  [unsure: "), "{}", stdout(&marked));

        let guesses = with_input(command().args(["-q", "--show-unsure"]), questions);
        let text = stdout(&guesses);
        assert!(text.starts_with("unsure: {\"sub\":10}\n{\"temp\":21}\nunsure: "), "{text}");
        assert_eq!((text.lines().count(), guesses.status.code(), stderr(&guesses).as_str()), (3, Some(3), ""));
    }
}

#[test]
fn run_answers_a_bare_question_and_stops_where_the_answer_does() {
    let model = model("default.bin");
    for plan in ["lean", "cached"] {
        assert_eq!(success(run(&model).args(["  Make it   21 degrees!", "--plan", plan])), "{\"temp\":21}\n");
    }
    let output = run(&model).args(["who painted the mona lisa", "-q"]).output().unwrap();
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("\n", Some(3)));
    let cut = json(run(&model).args(["make it 21 degrees", "-n", "4"]));
    assert_eq!((&cut["answer"], &cut["doubt"]), (&json!("{\"te"), &json!("the answer has no end")));
    let long = json(run(&model).args(["make it 21 degrees", "--max-seq", "20"]));
    assert_eq!(long["doubt"], "the question is too long");
    assert_eq!(json(run(&model).arg("make it 21 degrees"))["router"]["positions"], 36);
    let message = failure(run(&model).args(["make it 21 degrees", "--stream"]), 2);
    assert!(message.contains("--stream") && message.contains("--raw"), "{message}");
}

#[test]
fn a_classifier_reads_the_bare_message_and_names_its_class() {
    let classifier = model("classifier.bin");
    for (message, class, name) in [("Turn on  eco mode!", 2, "switch"), ("how do i unlock it", 0, "question")] {
        let report = json(run(&classifier).arg(message));
        assert_eq!((&report["class"], &report["name"]), (&json!(class), &json!(name)));
        let table = success(run(&classifier).arg(message));
        assert!(table.lines().any(|line| line.ends_with(&format!("  {name}  <- winner"))), "{table}");
    }
}

#[test]
fn raw_text_goes_in_and_comes_out_as_it_is() {
    let raw = run(&model("default.bin")).args(["Q: make it 21 degrees\nA: ", "--raw", "-n", "12"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&raw.stdout), "{\"temp\":21}\n");
    let report = json(run(&model("default.bin")).args(["Q: make it 21 degrees\nA: ", "--raw", "-n", "20"]));
    assert!(report["text"].as_str().unwrap().starts_with("{\"temp\":21}\n"), "{report}");
    assert_eq!(report["tokens"].as_array().unwrap().len(), 20);
}

#[test]
fn how_a_model_is_asked_goes_where_the_model_goes() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(folder.path(), "plain.bin", &std::fs::read(model("default.bin")).unwrap());
    // Without a word of its files it continues text.
    let shape = ["--attn-top-k", "4", "--max-seq", "128"];
    let continued = success(run(&plain).args(shape).args(["Q: make it 21 degrees\nA: ", "-n", "12", "-q"]));
    assert_eq!(continued, "{\"temp\":21}\n\n");
    let [boxed, unpacked, smaller] = ["x.box", "unpacked.bin", "smaller.b3"].map(|name| folder.path().join(name));
    success(atome().arg("pack").arg(model("default.bin")).arg("--out").arg(&boxed));
    success(atome().arg("unpack").arg(&boxed).arg("--out").arg(&unpacked).arg("--sidecar"));
    success(atome().arg("convert").arg(&unpacked).args(["--format", "atome02", "--sidecar", "--out"]).arg(&smaller));
    for file in [&boxed, &unpacked, &smaller] {
        assert_eq!(success(run(file).arg("Make it 21 degrees!")), "{\"temp\":21}\n", "{}", file.display());
        assert_eq!(json(run(file).arg("boil an egg"))["sure"], false);
    }
    // A container that another one is made of keeps it, too.
    let again = folder.path().join("again.box");
    success(atome().arg("convert").arg(&boxed).args(["--format", "atome02", "--container", "--out"]).arg(&again));
    assert_eq!(success(run(&again).arg("Make it 21 degrees!")), "{\"temp\":21}\n");
}

#[test]
fn a_wrong_dialogue_is_named_by_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "m.bin", &std::fs::read(model("default.bin")).unwrap());
    let mut sidecar: Value = serde_json::from_slice(&std::fs::read(model("default.json")).unwrap()).unwrap();
    for (key, value, expected) in
        [("stop", json!("\n"), "expected a number"), ("normalise", json!("upper"), "expected names out of")]
    {
        sidecar["dialogue"][key] = value;
        write(folder.path(), "m.json", sidecar.to_string().as_bytes());
        let message = failure(run(&file).arg("hello"), 1);
        assert!(
            message.contains("m.json: dialogue") && message.contains(key) && message.contains(expected),
            "{message}"
        );
        success(run(&file).args(["hello", "--raw", "-n", "1"]));
        sidecar["dialogue"].as_object_mut().unwrap().remove(key);
    }
    // Nobody measured limits: no answer is called sure.
    sidecar["dialogue"] = json!({ "before": "Q: ", "after": "\nA: ", "stop": 10, "normalise": "lower end-marks" });
    write(folder.path(), "m.json", sidecar.to_string().as_bytes());
    let report = json(run(&file).arg("Make it 21 degrees."));
    assert_eq!(
        (&report["answer"], &report["sure"], &report["limits"]),
        (&json!("{\"temp\":21}"), &Value::Null, &Value::Null)
    );
}

#[test]
fn draws_repeat_with_their_seed() {
    let questions = b"who painted the mona lisa\nhow far is the moon\nwhere were you born\n";
    let with_seed =
        |seed: &str| stdout(&with_input(atome().args(["-q", "--show-unsure", "-t", "2", "--seed", seed]), questions));
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
    let output = with_input(&mut atome(), &[&long[..], b"\n"].concat());
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("[unsure: the question is too long]\n", Some(3)));
}

#[test]
fn what_the_default_model_says_it_knows_it_knows() {
    let sidecar: Value = serde_json::from_slice(&std::fs::read(model("default.json")).unwrap()).unwrap();
    let about = sidecar["dialogue"]["about"].as_str().unwrap();
    let examples: Vec<&str> = about.split('"').skip(1).step_by(2).collect();
    assert!(examples.len() >= 10, "{about}");
    let output = with_input(atome().arg("-q"), examples.join("\n").as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).lines().count() == examples.len(), "{}", stdout(&output));
}

fn failure_names(arguments: &[&str], name: &str) {
    let message = failure(atome().args(arguments), 2);
    assert!(message.contains(name), "{message}");
}

#[test]
fn eval_counts_right_answers_and_false_certainty() {
    let folder = tempfile::tempdir().unwrap();
    let questions =
        b"How do I unlock it?\tEnter 0000.\r\n\nmake it 21 degrees\t{\"temp\":22}\nset night mode at 10 pm\n";
    let file = write(folder.path(), "questions.tsv", questions);
    let eval = || {
        let mut command = atome();
        command.arg("eval").arg(model("default.bin")).arg("--questions").arg(&file);
        command
    };
    let report = json(&mut eval());
    let counted =
        ["questions", "right", "right_and_sure", "wrong_and_sure", "unsure"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(counted, [3, 1, 1, 1, 1]);
    let text = success(&mut eval());
    assert!(text.lines().any(|line| line.starts_with("wrong and sure") && line.ends_with("33.3%")), "{text}");
    let message = failure(eval().args(["--text", "x"]), 2);
    assert!(message.contains("--text") && message.contains("--questions"), "{message}");
    let plain = write(folder.path(), "plain.bin", &std::fs::read(model("default.bin")).unwrap());
    let message = failure(atome().arg("eval").arg(&plain).arg("--questions").arg(&file), 1);
    assert!(message.contains("how it is asked"), "{message}");
}
