//! Files of pairs: JSON lines, or a table with a header.

use std::path::Path;

use anyhow::{ensure, Context, Result};
use serde::Deserialize;

use super::split::{split, split_by};
use super::{Form, Pair, Split};
use crate::bounded::{self, Limit};
use crate::encoding::plain;
use crate::table::{json_error, Row, Style, Table};

/// The pairs of a file, one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    all: Vec<Pair>,
    /// What a prompt was made of, where prompts are not what people typed.
    sources: Option<Vec<Vec<u8>>>,
}

impl Pairs {
    /// Of prompts as people type them.
    pub fn new(all: Vec<Pair>) -> Self {
        Self { all, sources: None }
    }

    /// Of prompts that were made of something else, `sources`, one each.
    pub fn made_of(all: Vec<Pair>, sources: Vec<Vec<u8>>) -> Self {
        Self { all, sources: Some(sources) }
    }

    /// All of them, in the file's order.
    pub fn all(&self) -> &[Pair] {
        &self.all
    }

    /// Holds out `share` of the prompts, by seed: see [`split`].
    pub fn split(&self, form: &Form, share: f64, seed: u64) -> Split<'_> {
        match &self.sources {
            None => split(&self.all, form, share, seed),
            Some(sources) => split_by(&self.all, sources.iter().cloned(), share, seed),
        }
    }
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
    let pairs = match Style::of(&text, extension) {
        Style::JsonLines => json_lines(&text)?,
        style @ Style::Table(_) => table(&Table::parse(&text, style)?)?,
    };
    ensure!(!pairs.is_empty(), "no pairs, expected one at least");
    pairs.iter().try_for_each(check)?;
    Ok(Pairs::new(pairs))
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
        let Line { prompt, answer } = serde_json::from_str(text)
            .map_err(|error| json_error(line, &error, "{\"prompt\": \"...\", \"answer\": \"...\"}"))?;
        pairs.push(Pair { prompt, answer, line });
    }
    Ok(pairs)
}

/// Columns beside the two are a user's own business.
fn table(table: &Table) -> Result<Vec<Pair>> {
    let column = |name: &str| {
        let none = || format!("line 1: no column is called {name}, expected a header with prompt and answer");
        table.column(name)?.with_context(none)
    };
    let (prompt, answer) = (column("prompt")?, column("answer")?);
    let pair =
        |Row { cells, line }: &Row| Pair { prompt: cells[prompt].clone(), answer: cells[answer].clone(), line: *line };
    Ok(table.rows.iter().map(pair).collect())
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
