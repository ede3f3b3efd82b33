//! Where the commands write: standard output for `-`, never over what they read, and never to nowhere without a word.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::*;

/// A folder with one of everything that the commands read.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        small_model(desk.path());
        write(desk.path(), "story.txt", &b"A robot asks why.\n\nIt gets an answer. ".repeat(40));
        let train = ["train", "--text", "story.txt", "--steps", "1", "--d-model", "8", "--n-layers", "1", "-q"];
        desk.done(&[&train[..], &["--out", "trained.safetensors"]].concat());
        desk.done(&["pack", "small.bin", "--attn-top-k", "4", "--max-seq", "8", "--out", "small.box"]);
        desk.done(&["keygen", "maker"]);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn call(&self, words: &[&str]) -> Command {
        let mut command = atome();
        command.current_dir(self.path()).args(words);
        command
    }

    fn done(&self, words: &[&str]) -> Output {
        let output = self.call(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        output
    }

    /// Names and bytes of all files.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.path()).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default()))
            .collect();
        files.sort();
        files
    }

    /// The message of a refused call, after which every file is what it was.
    fn refused(&self, words: &[&str], code: i32) -> String {
        let before = self.files();
        let message = failure(&mut self.call(words), code);
        assert!(self.files() == before, "{words:?} changed a file");
        message
    }
}

/// Calls that write one file, without the flag for it.
const ONE_FILE: [&[&str]; 6] = [
    &["export", "trained.safetensors"],
    &["convert", "small.bin", "--format", "atome02"],
    &["corpus", "story.txt"],
    &["pack", "small.bin", "--attn-top-k", "4", "--max-seq", "8"],
    &["unpack", "small.box"],
    &["sign", "small.box", "--key", "maker.secret"],
];

/// Calls that write what standard output cannot take.
const MORE: [(&[&str], &str); 7] = [
    (&["train", "--text", "story.txt", "--out", "-"], "--out"),
    (&["train", "--text", "story.txt", "--out", "new", "--log", "-"], "--log"),
    (&["train", "--text", "story.txt", "--out", "new", "--plot", "-"], "--plot"),
    (
        &["train", "--text", "story.txt", "--out", "new", "--teacher", "trained.safetensors", "--teacher-logits", "-"],
        "--teacher-logits",
    ),
    (&["calibrate", "--out", "-"], "--out"),
    (&["compare", "--text", "story.txt", "--out", "-"], "--out"),
    (&["corpus", "story.txt", "--out", "new", "--cache", "-"], "--cache"),
];

#[test]
fn a_hyphen_is_standard_output_where_one_stream_goes_out() {
    let desk = Desk::new();
    for call in ONE_FILE {
        let report = desk.done(&[call, &["--out", "file"]].concat());
        let expected = fs::read(desk.path().join("file")).unwrap();
        fs::remove_file(desk.path().join("file")).unwrap();
        let before = desk.files();
        let output = desk.done(&[call, &["-o", "-"]].concat());
        assert!(output.stdout == expected, "{call:?}");
        // What is told beside it goes where it does not mix with it.
        assert_eq!(
            stderr(&output).trim_end(),
            stdout(&report).trim_end().replace("file", "standard output"),
            "{call:?}"
        );
        assert!(desk.files() == before, "{call:?}");
        // A file of that name can still be had.
        desk.done(&[call, &["--out", "./-"]].concat());
        assert!(fs::read(desk.path().join("-")).unwrap() == expected, "{call:?}");
        fs::remove_file(desk.path().join("-")).unwrap();
    }
}

#[test]
fn a_report_in_json_stays_out_of_the_stream() {
    let desk = Desk::new();
    for call in ONE_FILE.iter().filter(|call| ["export", "convert", "corpus"].contains(&call[0])) {
        let output = desk.done(&[call, &["--out", "-", "--json"][..]].concat());
        let report: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
        assert!(report.is_object() && !output.stdout.is_empty(), "{call:?}");
    }
}

#[test]
fn a_hyphen_is_refused_where_there_is_more_than_a_stream() {
    let desk = Desk::new();
    for (call, flag) in MORE {
        let message = desk.refused(call, 2);
        let expected = format!("invalid value '-' for '{flag} <");
        assert!(message.contains(&expected) && message.contains("standard output cannot take this"), "{message}");
    }
    let sidecars = ONE_FILE.iter().filter(|call| ["export", "convert", "unpack"].contains(&call[0]));
    for call in sidecars {
        let message = desk.refused(&[call, &["--out", "-", "--sidecar"][..]].concat(), 2);
        assert!(message.contains("--sidecar: lies beside OUT, which is standard output"), "{message}");
    }
    let header = ["export", "trained.safetensors", "--out", "-", "--header", "-"];
    assert!(desk.refused(&header, 2).contains("--header -: named for two files"));
}

#[test]
fn files_beside_a_stream_are_written_too() {
    let desk = Desk::new();
    let output = desk.done(&["export", "trained.safetensors", "--out", "-", "--header", "shape.h"]);
    assert!(output.stdout.starts_with(b"ATOME01"));
    assert!(fs::read_to_string(desk.path().join("shape.h")).unwrap().contains("ATOME_D_MODEL"));
}

#[test]
fn what_is_read_is_never_written_over() {
    let desk = Desk::new();
    fs::create_dir(desk.path().join("sub")).unwrap();
    fs::create_dir(desk.path().join("calibration")).unwrap();
    fs::create_dir(desk.path().join("comparison")).unwrap();
    let story = fs::read(desk.path().join("story.txt")).unwrap();
    write(desk.path(), "calibration/tokens.svg", &story);
    write(desk.path(), "comparison/small-gpt-seed1.jsonl", &story);
    write(desk.path(), "small.json", br#"{"top_k": 4, "max_seq": 8}"#);
    let calls: [(&[&str], &str); 10] = [
        (&["export", "trained.safetensors", "--force", "--out"], "trained.safetensors"),
        (&["convert", "small.bin", "--format", "atome02", "--force", "--out"], "small.bin"),
        (&["convert", "small.bin", "--format", "atome02", "--force", "--out"], "small.json"),
        (&["corpus", "story.txt", "--force", "--out"], "story.txt"),
        (&["pack", "small.bin", "--force", "--out"], "small.bin"),
        (&["pack", "small.bin", "--checkpoint", "trained.safetensors", "--force", "--out"], "trained.safetensors"),
        (&["unpack", "small.box", "--force", "--out"], "small.box"),
        (&["sign", "small.box", "--key", "maker.secret", "--force", "--out"], "maker.secret"),
        (&["train", "--text", "story.txt", "--force", "--out"], "story.txt"),
        (
            &["train", "--text", "story.txt", "--teacher", "trained.safetensors", "--force", "--out"],
            "trained.safetensors",
        ),
    ];
    for (call, input) in calls {
        let mut ways =
            vec![input.to_owned(), format!("./sub/../{input}"), desk.path().join(input).display().to_string()];
        if cfg!(unix) {
            let link = desk.path().join("link");
            let _ = fs::remove_file(&link);
            #[cfg(unix)]
            std::os::unix::fs::symlink(input, &link).unwrap();
            ways.push("link".to_owned());
        }
        for out in ways {
            let message = desk.refused(&[call, &[out.as_str()]].concat(), 2);
            assert!(message.contains(&format!("--out {out}: is what this command reads")), "{call:?} {out}: {message}");
        }
    }
    for (call, result) in [
        (&["calibrate", "small.bin", "--text", "calibration/tokens.svg", "--out", "calibration"][..], "tokens.svg"),
        (
            &[
                "compare",
                "--text",
                "comparison/small-gpt-seed1.jsonl",
                "--variants",
                "small-gpt",
                "--out",
                "comparison",
            ],
            "seed1",
        ),
    ] {
        let message = desk.refused(call, 2);
        assert!(message.contains(result) && message.contains("is what this command reads"), "{message}");
    }
}

#[test]
fn a_place_that_is_not_there_is_named_before_the_work() {
    let desk = Desk::new();
    let trained: &[&str] = &["train", "--text", "story.txt", "--steps", "4000000"];
    for call in ONE_FILE.iter().chain([&trained]) {
        let message = desk.refused(&[call, &["--out", "nonexist/x"][..]].concat(), 1);
        assert!(message.contains("--out nonexist/x: write: there is no folder nonexist"), "{call:?}: {message}");
        let message = desk.refused(&[call, &["--out", "story.txt/x"][..]].concat(), 1);
        assert!(message.contains("--out story.txt/x: write: story.txt is no folder"), "{call:?}: {message}");
    }
    for call in [
        &["calibrate", "--out", "story.txt/x"][..],
        &["compare", "--text", "story.txt", "--steps", "4000000", "--out", "story.txt/x"],
    ] {
        let message = desk.refused(call, 1);
        assert!(message.contains("--out story.txt/x: story.txt is no folder"), "{call:?}: {message}");
    }
    let message = desk.refused(&["keygen", "nonexist/maker"], 1);
    assert!(message.contains("nonexist/maker.pub: write: there is no folder nonexist"), "{message}");
}

#[test]
fn what_is_there_stays_and_the_work_is_not_begun() {
    let desk = Desk::new();
    // The address leads nowhere: it is not even tried.
    let corpus: &[&str] = &["corpus", "http://localhost:9/page"];
    for call in ONE_FILE.iter().chain([&corpus]) {
        let message = desk.refused(&[call, &["--out", "maker.pub"][..]].concat(), 1);
        assert!(message.contains("--out maker.pub: is there already; --force replaces it"), "{call:?}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn several_files_are_all_written_or_none_where_a_link_leads_nowhere() {
    let desk = Desk::new();
    let nowhere = |link: &str| std::os::unix::fs::symlink("nowhere", desk.path().join(link)).unwrap();
    ["model.bin.json", "shape.h", "new.jsonl", "link.pub"].into_iter().for_each(nowhere);
    let links = || desk.files().iter().filter(|(name, _)| !desk.path().join(name).exists()).count();
    let before = links();
    let calls: [(&[&str], &str); 4] = [
        (&["export", "trained.safetensors", "--out", "model.bin", "--sidecar"], "model.bin.json"),
        (&["export", "trained.safetensors", "--out", "model.bin", "--header", "shape.h"], "shape.h"),
        (&["convert", "small.bin", "--format", "atome02", "--out", "shape.h"], "shape.h"),
        (&["unpack", "small.box", "--out", "model.bin", "--sidecar"], "model.bin.json"),
    ];
    for (call, link) in calls {
        for force in [&[][..], &["--force"]] {
            let message = desk.refused(&[call, force].concat(), 1);
            assert!(message.contains(link), "{call:?}: {message}");
        }
    }
    let training = ["train", "--text", "story.txt", "--out", "new.safetensors", "--steps", "1", "--force"];
    assert!(desk.refused(&training, 1).contains("new.jsonl: is a link that leads nowhere"));
    desk.refused(&["keygen", "link"], 1);
    assert_eq!(links(), before);
}
