//! What a person sees who types: a terminal on both sides of the program.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use common::{atome, small_model};
use nix::pty::openpty;
use nix::sys::termios::{tcgetattr, LocalFlags};

/// A program at a terminal of its own.
struct Session {
    child: Child,
    keyboard: File,
    /// The program's side, kept to look at its settings.
    screen: OwnedFd,
    shown: Receiver<Vec<u8>>,
    text: String,
}

impl Session {
    fn start(command: &mut Command) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let mut reader = File::from(pty.master.try_clone().unwrap());
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard: File::from(pty.master), screen: pty.slave, shown, text: String::new() }
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `text` was shown, and returns all that was shown up to it.
    fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(at) = self.text.find(text) {
                let rest = self.text.split_off(at + text.len());
                return std::mem::replace(&mut self.text, rest);
            }
            match self.shown.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("expected {text:?} on the screen, found {:?}", self.text)
                }
            }
        }
    }

    /// Waits for the end; returns the status and what was shown since the last [`Session::expect`].
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(200)) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status, self.text)
    }
}

/// The sign in front of a line that is asked for.
const SIGN: &str = "> ";

#[test]
fn a_talk_greets_helps_marks_and_ends() {
    let mut session = Session::start(&mut atome());
    let greeting = session.expect(SIGN);
    assert!(greeting.starts_with("The help of a thermostat.") && greeting.contains("Ctrl-D"), "{greeting}");
    session.type_in("Make it 21 degrees!\r");
    let answer = session.expect("{\"temp\":21}");
    assert!(!answer.contains("router"), "{answer}");
    session.expect(SIGN);
    session.type_in("set night mode at 10 pm\r");
    session.expect("[unsure: the question is unlike what the model knows]");
    for help in ["help\r", "?\r"] {
        session.expect(SIGN);
        session.type_in(help);
        session.expect("\"turn on eco mode\"");
    }
    session.expect(SIGN);
    session.type_in("quit\r");
    let (status, rest) = session.end();
    // A person has seen what was unsure.
    assert_eq!(status.code(), Some(0), "{rest}");
}

#[test]
fn an_answer_that_is_not_shown_is_seen_to_be_unsure() {
    let mut session = Session::start(atome().arg("-q"));
    session.expect(SIGN);
    session.type_in("set night mode at 10 pm\r");
    let shown = session.expect("note: unsure");
    assert!(!shown.contains("{\"sub\":10}"), "{shown}");
    session.expect(SIGN);
    session.type_in("exit\r");
    assert_eq!(session.end().0.code(), Some(0));
}

#[test]
fn control_d_and_control_c_leave_a_clean_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    for (key, status) in [("\u{4}", 0), ("\u{3}", 130)] {
        for is_run in [false, true] {
            let mut command = atome();
            if is_run {
                command.arg("run").arg(&model).args(["-n", "3"]);
            }
            let mut session = Session::start(&mut command);
            session.expect(SIGN);
            // A line that was begun is no obstacle to Ctrl-C.
            if status == 130 {
                session.type_in("half a li");
                session.expect("half a li");
            }
            session.type_in(key);
            let screen = session.screen.try_clone().unwrap();
            let (found, rest) = session.end();
            assert_eq!(found.code(), Some(status), "{rest:?}");
            assert!(rest.ends_with('\n'), "{rest:?}");
            let flags = tcgetattr(&screen).unwrap().local_flags;
            assert!(flags.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG), "{flags:?}");
        }
    }
}

#[test]
fn a_model_that_continues_text_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(atome().arg("run").arg(small_model(folder.path())).args(["-n", "5"]));
    let greeting = session.expect(SIGN);
    assert!(greeting.contains("a line is a prompt"), "{greeting}");
    session.type_in("help\r");
    session.expect("which the model continues");
    session.expect(SIGN);
    session.type_in("Once\r");
    session.expect("5 tokens in");
    session.expect(SIGN);
    session.type_in("quit\r");
    assert_eq!(session.end().0.code(), Some(0));
}

/// What a terminal would take as an order, or a reader for another text.
fn is_order(c: char) -> bool {
    (c.is_control() && !"\r\n\t".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c)
}

#[test]
fn a_terminal_gets_no_orders_where_a_pipe_gets_all_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    std::fs::write(folder.path().join("text"), "a \u{202e}turned line\n").unwrap();
    let run: &[&str] = &["-n", "300", "--raw", "-q", "--temperature", "9", "--seed", "1"];
    let commands = || {
        let [mut raw, mut corpus] = [atome(), atome()];
        raw.arg("run").arg(&model).arg("x").args(run);
        corpus.current_dir(folder.path()).args(["corpus", "text", "--out", "-"]);
        [raw, corpus]
    };
    for (mut piped, mut shown) in commands().into_iter().zip(commands()) {
        let bytes = piped.output().unwrap().stdout;
        assert!(String::from_utf8_lossy(&bytes).contains(is_order), "{piped:?}: nothing to be kept from a terminal");
        let (status, screen) = Session::start(&mut shown).end();
        assert_eq!(status.code(), Some(0), "{screen}");
        assert!(!screen.contains(is_order) && screen.contains('\\'), "{screen:?}");
    }
}
