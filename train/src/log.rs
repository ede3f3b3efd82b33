//! A training's log: one JSON object a line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use serde::{Deserialize, Serialize};

use crate::bounded::{self, Limit};
use crate::checkpoint::atomic::{Existing, Pending};
use crate::pretrained::Origin;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// A training starts or goes on.
    Start {
        /// Steps done before.
        step: u64,
        /// Steps of the whole training.
        steps: u64,
        /// Parameters of the model.
        parameters: usize,
        /// Digest of the text.
        corpus: String,
        /// The weights that the training began with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        init_from: Option<Origin>,
    },
    /// Where the training stands.
    Step {
        /// Steps done.
        step: u64,
        /// Mean cross-entropy since the last such line, in bits a byte.
        bits_per_byte: f64,
        /// Mean of what is minimised, in nats a byte.
        loss: f64,
        /// Learning rate.
        rate: f64,
        /// Norm of the last gradient.
        norm: f64,
        /// Bytes predicted a second.
        tokens_per_second: f64,
    },
    /// What the model is worth on the text held out.
    Judgement {
        /// Steps done.
        step: u64,
        /// Mean cross-entropy, in bits a byte.
        bits_per_byte: f64,
        /// e to the power of the mean cross-entropy.
        perplexity: f64,
    },
    /// The machine was too hot.
    Pause {
        /// Steps done.
        step: u64,
        /// Degrees Celsius.
        degrees: f64,
        /// How long the work rested.
        seconds: f64,
    },
}

impl Line {
    /// Steps done when it was written.
    pub const fn step(&self) -> u64 {
        match *self {
            Self::Start { step, .. }
            | Self::Step { step, .. }
            | Self::Judgement { step, .. }
            | Self::Pause { step, .. } => step,
        }
    }
}

/// A log that grows.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    lines: Vec<Line>,
}

impl Log {
    /// The log that lies at `path` and begins with these lines.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn open(path: &Path, lines: Vec<Line>) -> Result<Self> {
        let file = OpenOptions::new().append(true).open(path).with_context(|| unwritable(path))?;
        Ok(Self { path: path.to_owned(), file, lines })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Names the file that cannot be written; the line is remembered nevertheless.
    pub fn add(&mut self, line: Line) -> Result<()> {
        let text = as_json(&line) + "\n";
        self.lines.push(line);
        self.file.write_all(text.as_bytes()).with_context(|| unwritable(&self.path))
    }

    /// All lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

/// The lines of a training that goes on after `step` steps: what was written about later ones is taken back.
///
/// # Errors
/// As [`read`], but there need not be a log.
pub fn lines_until(path: &Path, step: u64) -> Result<Vec<Line>> {
    let mut lines = if path.exists() { read(path)? } else { Vec::new() };
    lines.retain(|line| line.step() <= step);
    Ok(lines)
}

/// A log of these lines that does not have its name yet.
///
/// # Errors
/// Names the file that cannot be written.
pub fn pending(path: &Path, lines: &[Line], existing: Existing) -> Result<Pending> {
    let text: String = lines.iter().map(|line| as_json(line) + "\n").collect();
    Pending::write(path, text.as_bytes(), existing).with_context(|| unwritable(path))
}

fn unwritable(path: &Path) -> String {
    format!("{}: the log cannot be written", path.display())
}

fn as_json(line: &Line) -> String {
    serde_json::to_string(line).expect("numbers and strings have a form in JSON")
}

/// Reads a log. A last line without its end is what an interrupted training leaves, and does not count.
///
/// # Errors
/// Names the file, and the line that is no line of a log.
pub fn read(path: &Path) -> Result<Vec<Line>> {
    let named = || format!("{}: the log cannot be read", path.display());
    let bytes = bounded::read(path, Limit::LOG).with_context(named)?;
    lines_of(&bytes).with_context(|| path.display().to_string())
}

/// The lines of a log in memory, as [`read`] takes them.
///
/// # Errors
/// Names the line that is no line of a log.
pub fn lines_of(bytes: &[u8]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (index, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice(text) {
            Ok(line) => lines.push(line),
            Err(_) if !text.ends_with(b"\n") => {}
            Err(error) => bail!("line {}: expected a line of a training's log: {error}", index + 1),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(path: &Path, lines: Vec<Line>) -> Log {
        pending(path, &lines, Existing::Replace).unwrap().commit().unwrap();
        Log::open(path, lines).unwrap()
    }

    fn judgement(step: u64) -> Line {
        Line::Judgement { step, bits_per_byte: 2.5, perplexity: 5.6 }
    }

    #[test]
    fn a_resumed_log_forgets_what_was_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut first = log(&path, Vec::new());
        [10, 20, 30].into_iter().for_each(|step| first.add(judgement(step)).unwrap());
        drop(first);
        // A kill in the middle of a line.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"event\":\"judg").unwrap();
        let mut log = log(&path, lines_until(&path, 20).unwrap());
        log.add(judgement(25)).unwrap();
        assert_eq!(read(&path).unwrap(), [judgement(10), judgement(20), judgement(25)]);
        assert_eq!(log.lines(), read(&path).unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_endless_log_is_refused() {
        let message = format!("{:#}", read(Path::new("/dev/zero")).unwrap_err());
        assert_eq!(message, "/dev/zero: the log cannot be read: longer than 16 MiB, the limit of a device");
    }

    #[test]
    fn hostile_logs_are_refused_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        for bad in ["what\n", "{\"event\":\"judgement\"}\n", "\u{fffd}\n", "{\"event\":\"step\",\"step\":-1}\n"] {
            std::fs::write(&path, as_json(&judgement(1)) + "\n" + bad).unwrap();
            let message = format!("{:#}", lines_until(&path, 5).unwrap_err());
            assert!(message.contains("log.jsonl: line 2: expected"), "{message}");
        }
    }
}
