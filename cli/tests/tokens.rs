//! Subword tokens: training, judging, export, and models that speak in them.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::training::text;
use common::{atome, failure, json, success, with_input, write};

const TEXT: &str = "the lamp in the hall is on. the lamp in the attic is off. who is in the hall?\n";

fn call(folder: &Path, arguments: &[&str]) -> Command {
    let mut call = atome();
    call.current_dir(folder).args(arguments);
    call
}

fn train(folder: &Path, arguments: &[&str]) -> Command {
    let mut train = call(folder, &["train", "--out", "m.safetensors", "--n-layers", "1", "-q"]);
    train.args(arguments);
    train
}

/// Two commands, given in a few ways.
fn pairs() -> String {
    let mut text = String::from("prompt,answer\n");
    for room in ["hall", "attic", "garden", "cellar"] {
        for (way, is_on) in [("light on in the {}", 1), ("make the {} bright", 1), ("light off in the {}", 0)] {
            text += &format!("{},\"{{\"\"lamp\"\":{is_on}}}\"\n", way.replace("{}", room));
        }
    }
    text
}

#[test]
fn a_text_becomes_a_container_that_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    text(folder);
    let trained = json(&mut train(folder, &["--text", "story.txt", "--tokens", "270", "--steps", "40"]));
    let bits = trained["bits_per_byte"].as_f64().unwrap();
    assert!(bits < 8.0, "{trained}");
    let judged = json(&mut call(folder, &["eval", "m.safetensors", "--text", "story.txt", "--held-out"]));
    assert!((judged["bits_per_byte"].as_f64().unwrap() - bits).abs() < 0.01 * bits, "{judged}");
    assert!(judged["tokens"].as_u64().unwrap() * 3 < judged["bytes"].as_u64().unwrap() * 2, "{judged}");

    let refused = failure(&mut call(folder, &["export", "m.safetensors", "--out", "m.bin"]), 2);
    assert!(refused.contains("a vocabulary") && refused.contains("expected --container"), "{refused}");
    success(&mut call(folder, &["export", "m.safetensors", "--out", "m.box", "--container", "--header", "m.h"]));
    let bytes_for_tokens =
        failure(&mut call(folder, &["calibrate", "m.box", "--text", "story.txt", "--out", "found"]), 1);
    assert!(bytes_for_tokens.contains("m.box: has a vocabulary of subwords"), "{bytes_for_tokens}");
    assert!(fs::read_to_string(folder.join("m.h")).unwrap().contains("#define ATOME_VOCAB_SIZE 270"));
    let seen = json(&mut call(folder, &["inspect", "m.box"]));
    assert_eq!(seen["container"]["parts"][0]["part"], "vocabulary");
    assert_eq!((&seen["container"]["tokens_are_bytes"], &seen["shape"]["vocab_size"]), (&false.into(), &270.into()));
    assert!(success(&mut call(folder, &["inspect", "m.box"])).contains("with a vocabulary of "));

    // The container is judged as the checkpoint it was made of, by the exact arithmetic.
    let of = |model: &str| {
        let judged = json(&mut call(folder, &["eval", model, "--text", "story.txt", "--windows", "9"]));
        [judged["bits_per_byte"].clone(), judged["bytes"].clone()]
    };
    assert_eq!(of("m.box"), of("m.safetensors"));
    let said = json(&mut call(folder, &["run", "m.box", "the robot", "-n", "5"]));
    let (tokens, continued) = (said["tokens"].as_array().unwrap(), said["text"].as_str().unwrap());
    assert!(tokens.len() == 5 && !continued.contains('<'), "{said}");
    let raw = success(&mut call(folder, &["run", "m.box", "the robot", "-n", "5", "--raw", "-q"]));
    assert_eq!(raw, continued);

    // What changes the weights' format keeps the vocabulary, or says that it cannot.
    success(&mut call(folder, &["convert", "m.box", "--format", "atome02", "--container", "--out", "two.box"]));
    assert_eq!(of("two.box"), of("m.box"));
    let refused = failure(&mut call(folder, &["convert", "m.box", "--format", "atome02", "--out", "two.bin"]), 1);
    assert!(refused.contains("m.box: has a vocabulary") && refused.contains("--container"), "{refused}");
    assert!(success(&mut call(folder, &["unpack", "m.box", "--out", "m.bin"])).contains("left out the vocabulary ("));
}

#[test]
fn neither_threads_nor_a_break_change_the_model_and_fine_tuning_keeps_the_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "story.txt", TEXT.repeat(100).as_bytes());
    let trained = |arguments: &[&str]| {
        success(&mut train(folder, &[&["--text", "story.txt"][..], arguments].concat()));
        fs::read(folder.join("m.safetensors")).unwrap()
    };
    let begun = ["--tokens", "270", "--published", "--force"];
    let whole = trained(&[&begun[..], &["--steps", "12", "--threads", "1"]].concat());
    trained(&[&begun[..], &["--steps", "5", "--threads", "2"]].concat());
    assert!(trained(&["--resume", "--steps", "12"]) == whole, "another model");
    let refused = failure(&mut train(folder, &["--text", "story.txt", "--resume", "--tokens", "271"]), 2);
    assert!(refused.contains("tokens 271 instead of 270"), "{refused}");

    fs::rename(folder.join("m.safetensors"), folder.join("base.safetensors")).unwrap();
    write(folder, "other.txt", "another text of other words, again and again.\n".repeat(100).as_bytes());
    let from = ["--text", "other.txt", "--init-from", "base.safetensors", "--steps", "2", "--force"];
    let refused = failure(&mut train(folder, &[&from[..], &["--tokens", "300"]].concat()), 2);
    assert!(refused.contains("--tokens is 300, and base.safetensors has a vocabulary of 270 tokens"), "{refused}");
    success(&mut train(folder, &from));
    success(&mut call(folder, &["export", "m.safetensors", "--out", "m.box", "--container"]));
    success(&mut call(folder, &["export", "base.safetensors", "--out", "base.box", "--container"]));
    let part = |name: &str| {
        let file = fs::read(folder.join(name)).unwrap();
        let container = atome_engine::container::Container::open(&file).unwrap();
        container.part(atome_engine::container::PartKind::VOCABULARY).unwrap().to_vec()
    };
    assert_eq!(part("m.box"), part("base.box"));
}

#[test]
fn pairs_are_answered_in_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "pairs.csv", pairs().as_bytes());
    let trained =
        json(&mut train(folder, &["--pairs", "pairs.csv", "--tokens", "300", "--steps", "200", "--d-model", "32"]));
    let held_out = json(&mut call(folder, &["eval", "m.safetensors", "--pairs", "pairs.csv", "--held-out"]));
    for key in ["right", "least_probability", "mean_probability_of_the_right_answer"] {
        assert_eq!(held_out[key], trained["pairs"][key], "{key}");
    }
    let all = json(&mut call(folder, &["eval", "m.safetensors", "--pairs", "pairs.csv"]));
    assert!(all["right"].as_u64().unwrap() >= 9, "{all}");
    success(&mut call(folder, &["export", "m.safetensors", "--out", "m.box", "--container", "--header", "m.h"]));
    let header = fs::read_to_string(folder.join("m.h")).unwrap();
    assert!(header.contains("for atome_answer_tokens.") && header.contains(", 271u, 10, "), "{header}");
    let judged = json(&mut call(folder, &["eval", "m.box", "--pairs", "pairs.csv"]));
    for key in ["right", "right_and_sure", "wrong_and_sure", "confusions"] {
        assert_eq!(judged[key], all[key], "{key}");
    }
    let output = with_input(&mut call(folder, &["run", "m.box", "--json"]), b"LIGHT on in the hall!\n");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(line["answer"].as_str().unwrap().starts_with("{\"lamp\":"), "{line}");
}

#[test]
fn what_has_no_tokens_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "story.txt", TEXT.repeat(30).as_bytes());
    for (arguments, expected, code) in [
        (&["--tokens", "256"][..], "--tokens", 2),
        (&["--tokens", "300", "--vocab", "128"], "cannot be used with", 2),
        (
            &["--tokens", "300", "--chunk", "60000"],
            "tokens make 0 chunks of 60000, expected a text of 120000 tokens",
            1,
        ),
    ] {
        let refused = failure(&mut train(folder, &[&["--text", "story.txt"][..], arguments].concat()), code);
        assert!(refused.contains(expected), "{refused}");
    }
}
