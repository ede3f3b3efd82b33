//! Files of examples: a table with a header, or JSON lines.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{bail, ensure, Context, Result};

use super::column::Column;
use super::head::{symbol, MOST_CLASSES};
use crate::bounded::{self, Limit};
use crate::encoding::plain;
use crate::pairs::{Pair, Pairs};
use crate::table::{Row, Style, Table};

/// The column with the class.
const CLASS: &str = "class";
/// The column with a text; without it, all other columns are numbers.
const TEXT: &str = "text";

/// What is classified.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// A text each.
    Texts(Vec<String>),
    /// A number for each column, each example.
    Rows {
        /// The columns' names.
        names: Vec<String>,
        /// `[examples][columns]`, finite.
        values: Vec<Vec<f32>>,
    },
}

/// The examples of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// The names of the classes, in alphabetical order.
    pub classes: Vec<String>,
    /// What is classified.
    pub inputs: Inputs,
    /// The class of each example, as a place in `classes`.
    labels: Vec<usize>,
    /// The line that each begins in, from 1.
    lines: Vec<u64>,
}

/// Reads a file of examples.
///
/// # Errors
/// Names the file, the line and what was expected.
pub fn read(path: &Path) -> Result<Examples> {
    let named = || path.display().to_string();
    let bytes = bounded::read(path, Limit::TEXT).with_context(named)?;
    parse(&bytes, path.extension().and_then(|extension| extension.to_str())).with_context(named)
}

/// Examples from the bytes of a file whose name ends with `extension`; where that says nothing, the first characters do.
///
/// # Errors
/// Names the line and what was expected.
pub fn parse(bytes: &[u8], extension: Option<&str>) -> Result<Examples> {
    let text = plain(bytes)?;
    let table = Table::parse(&text, Style::of(&text, extension))?;
    let rows = &table.rows;
    let class = table.column(CLASS)?.with_context(|| {
        format!("line 1: no column is called {CLASS}, expected a header with {CLASS}, and {TEXT} or columns of numbers")
    })?;
    let names: BTreeSet<&str> = rows.iter().map(|row| row.cells[class].trim()).collect();
    if let Some(row) = rows.iter().find(|row| row.cells[class].trim().is_empty()) {
        bail!("line {}: the class is empty, expected a name", row.line);
    }
    ensure!(!rows.is_empty(), "no examples, expected one at least");
    ensure!(names.len() <= MOST_CLASSES, "{} classes, expected {MOST_CLASSES} at most", names.len());
    let classes: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let of = |row: &Row| classes.partition_point(|name| name.as_str() < row.cells[class].trim());
    let labels = rows.iter().map(of).collect();
    let inputs = match table.column(TEXT)? {
        Some(text) => texts(rows, text)?,
        None => numbers(&table, class)?,
    };
    Ok(Examples { inputs, labels, lines: rows.iter().map(|row| row.line).collect(), classes })
}

fn texts(rows: &[Row], text: usize) -> Result<Inputs> {
    let of = |row: &Row| {
        ensure!(!row.cells[text].trim().is_empty(), "line {}: the text is empty, expected one", row.line);
        Ok(row.cells[text].clone())
    };
    Ok(Inputs::Texts(rows.iter().map(of).collect::<Result<_>>()?))
}

fn numbers(Table { header, rows }: &Table, class: usize) -> Result<Inputs> {
    let columns: Vec<usize> = (0..header.len()).filter(|&column| column != class).collect();
    ensure!(
        !columns.is_empty(),
        "line 1: {CLASS} is the only column, expected {TEXT}, or columns of numbers beside it"
    );
    let number = |row: &Row, column: usize| {
        let cell = row.cells[column].trim();
        let value = cell.parse::<f32>().ok().filter(|value| value.is_finite());
        value.with_context(|| {
            format!(
                "line {}: {} is {cell:?}, expected a number (a column called {TEXT} holds texts)",
                row.line,
                header[column].trim()
            )
        })
    };
    let values =
        rows.iter().map(|row| columns.iter().map(|&column| number(row, column)).collect()).collect::<Result<_>>()?;
    Ok(Inputs::Rows { names: columns.iter().map(|&column| header[column].trim().to_owned()).collect(), values })
}

impl Examples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never: a file without examples is refused.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The class of an example, as a place among the names.
    pub fn label(&self, example: usize) -> usize {
        self.labels[example]
    }

    /// With the places of a classifier's classes, all of which these have a name of; classes without a name there keep the last place.
    pub fn renamed(&self, names: &[String]) -> Self {
        let place = |name: &String| names.iter().position(|known| known == name).unwrap_or(names.len());
        let places: Vec<usize> = self.classes.iter().map(place).collect();
        Self {
            classes: names.to_vec(),
            labels: self.labels.iter().map(|&label| places[label]).collect(),
            ..self.clone()
        }
    }

    /// The columns' constants, fitted on the examples that begin in one of `lines`, which are in ascending order; none for texts.
    pub fn fit(&self, lines: &[u64]) -> Vec<Column> {
        let Inputs::Rows { names, values } = &self.inputs else { return Vec::new() };
        let is_meant = |(line, _): &(&u64, &Vec<f32>)| lines.binary_search(line).is_ok();
        let of = |column: usize| self.lines.iter().zip(values).filter(is_meant).map(move |(_, row)| row[column]);
        names.iter().enumerate().map(|(column, name)| Column::fit(name, of(column))).collect()
    }

    /// As pairs of what a model reads and a symbol. Examples of equal numbers, or texts, stay on one side of a split.
    pub fn pairs(&self, columns: &[Column]) -> Pairs {
        let pair = |(index, prompt): (usize, String)| Pair {
            prompt,
            answer: symbol(self.labels[index]).to_string(),
            line: self.lines[index],
        };
        match &self.inputs {
            Inputs::Texts(texts) => Pairs::new(texts.iter().cloned().enumerate().map(pair).collect()),
            Inputs::Rows { values, .. } => {
                let text =
                    |row: &Vec<f32>| row.iter().zip(columns).map(|(&value, column)| column.character(value)).collect();
                let source = |row: &Vec<f32>| row.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
                Pairs::made_of(
                    values.iter().map(text).enumerate().map(pair).collect(),
                    values.iter().map(source).collect(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_rows_have_their_classes() {
        let text = "text,class\nlamp on,command\n\"who, me?\",question\n";
        let json = "{\"class\":\"command\",\"text\":\"lamp on\"}\n{\"text\":\"who, me?\",\"class\":\"question\"}\n";
        for (file, extension) in [(text, "csv"), (json, "jsonl")] {
            let found = parse(file.as_bytes(), Some(extension)).unwrap();
            assert_eq!(found.classes, ["command", "question"]);
            assert_eq!(found.inputs, Inputs::Texts(vec!["lamp on".to_owned(), "who, me?".to_owned()]));
            let pairs = found.pairs(&[]);
            assert_eq!((pairs.all()[0].answer.as_str(), pairs.all()[1].answer.as_str()), ("!", "\""));
        }
        let rows = parse(b"t;\tclass\tx\n", Some("tsv"));
        assert!(rows.is_err());
        let rows = parse(b"t,class,x\n-1,b,2.5\n3,a,1e3\n3,a,1e3\n9,a,7\n", Some("csv")).unwrap();
        let columns = rows.fit(&[2, 3, 4]);
        assert_eq!(
            columns.iter().map(|column| (column.name.as_str(), column.low)).collect::<Vec<_>>(),
            [("t", -1.0), ("x", 2.5)]
        );
        let pairs = rows.pairs(&columns);
        assert_eq!(pairs.all().iter().map(|pair| pair.prompt.as_str()).collect::<Vec<_>>(), ["!!", "~~", "~~", "~!"]);
        assert_eq!((rows.label(0), rows.label(1), rows.len()), (1, 0, 4));
    }

    #[test]
    fn faults_are_named_by_line() {
        for (text, expected) in [
            ("text,label\na,b\n", "line 1: no column is called class"),
            ("class\na\nb\n", "line 1: class is the only column"),
            ("text,class\n", "no examples, expected one"),
            ("text,class\na,b\nc,\n", "line 3: the class is empty"),
            ("text,class\n ,b\nc,d\n", "line 2: the text is empty"),
            ("x,class\n1,b\nnan,d\n", "line 3: x is \"nan\", expected a number"),
            ("x,class\n1,b\n1 2,d\n", "line 3: x is \"1 2\", expected a number"),
            ("x,class,class\n1,b,c\n", "line 1: two columns are called class"),
            ("", "no column is called class"),
        ] {
            let message = format!("{:#}", parse(text.as_bytes(), Some("csv")).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
        let many: String = (0..95).map(|class| format!("{class},c{class}\n")).collect();
        let message = parse(format!("x,class\n{many}").as_bytes(), None).unwrap_err().to_string();
        assert!(message.contains("95 classes, expected 94 at most"), "{message}");
    }
}
