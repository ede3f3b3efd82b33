//! Prompts and answers: training, scores, export, and the answers of the model file.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{atome, failure, json, stderr, stdout, success, with_input, write};

/// Two commands, given in a few ways.
fn pairs() -> String {
    let mut text = String::from("id,prompt,answer\n");
    for (index, room) in ["hall", "attic", "garden", "cellar"].iter().enumerate() {
        for way in ["{} light on", "Make the {} bright", "{} light off", "make the {} dark"] {
            let is_on = way.contains("on") || way.contains("bright");
            text += &format!("{index},{},\"{{\"\"on\"\":{}}}\"\n", way.replace("{}", room), u8::from(is_on));
        }
    }
    text
}

fn train(folder: &Path, arguments: &[&str]) -> Command {
    let mut call = atome();
    call.current_dir(folder).args(["train", "--out", "m.safetensors", "--d-model", "32", "--n-layers", "2"]);
    call.args(arguments);
    call
}

#[test]
fn a_table_becomes_a_model_that_answers() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pairs.csv", pairs().as_bytes());
    let trained = json(&mut train(folder.path(), &["--pairs", "pairs.csv", "--steps", "300", "-q"]));
    assert_eq!((&trained["pairs"]["pairs"], &trained["pairs"]["held_out"]), (&2.into(), &true.into()));

    let again = |arguments: &[&str]| {
        let mut call = atome();
        json(call.current_dir(folder.path()).args(["eval", "m.safetensors", "--pairs", "pairs.csv"]).args(arguments))
    };
    let held_out = again(&["--held-out", "--threads", "1"]);
    for key in ["right", "wrong_and_sure", "least_probability", "mean_probability_of_the_right_answer"] {
        assert_eq!(held_out[key], trained["pairs"][key], "{key}");
    }
    let all = again(&[]);
    assert_eq!(all["pairs"], 16);
    assert!(all["right"].as_u64().unwrap() >= 12, "{all}");

    let export = ["export", "m.safetensors", "--out", "m.bin", "--sidecar", "--header", "m.h"];
    success(atome().current_dir(folder.path()).args(export));
    success(atome().current_dir(folder.path()).args(["export", "m.safetensors", "--out", "m.box", "--container"]));
    assert!(fs::read_to_string(folder.path().join("m.h")).unwrap().contains("M_DIALOGUE"));
    for model in ["m.bin", "m.box"] {
        let output =
            with_input(atome().current_dir(folder.path()).args(["run", model, "--json"]), b"GARDEN light on!\n");
        let line: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(line["limits"]["least_probability"], trained["pairs"]["least_probability"], "{model}");
        let mut call = atome();
        let judged = json(call.current_dir(folder.path()).args(["eval", model, "--pairs", "pairs.csv"]));
        for key in ["right", "right_and_sure", "wrong_and_sure", "confusions"] {
            assert_eq!(judged[key], all[key], "{model} {key}");
        }
    }
    let table =
        success(atome().current_dir(folder.path()).args(["eval", "m.bin", "--pairs", "pairs.csv", "--integer"]));
    assert!(table.contains("right and sure") && table.contains("of the right answer, on average"), "{table}");
}

#[test]
fn neither_threads_nor_a_break_change_the_model() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pairs.csv", pairs().as_bytes());
    let bytes = |arguments: &[&str]| {
        let _ = fs::remove_file(folder.path().join("m.safetensors"));
        let mut fixed = vec!["--pairs", "pairs.csv", "--force", "-q"];
        fixed.extend(arguments);
        success(&mut train(folder.path(), &fixed));
        fs::read(folder.path().join("m.safetensors")).unwrap()
    };
    let whole = bytes(&["--steps", "12", "--threads", "1"]);
    assert_eq!(bytes(&["--steps", "12", "--threads", "3"]), whole);
    let ways = ["--steps", "12", "--lowest-lr", "0.001", "--warmup", "0"];
    let whole = bytes(&ways);
    let resume = |arguments: &[&str]| {
        let mut call = atome();
        call.current_dir(folder.path()).args(["train", "--out", "m.safetensors", "--resume", "-q"]).args(arguments);
        call
    };
    // At its end already: asked again, it is the same.
    success(&mut resume(&["--pairs", "pairs.csv"]));
    assert_eq!(fs::read(folder.path().join("m.safetensors")).unwrap(), whole);

    write(folder.path(), "others.csv", pairs().replace("dark", "gloomy").as_bytes());
    let message = failure(&mut resume(&["--pairs", "others.csv"]), 1);
    assert!(message.contains("others.csv") && message.contains("trained on another text"), "{message}");
    let message = failure(&mut resume(&["--text", "others.csv"]), 2);
    assert!(message.contains("expected --pairs"), "{message}");
    let message = failure(&mut resume(&["--pairs", "pairs.csv", "--slips", "0.7"]), 2);
    assert!(message.contains("another recipe: slips"), "{message}");
}

#[test]
fn mistakes_are_named_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pairs.csv", pairs().as_bytes());
    write(folder.path(), "short.csv", b"prompt,answer\na,b\nlonger prompt,\n");
    write(folder.path(), "greek.jsonl", "{\"prompt\":\"\u{3b1}\",\"answer\":\"\u{3b2}\"}\n".as_bytes());
    for (arguments, status, expected) in [
        (vec!["--pairs", "short.csv"], 1, "short.csv: line 3: the answer is empty"),
        (vec!["--pairs", "missing.csv"], 1, "missing.csv"),
        (vec!["--pairs", "pairs.csv", "--chunk", "20"], 1, "bytes with its frame, expected at most 20 (--chunk)"),
        (vec!["--pairs", "pairs.csv", "--normalise", "upper"], 2, "--normalise is \"upper\", expected names out of"),
        (vec!["--pairs", "greek.jsonl", "--vocab", "128"], 1, "greek.jsonl: --vocab"),
        (vec!["--pairs", "pairs.csv", "--text", "pairs.csv"], 2, "cannot be used with"),
        (vec!["--slips", "0.5", "--text", "pairs.csv"], 2, "--slips is for pairs: expected --pairs"),
        (vec!["--grammar", "auto", "--text", "pairs.csv"], 2, "--grammar is for pairs: expected --pairs"),
        (vec!["--pairs", "pairs.csv", "--swaps", "2"], 2, "expected a number from 0 to 1"),
        (vec!["--pairs", "pairs.csv", "--dropout", "1"], 2, "expected a number from 0 on and below 1"),
    ] {
        let message = failure(&mut train(folder.path(), &arguments), status);
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert!(!folder.path().join("m.safetensors").exists(), "{arguments:?}");
    }
    let output = atome().current_dir(folder.path()).args(["train", "--out", "x"]).output().unwrap();
    assert!(stderr(&output).contains("--text"), "{}", stderr(&output));
}

#[test]
fn other_languages_are_read_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "p.tsv", "prompt\tanswer\nÖffne das Fenster\tja\nschließe die Tür\tnein\n".as_bytes());
    success(&mut train(folder.path(), &["--pairs", "p.tsv", "--steps", "2", "-q", "--train-share", "1"]));
    success(atome().current_dir(folder.path()).args(["export", "m.safetensors", "--out", "m.bin", "--sidecar"]));
    let sidecar = fs::read_to_string(folder.path().join("m.bin.json")).unwrap();
    let sidecar: serde_json::Value = serde_json::from_str(&sidecar).unwrap();
    assert_eq!(
        (&sidecar["vocab_size"], &sidecar["dialogue"]["normalise"]),
        (&256.into(), &"blanks lower end-marks".into())
    );
    let mut call = atome();
    let message =
        failure(call.current_dir(folder.path()).args(["eval", "m.safetensors", "--pairs", "p.tsv", "--held-out"]), 1);
    assert!(message.contains("trained on all of its pairs"), "{message}");
}

/// Songs that are copied, more than a closed list has.
fn songs() -> String {
    let mut text = String::from("prompt,answer\n");
    let names = ["abba", "blur", "cream", "doors", "eagles", "faith", "garbage", "hole", "inxs", "jet", "kiss", "live"];
    for name in names {
        for (way, act) in [("please play some {} now", "play"), ("never let me hear {} again", "ban")] {
            text += &format!("{},\"{{\"\"{act}\"\":\"\"{name}\"\"}}\"\n", way.replace("{}", name));
        }
    }
    text
}

#[test]
fn what_the_model_will_see_is_shown_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "songs.csv", songs().as_bytes());
    write(folder.path(), "pairs.csv", pairs().as_bytes());
    let shown = |arguments: &[&str]| success(&mut train(folder.path(), arguments));
    let of_songs = |arguments: &[&str]| {
        let fixed = ["--pairs", "songs.csv", "--slips", "0", "--show-examples", "500"];
        shown(&[&fixed[..], arguments].concat())
    };
    let text = of_songs(&["--swaps", "1"]);
    let mut others = 0;
    for example in text.trim_end().split("\n\n") {
        let (prompt, answer) = example.split_once('\n').unwrap();
        let answer: serde_json::Value = serde_json::from_str(answer.strip_prefix("A: ").unwrap()).unwrap();
        let (act, song) = answer.as_object().unwrap().iter().next().unwrap();
        let song = song.as_str().unwrap();
        let way = if act == "play" { "please play some {} now" } else { "never let me hear {} again" };
        assert_eq!(prompt, format!("Q: {}", way.replace("{}", song)));
        others += usize::from(!songs().contains(&format!("{},\"", &prompt[3..])));
    }
    assert_eq!((text.matches("Q: ").count(), others), (500, 0));
    assert_eq!(of_songs(&["--swaps", "1"]), text);
    assert_ne!(of_songs(&[]), text);
    assert_eq!(of_songs(&["--swaps", "0"]), of_songs(&[]));
    assert!(of_songs(&["--drops", "1"]).lines().filter(|line| line.starts_with("Q: ")).all(|line| {
        let words = line.split(' ').count();
        words == 5 || words == 6
    }));
    // Where nothing is copied, nothing can be exchanged.
    let lamps = ["--pairs", "pairs.csv", "--slips", "0", "--show-examples", "9", "--swaps", "1"];
    let (lamps, there) = (shown(&lamps), pairs().to_lowercase());
    let mut prompts = lamps.lines().filter_map(|line| line.strip_prefix("Q: "));
    assert!(lamps.matches("Q: ").count() == 9 && prompts.all(|prompt| there.contains(prompt)), "{lamps}");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name.to_string_lossy().ends_with(".csv")), "{names:?}");
}

#[test]
fn a_training_with_changes_and_a_mean_goes_on_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "songs.csv", songs().as_bytes());
    let model = folder.path().join("m.safetensors");
    let recipe = ["--pairs", "songs.csv", "-q", "--swaps", "0.5", "--drops", "0.2", "--dropout", "0.1"];
    // A rate that does not depend on how many steps there will be.
    let more =
        ["--label-smoothing", "0.05", "--average", "0.9", "--lr", "0.001", "--lowest-lr", "0.001", "--warmup", "0"];
    let steps = |count: &str, threads: &str, how: &str| {
        let all = [&recipe[..], &more[..], &["--steps", count, "--threads", threads, how]].concat();
        success(&mut train(folder.path(), &all));
        fs::read(&model).unwrap()
    };
    let whole = steps("9", "1", "--force");
    assert!(steps("9", "3", "--force") == whole, "another number of threads");
    assert!(steps("5", "1", "--force") != whole);
    assert!(steps("9", "2", "--resume") == whole, "gone on with");
    let mut call = atome();
    call.current_dir(folder.path()).args(["train", "--out", "m.safetensors", "--resume", "-q"]);
    let message = failure(call.args(["--pairs", "songs.csv", "--average", "0.5"]), 2);
    assert!(message.contains("another recipe: average"), "{message}");
    success(atome().current_dir(folder.path()).args(["export", "m.safetensors", "--out", "m.bin", "--sidecar"]));
}

#[test]
fn a_grammar_of_the_pairs_goes_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "songs.csv", songs().as_bytes());
    let arguments = ["--pairs", "songs.csv", "--steps", "30", "--grammar", "auto"];
    let trained = json(&mut train(folder.path(), &arguments));
    let judge = |model: &str, arguments: &[&str]| {
        let mut call = atome();
        json(call.current_dir(folder.path()).args(["eval", model, "--pairs", "songs.csv"]).args(arguments))
    };
    let held_out = judge("m.safetensors", &["--held-out"]);
    assert_eq!(held_out["confusions"], trained["pairs"]["confusions"]);
    // A model that has learnt next to nothing: the answers are whole all the same.
    let is_one = |answer: &str| {
        let value: serde_json::Value = serde_json::from_str(answer).unwrap();
        ["play", "ban"].iter().any(|act| value[act].is_string())
    };
    let all = judge("m.safetensors", &[]);
    let wrong = all["confusions"].as_array().unwrap();
    assert!(!wrong.is_empty() && wrong.iter().all(|wrong| is_one(wrong["answer"].as_str().unwrap())), "{all}");
    let note = stderr(
        &atome().current_dir(folder.path()).args(["export", "m.safetensors", "--out", "m.bin"]).output().unwrap(),
    );
    assert!(note.contains("its grammar goes with a container alone"), "{note}");
    success(atome().current_dir(folder.path()).args(["export", "m.safetensors", "--out", "m.box", "--container"]));
    assert_eq!(judge("m.box", &[])["confusions"], all["confusions"]);
    let output = with_input(atome().current_dir(folder.path()).args(["run", "m.box", "--json"]), b"play fish loud\n");
    let line: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(is_one(line["answer"].as_str().unwrap()), "{line}");
    // Too many different texts for a table: the training is worth as much without it, and says why.
    let mixed = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<String> = (0..3000).map(|n| format!("say {n},{:016x}\n", mixed(n))).collect();
    write(folder.path(), "texts.csv", format!("prompt,answer\n{}", texts.concat()).as_bytes());
    let arguments = ["--pairs", "texts.csv", "--steps", "1", "--grammar", "auto", "--force"];
    let output = train(folder.path(), &arguments).output().unwrap();
    assert!(output.status.success() && stderr(&output).contains("note: --grammar: there is none: "), "{output:?}");
}
