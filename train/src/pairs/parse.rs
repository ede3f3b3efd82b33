//! Files of pairs: JSON lines, or a table with a header.

use std::path::Path;

use anyhow::{bail, ensure, Context, Result};
use serde::Deserialize;

use super::Pair;
use crate::bounded::{self, Limit};
use crate::encoding::plain;

/// The pairs of a file, one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs(Vec<Pair>);

impl Pairs {
    /// All of them, in the file's order.
    pub fn all(&self) -> &[Pair] {
        &self.0
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    JsonLines,
    /// A table, with what stands between its columns.
    Table(u8),
}

/// Reads a file of pairs.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn read(path: &Path) -> Result<Pairs> {
    let named = || path.display().to_string();
    let bytes = bounded::read(path, Limit::TEXT).with_context(named)?;
    parse(&bytes, path.extension().and_then(|extension| extension.to_str())).with_context(named)
}

/// Pairs from the bytes of a file whose name ends with `extension`; where that says nothing, the first characters do.
///
/// # Errors
/// Names the line and what was expected.
pub fn parse(bytes: &[u8], extension: Option<&str>) -> Result<Pairs> {
    let text = plain(bytes)?;
    let pairs = match style(&text, extension) {
        Style::JsonLines => json_lines(&text)?,
        Style::Table(delimiter) => table(&text, delimiter)?,
    };
    ensure!(!pairs.is_empty(), "no pairs, expected one at least");
    pairs.iter().try_for_each(check)?;
    Ok(Pairs(pairs))
}

fn style(text: &str, extension: Option<&str>) -> Style {
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("jsonl" | "ndjson" | "json") => Style::JsonLines,
        Some("csv") => Style::Table(b','),
        Some("tsv") => Style::Table(b'\t'),
        _ if text.trim_start().starts_with('{') => Style::JsonLines,
        _ if text.lines().next().is_some_and(|header| header.contains('\t')) => Style::Table(b'\t'),
        _ => Style::Table(b','),
    }
}

#[derive(Deserialize)]
struct Line {
    prompt: String,
    answer: String,
}

/// Keys beside the two are a user's own business.
fn json_lines(text: &str) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let Line { prompt, answer } = serde_json::from_str(text).map_err(|error| {
            let column = error.column();
            // serde_json counts the lines of its own text.
            let said = error.to_string();
            let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
            anyhow::anyhow!(
                "line {line}, column {column}: {what}, expected {{\"prompt\": \"...\", \"answer\": \"...\"}}"
            )
        })?;
        pairs.push(Pair { prompt, answer, line });
    }
    Ok(pairs)
}

/// Columns beside the two are a user's own business.
fn table(text: &str, delimiter: u8) -> Result<Vec<Pair>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header = reader.headers().context("line 1")?.clone();
    let column = |name: &str| {
        let mut places = header.iter().enumerate().filter(|(_, column)| column.trim().eq_ignore_ascii_case(name));
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (Some(_), Some(_)) => bail!("line 1: two columns are called {name}, expected one"),
            (None, _) => bail!("line 1: no column is called {name}, expected a header with prompt and answer"),
        }
    };
    let (prompt, answer) = (column("prompt")?, column("answer")?);
    let mut pairs = Vec::new();
    let mut lines = Lines { text, offset: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = lines.of(pos.as_ref());
                anyhow::anyhow!("line {line}: {len} columns, expected {expected_len} as in the header")
            }
            _ => error.into(),
        })?;
        let line = lines.of(record.position());
        let text = |place: usize| record.get(place).unwrap_or_default().to_owned();
        pairs.push(Pair { prompt: text(prompt), answer: text(answer), line });
    }
    Ok(pairs)
}

/// Counts lines up to places that follow each other. The reader's own numbers are one too low behind line ends of two
/// characters.
struct Lines<'t> {
    text: &'t str,
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that is read from there on; line ends in front of it are not part of it.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.offset);
        let blank = self.text.bytes().skip(start).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.as_bytes().get(self.offset..start + blank).unwrap_or_default();
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.offset = self.offset.max(start + blank);
        self.line
    }
}

fn check(pair: &Pair) -> Result<()> {
    let Pair { prompt, answer, line } = pair;
    ensure!(!prompt.trim().is_empty(), "line {line}: the prompt is empty, expected a text");
    ensure!(!answer.is_empty(), "line {line}: the answer is empty, expected a text");
    ensure!(
        !answer.contains('\n'),
        "line {line}: the answer has several lines, expected one: a line feed ends an answer"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(prompt: &str, answer: &str, line: u64) -> Pair {
        Pair { prompt: prompt.to_owned(), answer: answer.to_owned(), line }
    }

    #[test]
    fn all_styles_hold_the_same_pairs() {
        let expected = [pair("Lamp on, please", "{\"lamp\":1}", 0), pair("aus", "{\"lamp\":0}", 0)];
        let json = "{\"prompt\":\"Lamp on, please\",\"answer\":\"{\\\"lamp\\\":1}\"}\n\n\
                    {\"answer\":\"{\\\"lamp\\\":0}\",\"prompt\":\"aus\",\"who\":3}\n";
        let csv = "who,Answer,prompt\r\n1,\"{\"\"lamp\"\":1}\",\"Lamp on, please\"\r\n2,\"{\"\"lamp\"\":0}\",aus\r\n";
        let tsv = "prompt\tanswer\nLamp on, please\t\"{\"\"lamp\"\":1}\"\naus\t\"{\"\"lamp\"\":0}\"\n";
        for (text, extension, lines) in [
            (json, "jsonl", [1, 3]),
            (json, "txt", [1, 3]),
            (csv, "CSV", [2, 3]),
            (csv, "txt", [2, 3]),
            (tsv, "tsv", [2, 3]),
            (tsv, "", [2, 3]),
        ] {
            let found = parse(text.as_bytes(), Some(extension)).unwrap();
            let expected: Vec<_> =
                expected.iter().zip(lines).map(|(pair, line)| Pair { line, ..pair.clone() }).collect();
            assert_eq!(found.all(), expected, "{extension}");
        }
    }

    #[test]
    fn a_record_of_several_lines_counts_from_its_first() {
        for end in ["\n", "\r\n", "\n\n"] {
            let text = ["prompt,answer", "\"two\nlines\",one", "b,c", ""].join(end);
            let found = parse(text.as_bytes(), Some("csv")).unwrap();
            let blank = if end == "\n\n" { 1 } else { 0 };
            assert_eq!(found.all(), [pair("two\nlines", "one", 2 + blank), pair("b", "c", 4 + 2 * blank)]);
        }
    }

    #[test]
    fn faults_are_named_by_line() {
        for (text, extension, expected) in [
            ("", "jsonl", "no pairs, expected one"),
            ("{\"prompt\":\"a\",\"answer\":\"b\"}\n{\"prompt\":1}", "jsonl", "line 2, column 11: invalid type"),
            ("{\"prompt\":\"a\"}", "jsonl", "line 1, column 14: missing field `answer`"),
            ("[1]", "jsonl", "line 1, column"),
            ("prompt,answer\na,b\nc\n", "csv", "line 3: 1 columns, expected 2"),
            ("question,answer\na,b\n", "csv", "line 1: no column is called prompt"),
            ("prompt,prompt,answer\na,b,c\n", "csv", "line 1: two columns are called prompt"),
            ("prompt,answer\n  ,b\n", "csv", "line 2: the prompt is empty"),
            ("prompt,answer\na,\n", "csv", "line 2: the answer is empty"),
            ("prompt,answer\na,\"b\nc\"\n", "csv", "line 2: the answer has several lines"),
        ] {
            let message = format!("{:#}", parse(text.as_bytes(), Some(extension)).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
        assert!(parse(b"prompt,answer\na,\xff\n", Some("csv")).is_err());
    }
}
