//! Generated text on its way to standard output.

use std::io::{stdout, IsTerminal};

use anyhow::{bail, Result};

use super::args::RunArgs;
use crate::output::{print, write_out};
use crate::stream::{push_token, TextStream};

/// The generated text, on its way to standard output.
pub struct TextOutput {
    stream: TextStream,
    /// The tokens are bytes, and nothing is put between or behind them.
    raw: bool,
    /// A terminal would take some bytes as orders, wherever they come from: it gets them as text.
    is_shown: bool,
    /// Text that is not printed as it comes.
    held: Option<String>,
}

impl TextOutput {
    pub fn new(args: &RunArgs) -> Self {
        Self {
            stream: TextStream::default(),
            raw: args.raw && !args.manner.json,
            is_shown: stdout().is_terminal(),
            held: args.manner.json.then(String::new),
        }
    }

    /// Shows what is complete with this token, which stands for `bytes`.
    pub fn push(&mut self, token: usize, bytes: &[u8]) -> Result<()> {
        if self.raw {
            if bytes.is_empty() {
                bail!("token {token} is no text, expected a byte or a subword with --raw");
            }
            if !self.is_shown {
                return write_out(bytes);
            }
        }
        let text = push_token(&mut self.stream, token, bytes);
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
