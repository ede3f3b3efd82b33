//! Prompts with their right answers: from a user's file to records that a model learns from, and back to a score.
//!
//! [`read()`] takes the file, [`Form`] says how a pair is written, [`split`] holds some prompts out, [`records`] makes the text
//! of a training out of examples that [`Changes`] make differ a little, [`score()`] asks a model, and [`limits`] tells sure answers from unsure ones.

mod changes;
mod copied;
mod form;
mod overlap;
mod parse;
mod records;
mod score;
mod slip;
mod split;
mod values;

pub use changes::Changes;
pub use copied::Copied;
pub use form::{is_ascii, Form, PairsRecipe};
pub use parse::{parse, read, Pairs};
pub use records::{corpus, counts, longest, longest_in_tokens, records, token_records, vocabulary, Making};
pub use score::{best_division, confusions, limits, score, Asked, Confusion};
pub use slip::slip;
pub use split::{split, Split};

/// What somebody says, and the one right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// As somebody types it.
    pub prompt: String,
    /// As it must be answered, to the byte.
    pub answer: String,
    /// The line of the file that it begins in, from 1.
    pub line: u64,
}
