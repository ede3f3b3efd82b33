//! Names, notes and tensors of anybody's making: what a terminal would take as an order reaches none.

mod common;

use std::process::Command;

use common::*;

/// Sets the title of a terminal, colours its text, and turns the direction of a line.
const ORDERS: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2066}\r\u{7f}";

/// Everything that a run says, as text without an order.
fn harmless(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = stdout(&output) + &stderr(&output);
    let is_order = |c: char| c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{2069}').contains(&c);
    assert_eq!(said.find(is_order), None, "{command:?}: {said:?}");
    assert!(said.contains("owned"), "{command:?}: {said}");
    said
}

#[test]
fn names_of_files_and_flags_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{ORDERS}.txt");
    // Not every file system takes such a name.
    if std::fs::write(folder.path().join(&name), "A text.\n").is_err() {
        return;
    }
    let call = |words: &[&str]| harmless(atome().current_dir(folder.path()).args(words));
    for words in [
        &["inspect", &name][..],
        &["run", &name, "x"],
        &["verify", &name, "--key", &name],
        &["train", "--text", &name, "--out", "new"],
        &["corpus", &name, "--out", "new.txt"],
        &["corpus", ORDERS, "--out", "none.txt"],
        &["inspect", "x", &format!("--{ORDERS}")],
        &[ORDERS],
    ] {
        let said = call(words);
        assert!(said.contains("\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}"), "{said}");
    }
    let report = call(&["corpus", &name, "--out", "json.txt", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["parts"][0]["name"], name.as_str());
}

#[test]
fn notes_in_containers_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let boxed = folder.path().join("model.box");
    let note = format!("maker={ORDERS}");
    success(
        atome()
            .arg("pack")
            .arg(&model)
            .args(["--note", &note, "--attn-top-k", "4", "--max-seq", "8", "--out"])
            .arg(&boxed),
    );
    harmless(atome().arg("inspect").arg(&boxed));
    let report = harmless(atome().arg("inspect").arg(&boxed).arg("--json"));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["container"]["notes"]["maker"], ORDERS);
}

#[test]
fn names_of_tensors_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let name = serde_json::Value::from(ORDERS).to_string();
    for (kind, len) in [("I32", 4), ("F32", 4)] {
        let header = format!(r#"{{{name}:{{"dtype":"{kind}","shape":[1],"data_offsets":[0,{len}]}}}}"#);
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; len]].concat();
        let path = write(folder.path(), "foreign.safetensors", &bytes);
        harmless(atome().arg("export").arg(path).args(["--out", "owned.bin"]));
    }
}
