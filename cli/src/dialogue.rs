//! How a model is asked: what its files say of it.

use anyhow::{Context, Result};
use atome_train::dialogue::OwnedDialogue;
use serde_json::{Map, Value};

use crate::label::Note;
use crate::model_file::ModelFile;
use crate::sidecar;

/// From the notes of a model's container, else from its sidecar where that may say anything; `None` for a model that continues text.
pub fn of(file: &ModelFile) -> Result<Option<OwnedDialogue>> {
    if let Some(label) = &file.label {
        let found = OwnedDialogue::from_notes(&label.notes);
        if let Some(dialogue) = found.with_context(|| format!("{}: notes: dialogue", file.path.display()))? {
            return Ok(Some(dialogue.in_tokens_of(file.vocabulary()?)));
        }
    }
    if file.is_verified {
        return Ok(None);
    }
    let Some((path, object)) = sidecar::dialogue(&file.path) else { return Ok(None) };
    let found = OwnedDialogue::from_json(&object).with_context(|| format!("{}: dialogue", path.display()))?;
    Ok(Some(found.in_tokens_of(file.vocabulary()?)))
}

/// A sidecar that says it, too.
pub fn in_sidecar(sidecar: String, dialogue: Option<&OwnedDialogue>) -> String {
    let Some(dialogue) = dialogue else { return sidecar };
    let mut object: Map<String, Value> = serde_json::from_str(&sidecar).unwrap_or_default();
    object.insert("dialogue".to_owned(), dialogue.json());
    format!("{:#}\n", Value::Object(object))
}

/// The notes of a container around `file`: those that are `given`, and how it is asked where they do not tell.
pub fn in_notes(given: Vec<Note>, file: &ModelFile) -> Result<Vec<Note>> {
    with_dialogue(given, of(file)?.as_ref())
}

/// The notes that are `given`, and those of `dialogue` where they do not tell of one.
pub fn with_dialogue(mut given: Vec<Note>, dialogue: Option<&OwnedDialogue>) -> Result<Vec<Note>> {
    if OwnedDialogue::from_notes(&given).context("notes: dialogue")?.is_none() {
        given.extend(dialogue.map(OwnedDialogue::notes).unwrap_or_default());
    }
    Ok(given)
}
