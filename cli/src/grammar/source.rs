//! Where a grammar comes from: a file, as text or compiled, or the container of a model.

use std::path::Path;

use anyhow::{anyhow, bail, Context, Result};
use atome_engine::container::PartKind;
use atome_engine::dialogue::Dialogue;
use atome_engine::grammar::{layout, Allowed, Bytes, Grammar};
use atome_engine::Shape;
use atome_grammar::{compile, Compiled};
use atome_train::bounded::{self, Limit};
use atome_train::checkpoint::{keys, Checkpoint};
use atome_train::dialogue::OwnedDialogue;
use atome_train::hex::{from_hex, hex};

use crate::label::Part;
use crate::model_file::ModelFile;
use crate::usage_error::UsageError;

/// A table that was checked, and where it came from.
#[derive(Clone, Debug)]
pub struct OwnedGrammar {
    table: Vec<u8>,
    from: String,
}

impl OwnedGrammar {
    /// Of a file: a grammar's text, or what it was compiled to.
    pub fn read(path: &Path) -> Result<Self> {
        let from = path.display().to_string();
        let bytes = bounded::read(path, Limit::SIDECAR).with_context(|| from.clone())?;
        let table = match bytes.starts_with(layout::MAGIC) {
            true => bytes,
            false => compiled(path, bytes)?.table,
        };
        Self::new(table, from)
    }

    /// What a model may answer: as the file says that a flag names, or as its container does.
    pub fn of(file: &ModelFile, flag: Option<&Path>) -> Result<Option<Self>> {
        if let Some(path) = flag {
            return Self::read(path).map(Some);
        }
        let parts = file.label.iter().flat_map(|label| &label.parts);
        let part = parts.filter(|(kind, _)| *kind == PartKind::GRAMMAR).map(|(_, part)| part.clone()).next();
        part.map(|table| Self::new(table, format!("{}: grammar", file.path.display()))).transpose()
    }

    /// The one that a training made of its pairs; `None` where it made none.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let Some(text) = checkpoint.metadata.get(keys::GRAMMAR) else { return Ok(None) };
        let from = format!("metadata: {}", keys::GRAMMAR);
        let table = from_hex(text).with_context(|| format!("{from}: expected two hexadecimal digits a byte"))?;
        Self::new(table, from).map(Some)
    }

    /// Says it in a checkpoint's metadata.
    pub fn describe(&self, checkpoint: &mut Checkpoint) {
        checkpoint.metadata.insert(keys::GRAMMAR.to_owned(), hex(&self.table));
    }

    /// What a model may answer: as the file says that a flag names, or as its checkpoint does.
    pub fn of_checkpoint(checkpoint: &Checkpoint, flag: Option<&Path>) -> Result<Option<Self>> {
        match flag {
            Some(path) => Self::read(path).map(Some),
            None => Self::from_checkpoint(checkpoint),
        }
    }

    /// Of a table that was just compiled.
    pub fn new(table: Vec<u8>, from: String) -> Result<Self> {
        Grammar::open(&table).with_context(|| from.clone())?;
        Ok(Self { table, from })
    }

    pub fn table(&self) -> &[u8] {
        &self.table
    }

    /// As the engine takes it.
    pub fn view(&self) -> Result<Grammar<'_>> {
        Grammar::open(&self.table).with_context(|| self.from.clone())
    }

    /// [`OwnedGrammar::check`], of a model of this shape for a container.
    pub fn check_model(&self, is_classifier: bool, shape: Shape, dialogue: Option<&OwnedDialogue>) -> Result<()> {
        if is_classifier {
            let why = format!("--grammar {}: this is a classifier, expected a model that answers", self.from);
            return Err(UsageError(why).into());
        }
        self.check(shape.vocab_size(), &dialogue.map_or(Dialogue::NONE, OwnedDialogue::view))
    }

    /// Whether a model with so many tokens, which is asked so, can say all that it allows.
    pub fn check(&self, vocab_size: usize, dialogue: &Dialogue<'_>) -> Result<()> {
        let allowed = Allowed::new(self.view()?, Bytes);
        allowed.check_tokens(vocab_size, dialogue.stop).with_context(|| self.from.clone())?;
        let (least, room) = (allowed.grammar.shortest(), dialogue.longest_answer);
        // Of tokens of several bytes there may be fewer than bytes: the engine counts them.
        if dialogue.encoder.is_none() && least > room {
            bail!(
                "{}: its shortest answer has {least} bytes, expected at most {room}: the longest answer of this model",
                self.from
            );
        }
        Ok(())
    }
}

/// The compiled grammar of the bytes of a file.
pub fn compiled(path: &Path, bytes: Vec<u8>) -> Result<Compiled> {
    let named = || path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow!("{}: offset {at}: is no UTF-8, expected a text", named())
    })?;
    compile(&text).with_context(named)
}

/// A container's parts with this grammar among them.
pub fn in_parts(mut parts: Vec<Part>, grammar: Option<&OwnedGrammar>) -> Vec<Part> {
    if let Some(grammar) = grammar {
        parts.retain(|(kind, _)| *kind != PartKind::GRAMMAR);
        parts.push((PartKind::GRAMMAR, grammar.table.clone()));
        parts.sort_by_key(|(kind, _)| kind.number());
    }
    parts
}
