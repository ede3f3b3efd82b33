//! What goes to standard output.

use std::io::{self, Write};

use anyhow::{bail, Context, Result};

use crate::args::RunArgs;
use crate::stream::{push_token, TextStream};

/// The generated text, on its way to standard output.
pub struct TextOutput {
    stream: TextStream,
    raw: bool,
    /// Text that is not printed as it comes.
    held: Option<String>,
}

impl TextOutput {
    pub fn new(args: &RunArgs) -> Self {
        Self { stream: TextStream::default(), raw: args.raw && !args.json, held: args.json.then(String::new) }
    }

    /// Shows what is complete with this token.
    pub fn push(&mut self, token: usize) -> Result<()> {
        if self.raw {
            let Ok(byte) = u8::try_from(token) else {
                bail!("token {token} is no byte, expected 0 to 255 with --raw");
            };
            return write_out(&[byte]);
        }
        let text = push_token(&mut self.stream, token);
        self.show(text)
    }

    fn show(&mut self, text: String) -> Result<()> {
        match &mut self.held {
            Some(held) => held.push_str(&text),
            None => print(&text)?,
        }
        Ok(())
    }

    /// Ends the text, and returns what was held back.
    pub fn finish(mut self) -> Result<String> {
        let rest = self.stream.finish();
        self.show(rest)?;
        if self.held.is_none() && !self.raw {
            print("\n")?;
        }
        Ok(self.held.unwrap_or_default())
    }
}

/// Writes to standard output, at once.
pub fn print(text: &str) -> Result<()> {
    write_out(text.as_bytes())
}

/// A line to standard error. It may be closed: what is said there is not worth failing for.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A line of JSON.
pub fn print_json(value: &serde_json::Value) -> Result<()> {
    print(&format!("{value}\n"))
}

/// Bytes to standard output, at once.
pub fn write_out(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("standard output")
}
