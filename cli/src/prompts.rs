//! Prompts, line by line: from a person who can edit them, or from a pipe.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{bail, Context, Result};
use rustyline::error::ReadlineError;
use rustyline::DefaultEditor;

use crate::output::{note, print};

/// The longest line: far above any window, and it keeps a file without line feeds from filling the memory.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// What a person is told.
pub struct Talk {
    /// At the start; nothing where only the answers are wanted.
    pub greeting: Option<String>,
    /// Answer to `help`.
    pub help: String,
}

/// How a talk was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By the end of the input, Ctrl-D, `quit` or `exit`.
    AtTheEnd,
    /// Ctrl-C ended it.
    Interrupted,
}

/// What a person can type besides prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Help,
    Quit,
}

impl Command {
    fn of(line: &[u8]) -> Option<Self> {
        match line.trim_ascii().to_ascii_lowercase().as_slice() {
            b"help" | b"?" => Some(Self::Help),
            b"quit" | b"exit" => Some(Self::Quit),
            _ => None,
        }
    }
}

impl Talk {
    /// Whether a person types the prompts. In a pipe, every line is one.
    pub fn is_typed(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// Has `answer` answer every line that is not empty.
    pub fn each(&self, answer: impl FnMut(&[u8]) -> Result<()>) -> Result<Left> {
        if !self.is_typed() {
            return self.each_line(answer);
        }
        if let Some(greeting) = &self.greeting {
            note(greeting);
        }
        // Who reads elsewhere wants no signs among the answers.
        if io::stdout().is_terminal() {
            self.with_history(answer)
        } else {
            self.each_line(answer)
        }
    }

    /// Lines can be edited and brought back.
    fn with_history(&self, mut answer: impl FnMut(&[u8]) -> Result<()>) -> Result<Left> {
        let mut editor = DefaultEditor::new().context("terminal")?;
        loop {
            let line = match editor.readline("> ") {
                Ok(line) => line,
                Err(ReadlineError::Eof) => return Ok(Left::AtTheEnd),
                Err(ReadlineError::Interrupted) => return Ok(Left::Interrupted),
                Err(error) => return Err(error).context("terminal"),
            };
            match Command::of(line.as_bytes()) {
                Some(Command::Quit) => return Ok(Left::AtTheEnd),
                Some(Command::Help) => print(&format!("{}\n", self.help))?,
                None if line.trim().is_empty() => {}
                None => {
                    editor.add_history_entry(&line).context("history")?;
                    answer(line.as_bytes())?;
                }
            }
        }
    }

    fn each_line(&self, mut answer: impl FnMut(&[u8]) -> Result<()>) -> Result<Left> {
        let mut lines = Lines::default();
        while let Some(line) = lines.next()? {
            match Command::of(&line).filter(|_| self.is_typed()) {
                Some(Command::Quit) => break,
                Some(Command::Help) => note(&self.help),
                None => answer(&line)?,
            }
        }
        Ok(Left::AtTheEnd)
    }
}

/// Reads lines.
#[derive(Default)]
struct Lines {
    line: usize,
}

impl Lines {
    /// The next line that is not empty, without its end; `None` at the end of the input.
    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            self.line += 1;
            let mut line = Vec::new();
            io::stdin()
                .lock()
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut line)
                .with_context(|| format!("standard input: line {}", self.line))?;
            if line.is_empty() {
                return Ok(None);
            }
            if line.len() as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
                bail!("standard input: line {}: expected at most 1 MiB", self.line);
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if !text.is_empty() {
                return Ok(Some(text.to_vec()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn commands_stand_alone() {
        for (line, command) in [
            ("help", Some(Command::Help)),
            (" ? ", Some(Command::Help)),
            ("Quit", Some(Command::Quit)),
            ("exit\t", Some(Command::Quit)),
            ("help me", None),
            ("how do i quit?", None),
            ("", None),
        ] {
            assert_eq!(Command::of(line.as_bytes()), command, "{line:?}");
        }
    }
}
