//! Prompts, line by line from standard input.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{bail, Context, Result};

/// Far above any window; keeps a file without line feeds from filling the memory.
const LONGEST_LINE: u64 = 1 << 20;

/// Reads lines; shows a sign only where a person types and reads.
pub struct Prompts {
    sign: bool,
    line: usize,
}

impl Prompts {
    pub fn new() -> Self {
        Self { sign: io::stdin().is_terminal() && io::stdout().is_terminal(), line: 0 }
    }

    /// The next line that is not empty, without its end; `None` at the end of the input.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            self.line += 1;
            self.show("> ");
            let mut line = Vec::new();
            io::stdin()
                .lock()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .with_context(|| format!("standard input: line {}", self.line))?;
            if line.is_empty() {
                self.show("\n");
                return Ok(None);
            }
            if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                bail!("standard input: line {}: expected at most 1 MiB", self.line);
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if !text.is_empty() {
                return Ok(Some(text.to_vec()));
            }
        }
    }

    fn show(&self, text: &str) {
        if self.sign {
            let mut stdout = io::stdout().lock();
            let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        }
    }
}
