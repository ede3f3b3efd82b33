//! What a training does with files that come after its start, and with another training beside it.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::training::{text, tiny, train};
use common::*;

/// A training without an end, killed with the test.
struct Endless(Child);

impl Endless {
    fn start(folder: &Path, out: &str) -> Self {
        let mut call = tiny(folder, out, 100_000_000);
        let child = call.args(["--save-every", "100", "-q"]).stderr(Stdio::null()).spawn().unwrap();
        let (start, log) = (Instant::now(), folder.join(out).with_extension("jsonl"));
        while !fs::read_to_string(&log).is_ok_and(|text| text.contains(r#""step":100,"#)) {
            assert!(start.elapsed() < Duration::from_secs(60), "the training does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self(child)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Names of files that nobody was told about.
fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn two_trainings_never_share_a_file() {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path();
    text(folder);
    let running = Endless::start(folder, "model.safetensors");
    let calls: [(&str, &[&str], &str); 4] = [
        ("model.safetensors", &["--force"], "--out "),
        ("model.safetensors", &["--resume"], "--out "),
        ("other.safetensors", &["--force", "--log", "model.jsonl"], "--log model.jsonl"),
        ("other.safetensors", &["--force", "--plot", "./model.svg"], "--plot ./model.svg"),
    ];
    for (out, flags, named) in calls {
        let message = failure(train(folder, out).args(flags).args(["--steps", "1"]), 1);
        assert!(message.contains(named) && message.contains("another run of this program writes it"), "{message}");
    }
    // Beside it there is room, and what a kill leaves is in nobody's way.
    success(tiny(folder, "other.safetensors", 2).arg("-q"));
    drop(running);
    success(tiny(folder, "model.safetensors", 2).args(["-q", "--force"]));
    assert_eq!(hidden(folder), Vec::<String>::new());
}

/// A training whose text comes through a pipe: files are made while it reads.
fn refused_for_what_came(out: &str, came: &str, flags: &[&str]) -> String {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path();
    let mut call = tiny(folder, out, 2);
    let story = text(folder);
    let bytes = fs::read(&story).unwrap();
    let mut words: Vec<std::ffi::OsString> = call.get_args().map(Into::into).collect();
    words.iter_mut().filter(|word| **word == *story).for_each(|word| *word = "/dev/stdin".into());
    call = atome();
    call.current_dir(folder).args(words).args(flags);
    let mut child = call.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // More than a pipe holds: when all of it is gone, the training is past what it looks at before it reads.
    for _ in 0..20 {
        pipe.write_all(&bytes).unwrap();
    }
    let path = write(folder, came, b"somebody's");
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(fs::read(path).unwrap(), b"somebody's", "{came} was written over");
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected = vec![came.to_owned(), "story.txt".to_owned()];
    expected.sort();
    assert_eq!(names, expected, "a part of the training was left behind");
    message
}

#[cfg(target_os = "linux")]
#[test]
fn what_comes_after_the_start_of_a_training_stays() {
    for (came, flags) in [
        ("new.safetensors", &[][..]),
        ("new.jsonl", &[]),
        ("new.svg", &[]),
        ("log", &["--log", "log"]),
        ("curve", &["--plot", "curve"]),
    ] {
        let message = refused_for_what_came("new.safetensors", came, flags);
        assert!(message.contains(came) && message.contains("is there already"), "{message}");
    }
}

#[test]
fn two_comparisons_never_share_a_folder() {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path();
    text(folder);
    let compare = |steps: &str| {
        let mut call = atome();
        call.current_dir(folder).args([
            "compare",
            "--text",
            "story.txt",
            "--out",
            "results",
            "--variants",
            "small-gpt",
        ]);
        call.args(["--seeds", "1", "--threads", "1", "--steps", steps]);
        call
    };
    let running = compare("100000000").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let running = Endless(running);
    let start = Instant::now();
    while !folder.join("results/small-gpt-seed0.safetensors").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "the comparison does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    let message = failure(&mut compare("1"), 1);
    assert!(message.contains("--out results: another run of this program writes it"), "{message}");
    let calibrate = failure(atome().current_dir(folder).args(["calibrate", "--out", "results"]), 1);
    assert!(calibrate.contains("--out results: another run of this program writes it"), "{calibrate}");
    drop(running);
}
