//! Running other programs: one line that names what failed, their output kept for the report, and a sign of life while
//! they are silent ([`crate::progress`]). Whatever runs long goes through here.

use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread;

use anyhow::{bail, Context, Result};

use crate::progress::{self, Board};
use crate::workspace;

/// What a program did.
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// stdout and stderr in the order they were written (stdout alone where stderr went to the terminal).
    pub text: String,
}

/// cargo, started in the workspace root.
pub fn cargo() -> Command {
    in_root(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// cargo of the nightly toolchain, started in the workspace root.
pub fn nightly_cargo() -> Command {
    let mut cargo = in_root("rustup");
    cargo.args(["run", "nightly", "cargo"]);
    // Our own toolchain's settings, passed down by cargo, would pull the nightly one apart.
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC", "LD_LIBRARY_PATH"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// `program`, started in the workspace root.
pub fn in_root(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    // A relative folder would mean another place from here.
    if let Some(folder) = env::var_os("CARGO_TARGET_DIR") {
        command.env("CARGO_TARGET_DIR", workspace::absolute(Path::new(&folder)));
    }
    command
}

/// rustup. A backtrace of its own code behind a user's mistake would say nothing to the user.
pub fn rustup() -> Command {
    let mut command = Command::new("rustup");
    command.env_remove("RUST_BACKTRACE");
    command
}

/// Runs the command and keeps both output streams, interleaved.
pub fn capture(command: &mut Command) -> Result<Finished> {
    capture_beside(progress::board(), command)
}

/// With the signs of life on another board.
fn capture_beside(board: &Board, command: &mut Command) -> Result<Finished> {
    let shown = line(command);
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = command.spawn();
    // The command holds the write ends: unless they go, the read below never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.with_context(|| format!("cannot start `{shown}`"))?;
    board.hear(&brief(&shown));
    let bytes = listen(reader, |line| board.hear(line))?;
    let status = child.wait()?;
    Ok(Finished { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Reads to the end; hands on each line that says something as it comes.
fn listen(mut reader: impl Read, mut hear: impl FnMut(&str)) -> io::Result<Vec<u8>> {
    let (mut bytes, mut heard, mut part) = (Vec::new(), 0, [0; 8192]);
    loop {
        let count = match reader.read(&mut part) {
            Ok(0) => return Ok(bytes),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes.extend_from_slice(&part[..count]);
        let fresh = &bytes[heard..];
        let Some(end) = fresh.iter().rposition(|byte| *byte == b'\n') else { continue };
        let lines = String::from_utf8_lossy(&fresh[..end]);
        if let Some(line) = lines.lines().rev().find(|line| !line.trim().is_empty()) {
            hear(line);
        }
        heard += end + 1;
    }
}

/// Like [`capture`], for long runs: stderr goes to ours, where progress lines belong.
pub fn capture_stdout(command: &mut Command) -> Result<Finished> {
    let shown = line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let (mut stdout, stderr) = (child.stdout.take().context("no stdout")?, child.stderr.take().context("no stderr")?);
    let mut bytes = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| forward(stderr, |bytes| progress::board().between(|out| drop(out.write_all(bytes)))));
        stdout.read_to_end(&mut bytes)
    })?;
    Ok(Finished { status: child.wait()?, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Hands on what comes, as it comes.
fn forward(mut reader: impl Read, mut write: impl FnMut(&[u8])) {
    let mut part = [0; 8192];
    while let Ok(count @ 1..) = reader.read(&mut part) {
        write(&part[..count]);
    }
}

/// Runs the command and keeps its output streams apart.
pub fn output(command: &mut Command) -> Result<Output> {
    let shown = line(command);
    progress::board().hear(&brief(&shown));
    command.output().with_context(|| format!("cannot start `{shown}`"))
}

/// Runs the command; what it says goes where the command says.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot start `{}`", line(command)))
}

/// Runs the command; its output is returned, or becomes the error when it fails.
pub fn checked(command: &mut Command) -> Result<String> {
    let finished = capture(command)?;
    finished.successful(command)
}

/// Runs a command that does not take long, with its output where ours goes.
pub fn visible(command: &mut Command) -> Result<()> {
    let status = progress::board().left_alone(|| status(command))?;
    succeeded(status, command)
}

/// Runs a long command and hands on what it says, with signs of life while that is nothing.
pub fn relayed(command: &mut Command) -> Result<()> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("cannot start `{}`", line(command)))?;
    let (stdout, stderr) = (child.stdout.take().context("no stdout")?, child.stderr.take().context("no stderr")?);
    let board = progress::board();
    thread::scope(|scope| {
        scope.spawn(|| forward(stderr, |bytes| board.between(|out| drop(out.write_all(bytes)))));
        forward(stdout, |bytes| {
            board.between(|_| drop(io::stdout().write_all(bytes).and_then(|()| io::stdout().flush())));
        });
    });
    succeeded(child.wait()?, command)
}

fn succeeded(status: ExitStatus, command: &Command) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

impl Finished {
    /// The text of a success; a failure becomes an error with the command line and the whole output.
    pub fn successful(self, command: &Command) -> Result<String> {
        if !self.status.success() {
            bail!("`{}` failed ({})\n{}", line(command), self.status, self.text.trim_end());
        }
        Ok(self.text)
    }
}

/// The command line as one would type it.
pub fn line(command: &Command) -> String {
    let program = command.get_program();
    let program =
        if env::var_os("CARGO").as_deref() == Some(program) { "cargo".into() } else { program.to_string_lossy() };
    let mut words = vec![program.into_owned()];
    words.extend(command.get_args().map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

/// A command line without the ways to its files, for a line that has little room.
fn brief(line: &str) -> String {
    line.split(' ').map(|word| word.rsplit('/').next().unwrap_or(word)).collect::<Vec<_>>().join(" ")
}

/// A word as one would type it.
pub fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '*', '"', '\'']) {
        format!("'{word}'")
    } else {
        word.to_string()
    }
}

/// Where `program` lies on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::tests::quick_board;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_silent_child_does_not_make_us_silent() {
        let (board, screen) = quick_board(false);
        let _task = board.task("a step");
        let finished = capture_beside(&board, &mut shell("echo it begins; sleep 1; echo it ends >&2")).unwrap();
        assert_eq!(finished.text, "it begins\nit ends\n");
        let text = screen.text();
        let is_sign = |line: &&str| line.starts_with("   ... a step: ") && line.ends_with(" s: it begins");
        // A line in 40 ms; a busy machine may be slower.
        assert!(text.lines().filter(is_sign).count() >= 3, "{text}");
    }

    #[test]
    fn a_users_mistake_brings_no_backtrace_of_rustups() {
        let removed = (std::ffi::OsStr::new("RUST_BACKTRACE"), None);
        assert!(rustup().get_envs().any(|variable| variable == removed));
    }

    #[test]
    fn a_brief_line_has_names_only() {
        assert_eq!(brief("/usr/bin/llvm-ar rcsD /tmp/x/atome.a atome.o"), "llvm-ar rcsD atome.a atome.o");
    }

    #[test]
    fn what_a_child_says_is_kept_whole() {
        let bytes: Vec<u8> = (0..40_000).flat_map(|number| format!("{number}\n").into_bytes()).collect();
        let mut heard = Vec::new();
        assert!(listen(&bytes[..], |line| heard.push(line.to_string())).unwrap() == bytes);
        assert_eq!(heard.last().map(String::as_str), Some("39999"));
    }

    #[test]
    fn streams_that_are_apart_stay_apart() {
        let mut command = shell("echo out; echo err >&2; exit 3");
        let finished = capture_stdout(&mut command).unwrap();
        assert_eq!((finished.text.as_str(), finished.status.code()), ("out\n", Some(3)));
        let output = output(&mut command).unwrap();
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
    }

    /// Where programs are started in another way, and why they are not silent.
    const ELSEWHERE: [(&str, &str); 5] = [
        ("lab/src/fuzz/campaign.rs", "prints what the fuzzer says, and counts the campaigns"),
        ("src/picture.rs", "writes to its program"),
        ("src/progress.rs", "says what this is about"),
        ("lab/src/prove/explorer.rs", "prints a line for each proof, and counts them"),
        ("lab/src/qemu/machine.rs", "has a time limit; the jobs are counted"),
    ];

    /// All sources but for their tests.
    fn sources() -> Vec<(String, String)> {
        let (mut found, mut folders) =
            (Vec::new(), ["src", "lab/src"].map(|folder| workspace::root().join("xtask").join(folder)).to_vec());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let code = text.split("#[cfg(test)]\n").next().unwrap_or_default().to_string();
                    let name = path.strip_prefix(workspace::root().join("xtask")).unwrap().display().to_string();
                    found.push((name, code));
                }
            }
        }
        found
    }

    #[test]
    fn no_program_is_started_past_this_module() {
        let is_elsewhere = |name: &str| name == "src/process.rs" || ELSEWHERE.iter().any(|(known, _)| *known == name);
        for (name, code) in sources().into_iter().filter(|(name, _)| !is_elsewhere(name)) {
            for call in [".spawn()", ".output()", ".status()"] {
                assert!(!code.contains(call), "{name}: {call} runs a program in silence: call process:: instead");
            }
        }
    }

    #[test]
    fn nothing_is_printed_into_a_drawn_line() {
        for (name, code) in
            sources().into_iter().filter(|(name, _)| !["src/pipes.rs", "src/progress.rs"].contains(&&**name))
        {
            for call in ["println!", "eprint!"] {
                assert!(!code.contains(call), "{name}: {call}: say! and note! clear the line of progress first");
            }
        }
    }
}
