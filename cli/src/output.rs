//! What goes to standard output and standard error: the one place where text meets a terminal.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use atome_train::terminal::{is_order, safe};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::Value;

/// Writes to standard output, at once. What a terminal would take as an order is shown: names in files come from anybody.
pub fn print(text: &str) -> Result<()> {
    write_out(safe(text).as_bytes())
}

/// A line to standard error, as [`print`] shows it. It may be closed: what is said there is not worth failing for.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", safe(text));
}

/// A line of JSON.
pub fn print_json(value: &Value) -> Result<()> {
    print(&json_line(value))
}

/// A line of JSON, in which what [`print`] would show otherwise is escaped as JSON does it.
pub fn json_line(value: &Value) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Escaping(CompactFormatter)));
    written.expect("a value has a form in JSON, and memory takes it");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is text")
}

struct Escaping(CompactFormatter);

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, order)) = rest.char_indices().find(|&(_, c)| is_order(c)) {
            let (front, behind) = rest.split_at(at);
            self.0.write_string_fragment(writer, front)?;
            write!(writer, "\\u{:04x}", u32::from(order))?;
            rest = behind.get(order.len_utf8()..).unwrap_or_default();
        }
        self.0.write_string_fragment(writer, rest)
    }
}

/// Text that somebody asked for as it is: a pipe or a file gets its bytes, a terminal what [`print`] shows.
pub fn print_text(text: &str) -> Result<()> {
    match io::stdout().is_terminal() {
        true => print(text),
        false => write_out(text.as_bytes()),
    }
}

/// Bytes to standard output, at once.
pub fn write_out(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_order_and_says_the_same() {
        let value = serde_json::json!({ "a\u{9b}": ["\u{1b}]0;x\u{7}", "é\u{202e}\u{7f}\n", 1.5, null], "b": {} });
        let line = json_line(&value);
        assert_eq!(line, "{\"a\\u009b\":[\"\\u001b]0;x\\u0007\",\"é\\u202e\\u007f\\n\",1.5,null],\"b\":{}}\n");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }
}
