//! Guaranteed answers: a [`Grammar`] says what may be generated, and nothing else ever is.
//!
//! A grammar is a table that another program compiled (crate `atome-grammar`; docs/grammar.md has the language and the table).
//! It is read in place and checked once, so that a hostile table is refused or gives texts of its own, and always ends.
//!
//! The table is an automaton over bytes. A [`Guide`] follows it: of all tokens it allows those whose bytes lead on, and behind
//! which the shortest way to an end has room in what is left of the text, in tokens and in bytes. So every text is whole: none is cut off. A grammar
//! may ask for a piece of the prompt (`copy`): whole words, byte for byte. Which pieces fit is found by reading the prompt again,
//! so that a guide takes a few words of memory whatever the prompt's length.

mod byte_set;
mod check;
mod copy;
mod error;
mod guide;
mod start;
mod table;
#[cfg(test)]
mod tests;
mod tokens;

pub use byte_set::ByteSet;
pub use error::GrammarError;
pub use guide::Guide;
pub use start::{Allowed, NoText};
pub use table::{layout, Grammar};
pub use tokens::{Bytes, TokenBytes};
