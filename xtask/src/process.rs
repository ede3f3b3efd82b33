//! Running other programs: one line that names what failed, and their output kept for the report.

use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{bail, Context, Result};

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

/// Runs the command and keeps both output streams, interleaved.
pub fn capture(command: &mut Command) -> Result<Finished> {
    let shown = line(command);
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = command.spawn();
    // The command holds the write ends: unless they go, the read below never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.with_context(|| format!("cannot start `{shown}`"))?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    let status = child.wait()?;
    Ok(Finished { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Like [`capture`], for long runs: stderr goes to the terminal, where progress lines belong.
pub fn capture_stdout(command: &mut Command) -> Result<Finished> {
    let shown = line(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    Ok(Finished { status: output.status, text: String::from_utf8_lossy(&output.stdout).into_owned() })
}

/// Runs the command; its output is returned, or becomes the error when it fails.
pub fn checked(command: &mut Command) -> Result<String> {
    let finished = capture(command)?;
    finished.successful(command)
}

/// Runs the command with its output on the terminal.
pub fn visible(command: &mut Command) -> Result<()> {
    let shown = line(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
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

fn quoted(word: &str) -> String {
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
