//! A reader that leaves ends the program, without a panic's message.

#![cfg(unix)]

use std::io::{pipe, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    for arguments in [&["--help"][..], &["test", "--list"], &["test", "--help"], &["header", "--check"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), Some(13), "{arguments:?}: {} {text}", output.status);
        assert!(text.is_empty(), "{arguments:?}: {text}");
    }
}

#[test]
fn an_error_nobody_reads_is_quiet_too() {
    let (mut reader, writer) = pipe().unwrap();
    let (closed, unread) = pipe().unwrap();
    drop(closed);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let status = command.arg("jump").stdout(writer).stderr(unread).status().unwrap();
    drop(command);
    assert_eq!(status.signal(), Some(13), "{status}");
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
}
