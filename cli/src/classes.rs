//! The classes of a classifier: what its files say of them, and what is read from a row of numbers.

use anyhow::{ensure, Context, Result};
use atome_train::classes::Description;
use serde_json::{json, Map, Value};

use crate::label::Note;
use crate::model_file::ModelFile;
use crate::sidecar;

/// The note of a container that says it.
const NOTE: &str = "classes.description";

/// From the notes of a model's container, else from its sidecar where that may say anything; `None` where nothing is said but
/// names.
pub fn of(file: &ModelFile) -> Result<Option<Description>> {
    let notes = file.label.as_ref().map_or(&[][..], |label| &label.notes);
    if let Some(classes) = of_notes(notes).with_context(|| file.path.display().to_string())? {
        return Ok(Some(classes));
    }
    if file.is_verified {
        return Ok(None);
    }
    let Some((path, names)) = sidecar::value(&file.path, "classes") else { return Ok(None) };
    // What `atome train` knows of a classifier is one object; names alone are anybody's.
    let Some((_, details)) = sidecar::value(&file.path, "classifier") else { return Ok(None) };
    let mut object = Map::from_iter([("names".to_owned(), names)]);
    if let Value::Object(details) = details {
        object.extend(details);
    }
    Description::from_json(Value::Object(object)).with_context(|| format!("{}: classifier", path.display())).map(Some)
}

/// From the notes of a container.
pub fn of_notes(notes: &[Note]) -> Result<Option<Description>> {
    let Some((_, text)) = notes.iter().find(|(key, _)| key == NOTE) else { return Ok(None) };
    let found = serde_json::from_str(text).map_err(Into::into).and_then(Description::from_json);
    found.with_context(|| format!("notes: {NOTE}")).map(Some)
}

/// The notes of a container around `file`, of which its head may be left out: a classifier's with what is known of its classes, any
/// other's without.
pub fn in_notes(mut notes: Vec<Note>, file: &ModelFile, has_head: bool) -> Result<Vec<Note>> {
    notes.retain(|(key, _)| has_head || key != NOTE);
    if has_head && of_notes(&notes)?.is_none() {
        notes.extend(of(file)?.as_ref().map(note));
    }
    Ok(notes)
}

/// A sidecar that says it, too.
pub fn in_sidecar(sidecar: String, classes: Option<&Description>) -> String {
    let Some(classes) = classes else { return sidecar };
    let mut object: Map<String, Value> = serde_json::from_str(&sidecar).unwrap_or_default();
    object.insert("classes".to_owned(), json!(classes.names));
    if let Value::Object(mut details) = classes.json() {
        details.remove("names");
        object.insert("classifier".to_owned(), Value::Object(details));
    }
    format!("{:#}\n", Value::Object(object))
}

/// The note that says it.
pub fn note(classes: &Description) -> Note {
    (NOTE.to_owned(), classes.json().to_string())
}

/// What a classifier of rows reads for a line of numbers.
///
/// # Errors
/// The line holds something else.
pub fn row(classes: &Description, line: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(line).context("a row of numbers: expected text")?;
    let cells = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|cell| !cell.is_empty());
    let number = |cell: &str| {
        let value = cell.parse::<f32>().ok().filter(|value| value.is_finite());
        value.with_context(|| format!("{cell:?} is no number, expected {} with commas between", classes.column_names()))
    };
    let values = cells.map(number).collect::<Result<Vec<f32>>>()?;
    ensure!(!values.is_empty(), "no numbers, expected {} with commas between", classes.column_names());
    classes.row(&values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_train::classes::Column;

    #[test]
    fn a_row_is_read_in_any_usual_form() {
        let column = |name: &str| Column { name: name.to_owned(), low: 0.0, step: 1.0 };
        let classes = Description {
            names: vec!["a".to_owned(), "b".to_owned()],
            columns: vec![column("x"), column("y")],
            least_margin: 0.0,
        };
        for line in ["1, 2.4", "1;2.4", " 1\t2.4 "] {
            assert_eq!(row(&classes, line.as_bytes()).unwrap(), "\"#");
        }
        for (line, expected) in
            [("1", "1 numbers, expected 2: x, y"), ("", "no numbers"), ("1,nan", "\"nan\" is no number, expected x, y")]
        {
            let message = format!("{:#}", row(&classes, line.as_bytes()).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
    }
}
