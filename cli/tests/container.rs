//! Containers on the command line: `atome pack`, `unpack`, `keygen`, `sign`, `verify`, and every command that reads models.

mod common;

use std::fs;
use std::process::Command;

use atome_engine::container::Container;
use common::*;

#[test]
fn a_container_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    packed(folder.path());
    let text = success(in_folder(folder.path(), "unpack").args(["small.box", "--out", "again.bin", "--sidecar"]));
    assert!(text.contains("again.bin.json"), "{text}");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("again.bin"), read("small.bin"));
    // The sidecar is enough to pack it again.
    success(in_folder(folder.path(), "pack").args(["again.bin", "--out", "again.box", "--note", "name=small"]));
    let shape = |name: &str| json(in_folder(folder.path(), "inspect").arg(name))["shape"].clone();
    assert_eq!(shape("again.box"), shape("small.box"));
}

#[test]
fn every_command_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    packed(folder.path());
    let report = json(in_folder(folder.path(), "inspect").arg("small.box"));
    assert_eq!((&report["shape"]["top_k"], &report["shape"]["max_seq"]), (&4.into(), &48.into()));
    assert!(report["sources"].as_object().unwrap().values().all(|source| source == "container"), "{report}");
    assert_eq!(report["container"]["notes"]["for"], "tests, and no more");
    assert_eq!(report["container"]["signed"], false);
    assert_eq!(report["format"], "ATOME01");
    let text = success(in_folder(folder.path(), "inspect").arg("small.box"));
    for part in ["notes    name: small", "for: tests, and no more", "not signed", "(from the container)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let run =
        |name: &str| success(in_folder(folder.path(), "run").args([name, "Hi", "-n", "9", "-q", "--max-seq", "48"]));
    assert_eq!(run("small.box"), run("small.bin"));
    assert!(success(in_folder(folder.path(), "budget").arg("small.box")).contains("flash"));
}

#[test]
fn formats_change_within_a_container() {
    let folder = tempfile::tempdir().unwrap();
    packed(folder.path());
    let convert = |from: &str, to: &str, words: &[&str]| {
        success(in_folder(folder.path(), "convert").args([from, "--out", to]).args(words))
    };
    convert("small.box", "three.box", &["--format", "atome02", "--container"]);
    convert("three.box", "back.box", &["--format", "atome01", "--container"]);
    convert("three.box", "back.bin", &["--format", "atome01"]);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("three.box").len() < read("small.box").len());
    assert_eq!(json(in_folder(folder.path(), "inspect").arg("three.box"))["format"], "ATOME02");
    assert_eq!(read("back.box"), read("small.box"));
    assert_eq!(read("back.bin"), read("small.bin"));
}

#[test]
fn a_classifier_goes_in_too() {
    let folder = tempfile::tempdir().unwrap();
    small_classifier(folder.path());
    let sizes = ["--attn-top-k", "4", "--max-seq", "48"];
    success(in_folder(folder.path(), "pack").args(["classifier.bin", "--out", "c.box"]).args(sizes));
    let bytes = fs::read(folder.path().join("c.box")).unwrap();
    assert_eq!(Container::open(&bytes).unwrap().about().n_classes, 3);
    let run = |name: &str| success(in_folder(folder.path(), "run").args([name, "Hi", "-q", "--max-seq", "48"]));
    assert_eq!(run("c.box"), run("classifier.bin"));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = packed(folder.path());
    let refused = |command: &mut Command| failure(command, 1);
    let message = refused(in_folder(folder.path(), "run").args(["small.box", "Hi", "--d-model", "24"]));
    assert!(message.contains("small.box") && message.contains("d_model=16") && message.contains("d_model=24"));
    let message = refused(in_folder(folder.path(), "pack").args(["small.bin", "--out", "x.box", "--max-seq", "9"]));
    assert!(message.contains("small.bin") && message.contains("--attn-top-k"), "{message}");
    let message = refused(in_folder(folder.path(), "pack").args(["small.bin", "--out", "x.box"]));
    assert!(message.contains("top_k and max_seq; expected --attn-top-k and --max-seq,"), "{message}");
    let message = refused(in_folder(folder.path(), "pack").args(["small.box", "--out", "x.box"]));
    assert!(message.contains("is a container already"), "{message}");
    let message = refused(in_folder(folder.path(), "unpack").args(["small.bin", "--out", "x.bin"]));
    assert!(message.contains("expected a container") && message.contains("atome pack"), "{message}");
    let message = refused(in_folder(folder.path(), "unpack").args(["small.box", "--out", "small.bin"]));
    assert!(message.contains("is there already"), "{message}");
    failure(in_folder(folder.path(), "pack").args(["small.bin", "--out", "x", "--note", "nothing"]), 2);
    let long = "x".repeat(65_536);
    for (note, what) in [(format!("name={long}"), "name: a value"), (format!("{long}=y"), "a key")] {
        let message = failure(in_folder(folder.path(), "pack").args(["small.bin", "--out", "x", "--note", &note]), 2);
        assert!(message.ends_with(&format!("--note: {what} of 65,536 bytes, expected at most 65,535\n")), "{message}");
    }

    let mut bytes = fs::read(&path).unwrap();
    bytes[500] ^= 4;
    write(folder.path(), "damaged.box", &bytes);
    let message = refused(in_folder(folder.path(), "inspect").arg("damaged.box"));
    assert!(message.contains("damaged.box") && message.contains("checksum"), "{message}");
    write(folder.path(), "short.box", &bytes[..900]);
    let message = refused(in_folder(folder.path(), "run").args(["short.box", "Hi"]));
    assert!(message.contains("short.box") && message.contains("ends at offset 900"), "{message}");
    assert!(!folder.path().join("x.box").exists() && !folder.path().join("x.bin").exists());
}

#[test]
fn signing_in_place_loses_nothing_behind_the_container() {
    let folder = tempfile::tempdir().unwrap();
    let path = packed(folder.path());
    success(in_folder(folder.path(), "keygen").arg("maker"));
    let container = fs::read(&path).unwrap();
    let image = [&container[..], b"more"].concat();
    fs::write(&path, &image).unwrap();
    let sign = || {
        let mut sign = in_folder(folder.path(), "sign");
        sign.args(["small.box", "--key", "maker.secret"]);
        sign
    };
    let message = failure(&mut sign(), 1);
    assert!(message.contains("small.box: goes on behind") && message.contains("--out"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), image);
    success(sign().args(["--out", "signed.box"]));
    assert_eq!(fs::read(folder.path().join("signed.box")).unwrap().len(), container.len());
}

#[test]
fn a_refusal_names_the_file_once() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let args = ["small.bin", "--format", "atome02", "--container", "--out", "small.box"];
    let message = failure(in_folder(folder.path(), "convert").args(args), 1);
    assert_eq!(message.matches("small.bin").count(), 1, "{message}");
}

#[test]
fn a_signature_holds_for_its_container_and_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    packed(folder.path());
    for name in ["maker", "other"] {
        let text = success(in_folder(folder.path(), "keygen").arg(name));
        assert!(text.contains("static const uint8_t public_key[32]"), "{text}");
    }
    let sign = |out: &str, key: &str| {
        success(in_folder(folder.path(), "sign").args(["small.box", "--key", key, "--out", out]))
    };
    sign("signed.box", "maker.secret");
    sign("resigned.box", "other.secret");
    let verify = |name: &str| {
        let mut command = in_folder(folder.path(), "verify");
        command.args([name, "--key", "maker.pub"]);
        command
    };
    assert!(success(&mut verify("signed.box")).contains("signed by "));
    for (name, why) in [("small.box", "is not signed"), ("resigned.box", "not by"), ("small.bin", "a container")] {
        let message = failure(&mut verify(name), 1);
        assert!(message.contains(name) && message.contains(why), "{message}");
    }
    assert_eq!(json(in_folder(folder.path(), "inspect").arg("signed.box"))["container"]["signed"], true);

    // Changed by somebody who makes the checksum fit again: the model, a note, the signature, the flag.
    let bytes = fs::read(folder.path().join("signed.box")).unwrap();
    for at in [10, 20, 100, 1000, bytes.len() - 30] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let checked = changed.len() - 4;
        let checksum = atome_engine::container::crc32(&changed[..checked]);
        changed[checked..].copy_from_slice(&checksum.to_le_bytes());
        write(folder.path(), "changed.box", &changed);
        failure(&mut verify("changed.box"), 1);
    }
    // In place, again and again.
    for _ in 0..2 {
        success(in_folder(folder.path(), "sign").args(["resigned.box", "--key", "maker.secret"]));
        success(&mut verify("resigned.box"));
    }
    let message = failure(in_folder(folder.path(), "sign").args(["small.bin", "--key", "maker.secret"]), 1);
    assert!(message.contains("small.bin") && message.contains("expected a container"), "{message}");
}

#[test]
fn keys_are_kept_safe() {
    let folder = tempfile::tempdir().unwrap();
    packed(folder.path());
    success(in_folder(folder.path(), "keygen").arg("maker"));
    let secret = fs::read_to_string(folder.path().join("maker.secret")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("maker.secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for no_name in [".", ".."] {
        let message = failure(in_folder(folder.path(), "keygen").arg(no_name), 2);
        assert!(message.contains("expected a name"), "{message}");
    }
    // Not even half a pair is replaced, and none is left behind.
    for gone in ["maker.pub", "maker.secret"] {
        fs::remove_file(folder.path().join(gone)).unwrap();
        let message = failure(in_folder(folder.path(), "keygen").arg("maker"), 1);
        assert!(message.contains("never replaced"), "{message}");
        assert!(!folder.path().join(gone).exists());
        write(folder.path(), gone, secret.as_bytes());
    }
    // As editors and shells of Windows save it.
    let marked = format!("\u{feff}{secret}");
    for bytes in [marked.clone().into_bytes(), marked.encode_utf16().flat_map(u16::to_le_bytes).collect()] {
        write(folder.path(), "marked.secret", &bytes);
        success(in_folder(folder.path(), "sign").args([
            "small.box",
            "--key",
            "marked.secret",
            "--out",
            "marked.box",
            "--force",
        ]));
    }
    for (key, why) in [
        ("atome-public-key 00", "a public key"),
        ("atome-secret-key 00", "64 hexadecimal digits"),
        ("hello", "line 1"),
        ("# nothing\n", "expected a line"),
    ] {
        write(folder.path(), "bad.secret", key.as_bytes());
        let message = failure(in_folder(folder.path(), "sign").args(["small.box", "--key", "bad.secret"]), 1);
        assert!(message.contains("bad.secret") && message.contains(why), "{message}");
    }
    let message = failure(in_folder(folder.path(), "sign").args(["small.box", "--key", "none.secret"]), 1);
    assert!(message.contains("none.secret"), "{message}");
}
