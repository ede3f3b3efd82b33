//! Whether a text is one of a grammar's.

use std::fmt;

use atome_engine::grammar::{Allowed, Bytes, Grammar};

/// Why a text is none of a grammar's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Only so many bytes of it are the beginning of one.
    At(usize),
    /// All of it is only the beginning of one.
    Unfinished,
    /// There is no text for this prompt, or no table.
    NoText(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "byte {at} may not be there"),
            Self::Unfinished => f.write_str("is only the beginning of an answer"),
            Self::NoText(why) => f.write_str(why),
        }
    }
}

/// Whether `text` is one of the texts of a table that [`crate::compile`] made, where `prompt` is what can be copied from.
///
/// # Errors
/// [`Misfit`] says how far it is one.
pub fn fits(table: &[u8], prompt: &[u8], text: &[u8]) -> Result<(), Misfit> {
    let no_text = |why: &dyn fmt::Display| Misfit::NoText(why.to_string());
    let grammar = Grammar::open(table).map_err(|error| no_text(&error))?;
    let allowed = Allowed::new(grammar, Bytes);
    let begun = allowed.begin(prompt.iter().copied(), 256, None, usize::MAX);
    let mut guide = begun.map_err(|error| no_text(&error))?;
    if let Some(at) = text.chunks(1).position(|byte| !guide.advance(byte)) {
        return Err(Misfit::At(at));
    }
    match guide.may_end() {
        true => Ok(()),
        false => Err(Misfit::Unfinished),
    }
}
