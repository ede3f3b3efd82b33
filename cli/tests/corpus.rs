//! `atome corpus`: what it writes, reports and refuses. Servers that misbehave are tested in `train`.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use common::*;

fn corpus(folder: &Path) -> Command {
    let mut command = atome();
    command.current_dir(folder).args(["corpus", "--cache", "cache"]);
    command
}

#[test]
fn files_are_cleaned_and_put_together() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.txt", b"one  two\x07\r\n\r\nsame\n");
    write(folder.path(), "b.html", b"<html><body><p>same</p><p>caf&eacute; \xff</p></body></html>");
    let text = success(corpus(folder.path()).args(["a.txt", "b.html", "--out", "out.txt"]));
    let written = fs::read_to_string(folder.path().join("out.txt")).unwrap();
    assert_eq!(written, "one two\n\nsame\n\ncaf\u{e9} \u{fffd}\n");
    assert!(
        text.contains("a.txt\n") && text.contains("b.html  (HTML; bytes that are no UTF-8 were replaced)"),
        "{text}"
    );
    assert!(text.contains("paragraphs  3\n") && text.contains("bytes       75 in, 25 out\n"), "{text}");

    let report = json(corpus(folder.path()).args(["a.txt", "--out", "out.txt", "--max-bytes", "9", "--force"]));
    assert_eq!(fs::read(folder.path().join("out.txt")).unwrap(), b"one two\n\n");
    assert_eq!((&report["capped"], &report["ascii_share"]), (&true.into(), &1.0.into()));
    assert_eq!(report["parts"][0]["paragraphs"], 2);
    assert_eq!(report["digest"].as_str().unwrap().len(), 64);
}

#[test]
fn sources_that_fail_are_named_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.txt", b"text");
    let output = corpus(folder.path()).args(["none.txt", "a.txt", "--out", "out.txt"]).output().unwrap();
    assert!(output.status.success());
    assert!(stderr(&output).contains("skipped: none.txt: "), "{}", stderr(&output));
    assert!(stdout(&output).contains("skipped     1 of the files and pages"), "{}", stdout(&output));

    let message = failure(corpus(folder.path()).args(["none.txt", "--out", "new.txt"]), 1);
    assert!(message.contains("new.txt: not written: the sources have no text"), "{message}");
    assert!(!folder.path().join("new.txt").exists());
}

#[test]
fn nothing_is_replaced_unasked_and_sources_never() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.txt", b"a  text");
    let message = failure(corpus(folder.path()).args(["a.txt", "--out", "./a.txt", "--force"]), 2);
    assert!(message.contains("is what this command reads"), "{message}");
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"a  text");
    success(corpus(folder.path()).args(["a.txt", "--out", "out.txt"]));
    let message = failure(corpus(folder.path()).args(["a.txt", "--out", "out.txt"]), 1);
    assert!(message.contains("out.txt: is there already; --force replaces it"), "{message}");
    failure(corpus(folder.path()).args(["--out", "out.txt"]), 2);
    failure(corpus(folder.path()).args(["a.txt", "--out", "x", "--max-bytes", "0"]), 2);
}

#[test]
fn pages_are_loaded_once() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/page", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n<html><p>from the web</p></html>").unwrap();
    });
    for name in ["first.txt", "second.txt"] {
        success(corpus(folder.path()).env("NO_PROXY", "127.0.0.1").args([url.as_str(), "--out", name]));
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"from the web\n", "{name}");
    }
    server.join().unwrap();
}

#[test]
fn help_lists_the_known_collections() {
    let text = success(atome().args(["corpus", "--help"]));
    for word in ["Examples:", "tinystories", "esp-idf", "mcu-wikipedia"] {
        assert!(text.contains(word), "{text}");
    }
}
