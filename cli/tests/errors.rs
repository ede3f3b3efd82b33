//! Bad input: a message that says where and what was expected, the right exit code, and never a panic.

mod common;

use std::ffi::OsStr;
use std::process::Stdio;

use common::*;
use fastrand::Rng;

const COMMANDS: [&str; 3] = ["run", "inspect", "budget"];

/// With a prompt where the command takes one.
fn on_file(command: &str, model: impl AsRef<OsStr>) -> std::process::Command {
    let mut call = atome();
    call.arg(command).arg(model);
    if command == "run" {
        call.args(["Hi", "-n", "1"]);
    }
    call
}

#[test]
fn files_that_are_no_models_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let bad: [(&str, &[u8], &str); 9] = [
        ("empty", b"", "offset 0: the file is empty, expected the magic"),
        ("text", b"hello\n", "offset 0: found \"hello\\n\", expected the magic"),
        ("short", b"ATOME0", "offset 0: found \"ATOME0\""),
        ("magic", b"ATOME01", "no shape fits: expected 0 bytes of sections from offset 7"),
        ("classes", b"ATOMECL01\0\0\0\0", "offset 9: class count 0, expected 1 to 65535"),
        ("count", b"ATOMECL01\x01\0", "offset 9: 2 bytes, expected a class count of 4 bytes"),
        (
            "base3",
            b"ATOME02abcdef",
            "no shape fits: expected 6 bytes of sections from offset 7 on (packed weights without bytes",
        ),
        (
            "later",
            b"ATOME03abcdef",
            "offset 0: found \"ATOME03ab\", expected the magic ATOMEBOX, ATOME01, ATOME02, ATOMEP3 or ATOMECL01",
        ),
        (
            "checkpoint",
            b"PK\x03\x04abc",
            "offset 0: a zip file, perhaps a PyTorch checkpoint: expected a model file, which `atome export ",
        ),
    ];
    for (name, bytes, expected) in bad {
        let path = write(folder.path(), name, bytes);
        for command in COMMANDS {
            let message = failure(&mut on_file(command, &path), 1);
            assert!(message.contains(name) && message.contains(expected), "{command}: {message}");
        }
    }
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in COMMANDS {
        let message = failure(&mut on_file(command, folder.path()), 1);
        assert!(message.contains(folder.path().to_str().unwrap()), "{message}");
        let message = failure(&mut on_file(command, folder.path().join("missing.bin")), 1);
        assert!(message.contains("missing.bin"), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn endless_and_strangely_named_files_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    for command in COMMANDS {
        let message = failure(&mut on_file(command, "/dev/zero"), 1);
        assert!(message.contains("/dev/zero: offset 0"), "{message}");
        failure(&mut on_file(command, OsStr::from_bytes(b"/no/\xff/file")), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn whatever_is_read_whole_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let model = model.to_str().unwrap();
    let out = folder.path().join("out");
    let device = "/dev/zero: cannot be read: longer than 16 MiB, the limit of a device";
    let calls: [(&[&str], &str); 6] = [
        (&["train", "--text", "/dev/zero"], device),
        (&["compare", "--text", "/dev/zero"], device),
        (&["calibrate", model, "--text", "/dev/zero"], device),
        (&["calibrate", model, "--text", model, "--window", "32", "--outside", "/dev/zero"], device),
        (&["corpus", "/dev/zero"], "/dev/zero: longer than 16 MiB"),
        (
            &["pack", model, "--attn-top-k", "4", "--max-seq", "8", "--checkpoint", "/dev/zero"],
            "/dev/zero: longer than 16 MiB",
        ),
    ];
    for (call, expected) in calls {
        let output = atome().args(call).arg("--out").arg(&out).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{call:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{call:?}: {}", stderr(&output));
        assert!(!out.exists(), "{call:?}");
    }
    let message = failure(atome().args(["eval", model, "--text", "/dev/zero"]), 1);
    assert!(message.contains(device), "{message}");
    let container = folder.path().join("small.box");
    success(atome().args(["pack", model, "--attn-top-k", "4", "--max-seq", "8", "--out"]).arg(&container));
    let message = failure(atome().arg("sign").arg(container).args(["--key", "/dev/zero"]), 1);
    assert!(message.contains("/dev/zero: longer than 64 KiB"), "{message}");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("small.json")).unwrap();
    let message = failure(&mut on_file("run", model), 1);
    assert!(message.contains("small.json: sidecar: longer than 1 MiB"), "{message}");
}

#[test]
fn cut_and_scrambled_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(small_model(folder.path())).unwrap();
    let mut rng = Rng::with_seed(9);
    for case in 0..60 {
        let mut bytes = whole.clone();
        if case % 2 == 0 {
            bytes.truncate(rng.usize(7..whole.len()));
        } else {
            let from = rng.usize(7..whole.len());
            rng.fill(&mut bytes[from..]);
        }
        let path = write(folder.path(), "scrambled.bin", &bytes);
        for command in COMMANDS {
            let output = on_file(command, &path).args(["--d-model", "16"]).output().unwrap();
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(1), "{command}: {code:?} {}", stderr(&output));
            if code == Some(1) {
                assert!(stderr(&output).contains("scrambled.bin"), "{}", stderr(&output));
            }
        }
    }
}

#[test]
fn wrong_calls_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let calls: [(&[&str], &str); 16] = [
        (&["--d-model", "0"], "--d-model"),
        (&["--d-model", "99999999"], "from 1 to 65535"),
        (&["--d-model", "-3"], "--d-model"),
        (&["--d-model", "x"], "--d-model"),
        (&["--n-pathways", "2"], "from 3 to 8"),
        (&["--n-pathways", "9"], "from 3 to 8"),
        (&["--max-seq", "0"], "--max-seq"),
        (&["--temperature", "-1"], "--temperature <T>': expected a number from 0 on"),
        (&["--temperature", "nan"], "--temperature <T>': expected a number from 0 on"),
        (&["--temperature", "warm"], "expected a number"),
        (&["--top-k", "0"], "--top-k"),
        (&["--top-p", "0"], "--top-p <P>': expected a number above 0 and at most 1"),
        (&["--top-p", "1.1"], "--top-p <P>': expected a number above 0 and at most 1"),
        (&["--tokens", "0"], "--tokens"),
        (&["--plan", "fat"], "lean"),
        (&["--no-such-flag"], "--no-such-flag"),
    ];
    for (flags, expected) in calls {
        let message = failure(atome().arg("run").arg(&model).arg("Hi").args(flags), 2);
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
    let message = failure(atome().arg("run").arg(&model).arg(""), 2);
    assert!(message.contains("the prompt is empty"), "{message}");
    failure(atome().arg("run"), 2);
    failure(atome().arg("jump"), 2);
}

#[test]
fn absurd_but_possible_sizes_are_refused_or_counted() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let message = failure(
        atome().arg("run").arg(&model).args([
            "Hi",
            "--vocab",
            "65535",
            "--d-model",
            "65535",
            "--n-layers",
            "65535",
            "--d-head",
            "65535",
        ]),
        1,
    );
    assert!(message.contains("small.bin"), "{message}");
    let report = json(atome().arg("budget").args([
        "--d-model",
        "65535",
        "--n-layers",
        "65535",
        "--d-head",
        "65535",
        "--vocab",
        "65535",
        "--max-seq",
        "65535",
    ]));
    assert!(report["flash_bytes"].as_u64().unwrap() > 1 << 40);
}

#[test]
fn help_and_version_are_no_errors() {
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let text = success(atome().args([command, flag]));
            assert!(text.contains("Examples:") && text.contains(&format!("atome {command} ")), "{text}");
        }
    }
    let version = success(atome().arg("--version"));
    assert_eq!(version, format!("atome {} (numeric mode: {})\n", env!("CARGO_PKG_VERSION"), atome_engine::math::MODE));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let model = model.to_str().unwrap();
    let text = write(folder.path(), "story.txt", &b"A robot asks why. ".repeat(100));
    let (text, sweep) = (text.to_str().unwrap(), folder.path().join("sweep"));
    let calls: [&[&str]; 6] = [
        &["--help"],
        &["inspect", model],
        &["eval", model, "--text", text],
        &["run", model, "Hi", "-n", "2"],
        &["train", "--text", text, "--steps", "2", "--d-model", "8", "--out", &format!("{text}.safetensors")],
        &["compare", "--text", text, "--steps", "2", "--variants", "small-gpt", "--out", sweep.to_str().unwrap()],
    ];
    for call in calls {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = atome().args(call).stdout(writer).output().unwrap();
        let said = stderr(&output);
        assert!(output.status.success() && !said.contains("panicked"), "{call:?}: {said}");
        // What is said on the way there goes nowhere, too, and the work is done nevertheless.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let again: &[&str] = if call[0] == "train" { &["--force"] } else { &[] };
        let output = atome().args(call).args(again).stderr(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{call:?}");
    }
    assert!(folder.path().join("story.txt.safetensors").exists() && sweep.join("results.md").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = on_file("inspect", small_model(folder.path()))
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("standard output"), "{}", stderr(&output));
}
