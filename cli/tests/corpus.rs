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
    write(folder.path(), "b.html", b"<html><meta charset=utf-8><p>same</p><p>caf&eacute; \xff</p></html>");
    let text = success(corpus(folder.path()).args(["a.txt", "b.html", "--out", "out.txt"]));
    let written = fs::read_to_string(folder.path().join("out.txt")).unwrap();
    assert_eq!(written, "one two\n\nsame\n\ncaf\u{e9} \u{fffd}\n");
    assert!(
        text.contains("a.txt\n") && text.contains("b.html  (HTML; bytes that are no UTF-8 were replaced)"),
        "{text}"
    );
    assert!(text.contains("paragraphs  3\n") && text.contains("bytes       82 in, 25 out\n"), "{text}");

    let report = json(corpus(folder.path()).args(["a.txt", "--out", "out.txt", "--max-bytes", "9", "--force"]));
    assert_eq!(fs::read(folder.path().join("out.txt")).unwrap(), b"one two\n\n");
    assert_eq!((&report["capped"], &report["ascii_share"]), (&true.into(), &1.0.into()));
    assert_eq!(report["parts"][0]["paragraphs"], 2);
    assert_eq!(report["digest"].as_str().unwrap().len(), 64);
}

const PANGRAM: &str = "\u{421}\u{44a}\u{435}\u{448}\u{44c} \u{436}\u{435} \u{435}\u{449}\u{451} \u{44d}\u{442}\u{438}\u{445} \
    \u{43c}\u{44f}\u{433}\u{43a}\u{438}\u{445} \u{444}\u{440}\u{430}\u{43d}\u{446}\u{443}\u{437}\u{441}\u{43a}\u{438}\u{445} \
    \u{431}\u{443}\u{43b}\u{43e}\u{43a}, \u{434}\u{430} \u{432}\u{44b}\u{43f}\u{435}\u{439} \u{447}\u{430}\u{44e}.\n";

/// A text's bytes in a single-byte or other encoding of the web.
fn encoded(text: &str, label: &str) -> Vec<u8> {
    let (bytes, _, has_lost) = atome_train::encoding::named(label).unwrap().encode(text);
    assert!(!has_lost, "{label}");
    bytes.into_owned()
}

#[test]
fn texts_in_other_encodings_become_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let utf16 = |text: &str, to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    let page = |meta: &str| encoded(&format!("<html><head>{meta}</head><p>{}</p></html>", PANGRAM.trim()), "koi8-r");
    let sources: [(&str, Vec<u8>, &str, &str); 10] = [
        ("utf8.txt", PANGRAM.into(), "UTF-8", "content"),
        ("bom.txt", format!("\u{feff}{PANGRAM}").into(), "UTF-8", "mark"),
        ("le.txt", utf16(&format!("\u{feff}{PANGRAM}"), u16::to_le_bytes), "UTF-16LE", "mark"),
        ("be.txt", utf16(&format!("\u{feff}{PANGRAM}"), u16::to_be_bytes), "UTF-16BE", "mark"),
        ("bare-le.txt", utf16(PANGRAM, u16::to_le_bytes), "UTF-16LE", "content"),
        ("bare-be.txt", utf16(PANGRAM, u16::to_be_bytes), "UTF-16BE", "content"),
        ("1251.txt", encoded(PANGRAM, "windows-1251"), "windows-1251", "guess"),
        ("866.txt", encoded(PANGRAM, "ibm866"), "IBM866", "guess"),
        ("meta.html", page("<meta charset='koi8-r'>"), "KOI8-R", "page"),
        ("equiv.html", page("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>"), "KOI8-R", "page"),
    ];
    for (name, bytes, encoding, known_by) in sources {
        write(folder.path(), name, &bytes);
        let report = json(corpus(folder.path()).args([name, "--out", "out.txt", "--force"]));
        let part = &report["parts"][0];
        assert_eq!((&part["encoding"], &part["encoding_known_by"]), (&encoding.into(), &known_by.into()), "{name}");
        assert_eq!((&part["repaired"], &report["skipped"]), (&false.into(), &serde_json::json!([])), "{name}");
        assert_eq!(fs::read_to_string(folder.path().join("out.txt")).unwrap(), PANGRAM, "{name}");
    }
    let text = success(corpus(folder.path()).args(["1251.txt", "meta.html", "--out", "out.txt", "--force"]));
    assert!(text.contains("1251.txt  (windows-1251, guessed)\n"), "{text}");
    assert!(text.contains("meta.html  (HTML; KOI8-R, as the page says)\n"), "{text}");
}

#[test]
fn an_encoding_that_is_not_clear_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "short.txt", b"caf\xe9\n");
    write(folder.path(), "plain.txt", b"plain\n");
    let output = corpus(folder.path()).args(["short.txt", "plain.txt", "--out", "out.txt"]).output().unwrap();
    assert!(output.status.success());
    let expected = "skipped: short.txt: is not UTF-8 (offset 3) and looks like windows-1252, but not surely enough: \
                    `--encoding windows-1252` takes it for that, and other names for others\n";
    assert_eq!(stderr(&output), expected);
    assert_eq!(fs::read(folder.path().join("out.txt")).unwrap(), b"plain\n");
    let message = failure(corpus(folder.path()).args(["short.txt", "--out", "none.txt"]), 1);
    assert!(message.contains("none.txt: not written: the sources have no text"), "{message}");
    // The flag decides, whatever it says.
    for (encoding, expected) in
        [("windows-1252", "caf\u{e9}\n"), ("koi8-r", "caf\u{418}\n"), ("utf-8", "caf\u{fffd}\n")]
    {
        success(corpus(folder.path()).args(["short.txt", "--out", "out.txt", "--force", "--encoding", encoding]));
        assert_eq!(fs::read_to_string(folder.path().join("out.txt")).unwrap(), expected, "{encoding}");
    }
    let message = failure(corpus(folder.path()).args(["short.txt", "--out", "x", "--encoding", "ebcdic"]), 2);
    assert!(
        message.contains("--encoding") && message.contains("ebcdic") && message.contains("windows-1252"),
        "{message}"
    );
    write(folder.path(), "program", &(0..=255).cycle().take(4000).collect::<Vec<u8>>());
    write(folder.path(), "wide.txt", b"\xff\xfe\0\0a\0\0\0");
    let output = corpus(folder.path()).args(["program", "wide.txt", "plain.txt", "--out", "new.txt"]).output().unwrap();
    assert!(stderr(&output).contains("skipped: program: has NUL bytes"), "{}", stderr(&output));
    assert!(stderr(&output).contains("skipped: wide.txt: begins like UTF-32"), "{}", stderr(&output));
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
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\"windows-1250\"\r\nContent-Length: 30\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(b"<html><p>from \xb3\xf3dz</p></html>\n").unwrap();
    });
    // The server's word about the encoding is kept with the page.
    for name in ["first.txt", "second.txt"] {
        let mut call = corpus(folder.path());
        let report = json(call.env("NO_PROXY", "127.0.0.1").args([url.as_str(), "--out", name]));
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "from \u{142}\u{f3}dz\n", "{name}");
        assert_eq!(report["parts"][0]["encoding_known_by"], "server");
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

#[test]
fn no_cache_is_made_where_no_page_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "notes.txt", b"a text\n");
    let mut command = in_folder(folder.path(), "corpus");
    command.env("HOME", folder.path()).env_remove("XDG_CACHE_HOME");
    success(command.args(["notes.txt", "--out", "corpus.txt"]));
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["corpus.txt", "notes.txt"]);
}
