//! What a signed container is for, and commands that use nothing that a key has not signed.

mod common;

use std::fs;
use std::path::Path;

use common::*;

/// `signed.box`, for product 7 and of version 3, signed by `maker`; keys of `maker` and `other`.
fn signed(folder: &Path) {
    packed(folder);
    for name in ["maker", "other"] {
        success(in_folder(folder, "keygen").arg(name));
    }
    let identity = ["--product", "7", "--model-version", "3"];
    let sizes = ["--attn-top-k", "4", "--max-seq", "48"];
    success(in_folder(folder, "pack").args(["small.bin", "--out", "signed.box"]).args(sizes).args(identity));
    success(in_folder(folder, "sign").args(["signed.box", "--key", "maker.secret"]));
}

#[test]
fn a_container_tells_product_version_and_key() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let public = fs::read_to_string(folder.path().join("maker.pub")).unwrap();
    let id = &public.split_whitespace().last().unwrap()[..8];
    let told = json(in_folder(folder.path(), "inspect").arg("signed.box"))["container"].clone();
    assert_eq!((&told["product"], &told["model_version"], &told["key_id"]), (&7.into(), &3.into(), &id.into()));
    let text = success(in_folder(folder.path(), "inspect").arg("signed.box"));
    assert!(text.contains("for product 7, version 3\n"), "{text}");
    assert!(text.contains(&format!("signed for the key {id}...; `atome verify`")), "{text}");
    let text = success(in_folder(folder.path(), "verify").args(["signed.box", "--key", "maker.pub"]));
    assert!(text.ends_with(", product 7, version 3\n"), "{text}");
    let text = success(in_folder(folder.path(), "unpack").args(["signed.box", "--out", "plain.bin"]));
    assert!(text.ends_with("of itself: product 7, version 3\n"), "{text}");
    // One that names neither names no key, so that older engines still take it.
    success(in_folder(folder.path(), "sign").args(["small.box", "--key", "maker.secret"]));
    assert_eq!(fs::read(folder.path().join("small.box")).unwrap()[52..64], [0; 12]);
    let told = json(in_folder(folder.path(), "inspect").arg("small.box"))["container"].clone();
    assert_eq!((&told["product"], &told["key_id"]), (&0.into(), &serde_json::Value::Null));
}

#[test]
fn product_and_version_stay_when_the_format_changes_and_may_be_set_anew() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let convert = |out: &str, words: &[&str]| {
        let mut command = in_folder(folder.path(), "convert");
        command.args(["signed.box", "--format", "atome02", "--out", out]).args(words);
        command
    };
    let told = |name: &str| {
        let told = json(in_folder(folder.path(), "inspect").arg(name))["container"].clone();
        (told["product"].as_u64().unwrap(), told["model_version"].as_u64().unwrap(), told["signed"] == true)
    };
    success(&mut convert("three.box", &["--container"]));
    assert_eq!(told("three.box"), (7, 3, false));
    success(&mut convert("four.box", &["--container", "--model-version", "4", "--product", "0x4b495443"]));
    assert_eq!(told("four.box"), (0x4b49_5443, 4, false));
    let text = success(in_folder(folder.path(), "inspect").arg("four.box"));
    assert!(text.contains("for product 1263096899 (0x4b495443), version 4"), "{text}");
    let message = failure(&mut convert("plain.bin", &["--product", "8"]), 2);
    assert!(message.contains("--product: ") && message.contains("expected --container"), "{message}");
    for wrong in ["0x", "0x-1", "0x100000000", "4294967296", "kitchen"] {
        let message = failure(&mut convert("x.box", &["--container", "--product", wrong]), 2);
        assert!(message.contains("--product <N>") && message.contains("expected a whole number"), "{message}");
    }
}

#[test]
fn verify_asks_what_firmware_asks() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let verify = |words: &[&str]| {
        let mut command = in_folder(folder.path(), "verify");
        command.args(["signed.box"]).args(words);
        command
    };
    success(&mut verify(&["--key", "maker.pub", "--product", "7", "--min-version", "3"]));
    // Two keys side by side, in any order.
    success(&mut verify(&["--key", "other.pub", "--key", "maker.pub"]));
    success(&mut verify(&["--key", "maker.pub", "--key", "other.pub", "--min-version", "2"]));
    for (words, why) in [
        (["--product", "8"], "signed.box: the model is for product 7, expected product 8"),
        (["--product", "0"], "signed.box: the model is for product 7, expected product 0"),
        (["--min-version", "4"], "signed.box: the model is of version 3, expected version 4 or a later one"),
    ] {
        let message = failure(verify(&["--key", "maker.pub"]).args(words), 1);
        assert!(message.contains(why), "{message}");
        assert_eq!(message.matches("signed.box").count(), 1, "{message}");
    }
    let message = failure(&mut verify(&["--key", "other.pub"]), 1);
    assert!(message.contains("not by") && message.contains("it names the key"), "{message}");
    failure(&mut verify(&["--product", "7"]), 2);
}

#[test]
fn run_and_convert_use_nothing_that_the_key_has_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let run = |name: &str, words: &[&str]| {
        let mut command = in_folder(folder.path(), "run");
        command.args([name, "Hi", "-n", "5", "-q"]).args(words);
        command
    };
    let convert = |name: &str, words: &[&str]| {
        let mut command = in_folder(folder.path(), "convert");
        command.args([name, "--out", "out.bin"]).args(words);
        command
    };
    let text = success(&mut run("signed.box", &[]));
    assert_eq!(success(&mut run("signed.box", &["--key", "other.pub", "--key", "maker.pub"])), text);
    success(&mut run("signed.box", &["--key", "maker.pub", "--product", "7", "--min-version", "3"]));
    success(&mut convert("signed.box", &["--key", "maker.pub"]));
    let bytes = fs::read(folder.path().join("signed.box")).unwrap();
    let mut changed = bytes.clone();
    changed[1000] ^= 1;
    let checked = changed.len() - 4;
    let checksum = atome_engine::container::crc32(&changed[..checked]);
    changed[checked..].copy_from_slice(&checksum.to_le_bytes());
    write(folder.path(), "changed.box", &changed);
    fs::remove_file(folder.path().join("out.bin")).unwrap();
    for (name, words, why) in [
        ("signed.box", ["--key", "other.pub"].as_slice(), "its signature is not by"),
        ("changed.box", &["--key", "maker.pub"], "changed after signing"),
        ("small.box", &["--key", "maker.pub"], "is not signed"),
        ("small.bin", &["--key", "maker.pub"], "expected a signed container"),
    ] {
        for command in [&mut run(name, words), &mut convert(name, words)] {
            let message = failure(command, 1);
            assert!(message.contains(name) && message.contains(why), "{message}");
        }
    }
    for (words, why) in [(["--min-version", "4"], "expected version 4"), (["--product", "8"], "expected product 8")] {
        let message = failure(run("signed.box", &["--key", "maker.pub"]).args(words), 1);
        assert!(message.contains("signed.box") && message.contains(why), "{message}");
    }
    failure(&mut run("signed.box", &["--min-version", "3"]), 2);
    assert!(!folder.path().join("out.bin").exists());
}

/// Who can write beside a signed model must not change how it is asked.
#[test]
fn a_sidecar_beside_a_verified_model_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let sidecar = r#"{"dialogue": {"before": "X", "after": "Y", "stop": 10, "longest_answer": 1}}"#;
    write(folder.path(), "signed.box.json", sidecar.as_bytes());
    let run = |words: &[&str]| {
        let mut command = in_folder(folder.path(), "run");
        command.args(["signed.box", "Hi", "-n", "5", "-q"]).args(words);
        String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
    };
    let (believed, verified) = (run(&[]), run(&["--key", "maker.pub"]));
    fs::remove_file(folder.path().join("signed.box.json")).unwrap();
    assert_eq!(verified, run(&[]));
    assert_ne!(believed, verified, "a sidecar that is believed has to matter here");
}

#[test]
fn any_file_can_be_signed_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    signed(folder.path());
    let call = |command: &str, name: &str, key: &str| {
        let mut call = in_folder(folder.path(), command);
        call.args([name, "--detached", "--key", key]);
        call
    };
    let text = success(&mut call("sign", "small.bin", "maker.secret"));
    assert!(text.starts_with("wrote small.bin.sig, signed by "), "{text}");
    assert!(success(&mut call("verify", "small.bin", "maker.pub")).starts_with("small.bin: signed by "));
    let message = failure(&mut call("verify", "small.bin", "other.pub"), 1);
    assert!(message.contains("small.bin: its signature in small.bin.sig is not by"), "{message}");
    let message = failure(&mut call("sign", "small.bin", "maker.secret"), 1);
    assert!(message.contains("small.bin.sig") && message.contains("is there already"), "{message}");
    let message = failure(&mut call("verify", "signed.box", "maker.pub"), 1);
    assert!(message.contains("signed.box.sig"), "{message}");
    // Neither kind of signature passes for the other.
    let bytes = fs::read(folder.path().join("signed.box")).unwrap();
    let signature: String = bytes[bytes.len() - 68..bytes.len() - 4].iter().map(|byte| format!("{byte:02x}")).collect();
    write(folder.path(), "part.sig", format!("atome-signature {signature}\n").as_bytes());
    write(folder.path(), "part", &bytes[..bytes.len() - 68]);
    failure(&mut call("verify", "part", "maker.pub"), 1);
    let mut changed = fs::read(folder.path().join("small.bin")).unwrap();
    changed[99] ^= 1;
    write(folder.path(), "small.bin", &changed);
    failure(&mut call("verify", "small.bin", "maker.pub"), 1);
    for (text, why) in [("atome-signature 00", "128 hexadecimal digits"), ("atome-public-key 00", "a public key")] {
        write(folder.path(), "small.bin.sig", text.as_bytes());
        let message = failure(&mut call("verify", "small.bin", "maker.pub"), 1);
        assert!(message.contains("small.bin.sig") && message.contains(why), "{message}");
    }
}
