//! Commands that are killed at each of their steps: every file is what it was or what it was to become, and the next run
//! finds nothing in its way.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[path = "../common/mod.rs"]
mod common;
mod traced;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::*;
use traced::{lost_by_a_power_cut, run, Call};

/// Names and bytes.
type Files = BTreeMap<String, Vec<u8>>;

fn files(folder: &Path) -> Files {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// In memory, where there is such a place: hundreds of commands would wait for a disk.
fn empty_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}

/// A folder with these files, and nothing else.
fn folder_of(files: &Files) -> tempfile::TempDir {
    let folder = empty_folder();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// What the commands read.
fn desk() -> Files {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path();
    packed(folder);
    common::training::text(folder);
    success(common::training::tiny(folder, "trained.safetensors", 2).arg("-q"));
    success(in_folder(folder, "keygen").arg("maker"));
    let wanted = ["small.bin", "small.box", "story.txt", "trained.safetensors", "maker.secret", "maker.pub"];
    files(folder).into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect()
}

fn call(folder: &Path, words: &[&str]) -> Command {
    let mut command = atome();
    command.current_dir(folder).args(words).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Kills the command before each of its changes, in a folder with the files `before`.
fn loses_nothing(before: &Files, words: &[&str]) {
    let there = folder_of(before);
    let (calls, is_done) = run(&mut call(there.path(), words), None);
    assert!(is_done, "{words:?}");
    assert_eq!(lost_by_a_power_cut(&calls), Vec::<String>::new(), "{words:?}: {calls:?}");
    let after = files(there.path());
    assert!(after != *before && !after.keys().any(|name| is_hidden(name)), "{words:?}: {:?}", after.keys());
    assert!(calls.contains(&Call::Name) && calls.len() > 4, "{words:?}: {calls:?}");
    for (last, not_made) in calls.iter().enumerate() {
        let there = folder_of(before);
        let (made, _) = run(&mut call(there.path(), words), Some(last));
        assert_eq!(made.len(), last, "{words:?} makes the same changes in the same order");
        for (name, bytes) in files(there.path()).into_iter().filter(|(name, _)| !is_hidden(name)) {
            let is_whole = before.get(&name) == Some(&bytes) || after.get(&name) == Some(&bytes);
            assert!(is_whole, "{words:?}, killed before {not_made:?}, call {last}: {name} is torn");
        }
        assert!(before.keys().all(|name| there.path().join(name).exists()), "{words:?}, call {last}: a file is gone");
        success(call(there.path(), words).args(is_forced(words)).stdout(Stdio::piped()).stderr(Stdio::piped()));
        assert!(files(there.path()) == after, "{words:?}, again after call {last}: {:?}", files(there.path()).keys());
    }
}

/// What a second run needs where the first one came far enough.
fn is_forced(words: &[&str]) -> Option<&'static str> {
    (!words.contains(&"--force") && words.contains(&"--out")).then_some("--force")
}

#[test]
fn whenever_a_command_is_killed_its_files_are_whole() {
    let desk = desk();
    let calls: [&[&str]; 8] = [
        &["export", "trained.safetensors", "--out", "new", "--sidecar", "--header", "new.h"],
        &["convert", "small.bin", "--format", "atome02", "--out", "new"],
        &["pack", "small.bin", "--attn-top-k", "4", "--max-seq", "8", "--out", "new"],
        &["corpus", "story.txt", "--out", "new"],
        &["unpack", "small.box", "--out", "new", "--sidecar"],
        &["sign", "small.box", "--key", "maker.secret"],
        &["sign", "small.box", "--key", "maker.secret", "--out", "new"],
        &["sign", "trained.safetensors", "--detached", "--key", "maker.secret", "--out", "new"],
    ];
    for words in calls {
        loses_nothing(&desk, words);
        if words.contains(&"--out") {
            let mut with_old = desk.clone();
            for name in ["new", "new.h", "new.json"] {
                with_old.insert(name.to_owned(), b"of an earlier run".to_vec());
            }
            loses_nothing(&with_old, &[words, &["--force"]].concat());
        }
    }
}

/// A pair of keys is never made twice alike, so what is there is tried.
#[test]
fn whenever_keygen_is_killed_no_public_key_is_without_its_secret_one() {
    let keygen = |folder: &Path| call(folder, &["keygen", "new"]);
    let there = empty_folder();
    let (calls, is_done) = run(&mut keygen(there.path()), None);
    assert!(is_done && calls.iter().filter(|&&call| call == Call::Name).count() == 2, "{calls:?}");
    assert_eq!(lost_by_a_power_cut(&calls), Vec::<String>::new(), "{calls:?}");
    let mut seen = [false; 3];
    for last in 0..calls.len() {
        let there = empty_folder();
        let folder = there.path();
        run(&mut keygen(folder), Some(last));
        let [secret, public] = ["new.secret", "new.pub"].map(|name| folder.join(name).exists());
        assert!(secret || !public, "call {last}: a public key that nobody can sign for");
        write(folder, "file", b"to be signed");
        if secret {
            success(in_folder(folder, "sign").args(["file", "--detached", "--key", "new.secret"]));
        }
        if public {
            success(in_folder(folder, "verify").args(["file", "--detached", "--key", "new.pub"]));
        }
        if secret {
            let message = failure(in_folder(folder, "keygen").arg("new"), 1);
            assert!(message.contains("new.secret: is there already; keys are never replaced"), "{message}");
        } else {
            success(in_folder(folder, "keygen").arg("new"));
            assert!(!files(folder).keys().any(|name| is_hidden(name)), "call {last}");
        }
        seen[usize::from(secret) + usize::from(public)] = true;
    }
    assert_eq!(seen, [true; 3], "neither, the secret key alone, and both");
}
