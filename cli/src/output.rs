//! What goes to standard output.

use std::io::{self, Write};

use anyhow::{Context, Result};

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
