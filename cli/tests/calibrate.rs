//! `atome calibrate`.

mod common;

use std::fs;

use common::*;

#[test]
fn a_model_is_measured_on_its_text_and_on_others() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "story.txt", "A robot asks why. ".repeat(40).as_bytes());
    let other = write(folder.path(), "other.txt", "int x = 7; // {}\n".repeat(40).as_bytes());
    let calibrate = |threads: &str| {
        let mut call = atome();
        call.arg("calibrate").arg(&model).arg("--text").arg(&text).arg("--outside").arg(&other);
        call.arg("--out").arg(folder.path().join("out")).args(["--window", "32", "--from", "7", "--threads", threads]);
        call
    };
    let table = success(&mut calibrate("1"));
    assert!(table.contains("router entropy, layer 1") && table.contains("against other.txt (21 windows)"), "{table}");
    let saved = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    assert_eq!(saved("calibration.md"), table);
    assert_eq!(saved("tokens.svg").matches("<polyline").count(), 2);
    assert_eq!(saved("domains.svg").matches("<polyline").count(), 2);
    let found = json(&mut calibrate("2"));
    assert_eq!(saved("calibration.md"), table, "the number of threads changes something");

    assert!(found["digests"]["other.txt"].as_str().unwrap().starts_with("sha256:"), "{found}");

    // It predicts the bytes that eval predicts, and as well.
    let judged = json(atome().arg("eval").arg(&model).arg("--text").arg(&text).args(["--window", "32", "--from", "7"]));
    assert_eq!(found["bytes"], judged["bytes"]);
    let (loss, expected) = (found["loss"].as_f64().unwrap(), judged["nats_per_byte"].as_f64().unwrap());
    assert!((loss - expected).abs() < 1e-6, "{loss} {expected}");
}

#[test]
fn integers_are_measured_as_eval_measures_them() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "story.txt", "A robot asks why. ".repeat(40).as_bytes());
    let windows = ["--window", "32", "--from", "7"];
    let measured = |arguments: &[&str]| {
        let mut call = atome();
        call.arg("calibrate").arg(&model).arg("--text").arg(&text).args(windows).args(arguments);
        json(call.arg("--out").arg(folder.path().join("out")))
    };
    let (exact, integer) = (measured(&[]), measured(&["--integer"]));
    assert_eq!((&exact["arithmetic"], &integer["arithmetic"]), (&"exact".into(), &"integer".into()));
    assert_ne!(exact["loss"], integer["loss"]);
    let judged = json(atome().arg("eval").arg(&model).arg("--text").arg(&text).args(windows).arg("--integer"));
    let (loss, expected) = (integer["loss"].as_f64().unwrap(), judged["nats_per_byte"].as_f64().unwrap());
    assert!((loss - expected).abs() < 1e-6, "{loss} {expected}");
}

#[test]
fn what_a_short_text_cannot_tell_is_a_dash_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "story.txt", "A robot asks why. ".repeat(40).as_bytes());
    for (window, reason) in [("2", "a single byte has no correlation"), ("64", "one window gives no interval")] {
        let calibrate = || {
            let mut call = atome();
            call.arg("calibrate").arg(&model).arg("--text").arg(&text).arg("--outside").arg(&text);
            call.arg("--out").arg(folder.path()).args(["--windows", "1", "--window", window]);
            call
        };
        let table = success(&mut calibrate());
        assert!(!table.contains("NaN") && !table.contains("inf"), "{table}");
        assert!(table.contains("Note: ") && table.contains(reason), "{table}");
        let found = json(&mut calibrate());
        assert!(found["correlations"][0]["pearson_interval"].is_null(), "{found}");
        assert_eq!(found["correlations"][0]["pearson"].is_null(), window == "2", "{found}");
        assert!(found["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains(reason)));
    }
}

#[test]
fn the_default_model_is_measured_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(atome().arg("calibrate").arg("--out").arg(folder.path()));
    let domain = &found["domains"][0];
    assert_eq!(domain["name"], "prompts of other domains");
    let by_loss = domain["separations"].as_array().unwrap().last().unwrap()["auroc"].as_f64().unwrap();
    assert!(by_loss > 0.9, "{by_loss}");
}

#[test]
fn what_cannot_be_measured_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let text = write(folder.path(), "short.txt", b"short");
    let out = folder.path().join("out");
    let call = |more: &[&std::path::Path]| {
        let mut call = atome();
        call.arg("calibrate").args(more).arg("--out").arg(&out);
        call
    };
    assert!(failure(&mut call(&[&model]), 2).contains("--text"));
    let message = failure(call(&[&model]).arg("--text").arg(&text), 1);
    assert!(message.contains("short.txt: 5 bytes from offset 0 on, expected a window of 128"), "{message}");
    let message = failure(call(&[&text]).arg("--text").arg(&text), 1);
    assert!(message.contains("short.txt"), "{message}");
    assert!(!out.exists());
    let file = write(folder.path(), "file", b"");
    let message = failure(atome().arg("calibrate").arg("--out").arg(&file), 1);
    assert!(message.contains("file: "), "{message}");
}
