//! Tables with a header, as people export them: comma or tab between the columns, or a JSON object a line.

use anyhow::{anyhow, bail, ensure, Context, Result};
use serde_json::{Map, Value};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A JSON object a line.
    JsonLines,
    /// With what stands between its columns.
    Table(u8),
}

impl Style {
    /// By the extension of the file's name; where that says nothing, by the first characters.
    pub fn of(text: &str, extension: Option<&str>) -> Self {
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("jsonl" | "ndjson" | "json") => Self::JsonLines,
            Some("csv") => Self::Table(b','),
            Some("tsv") => Self::Table(b'\t'),
            _ if text.trim_start().starts_with('{') => Self::JsonLines,
            _ if text.lines().next().is_some_and(|header| header.contains('\t')) => Self::Table(b'\t'),
            _ => Self::Table(b','),
        }
    }
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A text for each column.
    pub cells: Vec<String>,
    /// The line of the file that it begins in, from 1.
    pub line: u64,
}

/// The names of the columns, and the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// As they stand there.
    pub header: Vec<String>,
    /// As many cells each as there are names.
    pub rows: Vec<Row>,
}

impl Table {
    /// The table in `text`.
    ///
    /// # Errors
    /// Names the line and what was expected.
    pub fn parse(text: &str, style: Style) -> Result<Self> {
        match style {
            Style::JsonLines => json_lines(text),
            Style::Table(delimiter) => separated(text, delimiter),
        }
    }

    /// The place of the column of that name, whatever its case; `None` where there is none.
    ///
    /// # Errors
    /// There are two.
    pub fn column(&self, name: &str) -> Result<Option<usize>> {
        let mut places = self.header.iter().enumerate().filter(|(_, column)| column.trim().eq_ignore_ascii_case(name));
        match (places.next(), places.next()) {
            (_, Some(_)) => bail!("line 1: two columns are called {name}, expected one"),
            (first, None) => Ok(first.map(|(place, _)| place)),
        }
    }
}

fn separated(text: &str, delimiter: u8) -> Result<Table> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().context("line 1")?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    let mut lines = Lines { text, offset: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = lines.of(pos.as_ref());
                anyhow!("line {line}: {len} columns, expected {expected_len} as in the header")
            }
            _ => error.into(),
        })?;
        let line = lines.of(record.position());
        // A reader that has met an empty header takes the first record's columns for the number of all.
        ensure!(
            record.len() == header.len(),
            "line {line}: {} columns, expected {} as in the header",
            record.len(),
            header.len()
        );
        rows.push(Row { cells: record.iter().map(str::to_owned).collect(), line });
    }
    Ok(Table { header, rows })
}

/// The keys of the first object are the columns; others may have more.
fn json_lines(text: &str) -> Result<Table> {
    let mut table = Table { header: Vec::new(), rows: Vec::new() };
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| json_error(line, &error, "an object"))?;
        ensure!(!object.is_empty(), "line {line}: an object without keys, expected some");
        if table.header.is_empty() {
            table.header = object.keys().cloned().collect();
        }
        let cell = |name: &String| match object.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => bail!("line {line}: {name} is no text and no number"),
            None => bail!("line {line}: no key is called {name}, expected it as in the first line"),
        };
        let cells = table.header.iter().map(cell).collect::<Result<_>>()?;
        table.rows.push(Row { cells, line });
    }
    Ok(table)
}

/// What is wrong with a line of JSON, and what was expected. serde_json counts the lines of its own text.
pub(crate) fn json_error(line: u64, error: &serde_json::Error, expected: &str) -> anyhow::Error {
    let column = error.column();
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    anyhow!("line {line}, column {column}: {what}, expected {expected}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_hold_the_same_cells() {
        let csv = Table::parse("a,b\n1,\"x,\ny\"\n2,z\n", Style::Table(b',')).unwrap();
        let json =
            Table::parse("{\"a\":1,\"b\":\"x,\\ny\"}\n\n{\"b\":\"z\",\"a\":2,\"c\":[]}\n", Style::JsonLines).unwrap();
        let cells = |table: &Table| table.rows.iter().map(|row| row.cells.clone()).collect::<Vec<_>>();
        assert_eq!((&csv.header, cells(&csv)), (&json.header, cells(&json)));
        assert_eq!(csv.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(json.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((csv.column("B").unwrap(), csv.column("c").unwrap()), (Some(1), None));
    }

    #[test]
    fn lines_of_json_that_are_no_rows_are_named() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"b\":1}", "line 2: no key is called a"),
            ("{}\n{\"a\":1}", "line 1: an object without keys"),
            ("{\"a\":[1]}", "line 1: a is no text and no number"),
            ("{\"a\":1}\n[1]", "line 2, column"),
        ] {
            let message = Table::parse(text, Style::JsonLines).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
