//! A vocabulary: what each token of a model stands for, read in place.
//!
//! Tokens 0 to 255 are the bytes of that number, so that every text can be encoded and a model of bytes is a special case.
//! Special tokens follow, which have a name and are made from no text; then subwords of 2 to [`LONGEST`] bytes in the order of
//! their bytes. A text is encoded from the left, each time by the longest subword that it goes on with: one text has one
//! encoding, the same in training, on hosts and on microcontrollers. `docs/tokens.md` describes every byte.
//!
//! ```
//! use atome_engine::vocabulary::{self, Vocabulary};
//!
//! let (names, subwords) = (["end"], ["he", "hello", "lo"].map(str::as_bytes));
//! let mut part = vec![0; vocabulary::part_len(&names, &subwords).unwrap()];
//! vocabulary::write(&names, &subwords, &mut part).unwrap();
//!
//! let vocabulary = Vocabulary::open(&part, 260)?;
//! let tokens: Vec<usize> = vocabulary.encode(*b"hello, hell").collect();
//! assert_eq!(tokens, [258, 44, 32, 257, 108, 108]);
//! let bytes: Vec<u8> = tokens.iter().flat_map(|&token| vocabulary.bytes_of(token)).copied().collect();
//! assert_eq!(bytes, b"hello, hell");
//! # Ok::<(), atome_engine::vocabulary::VocabularyError>(())
//! ```

mod check;
mod encode;
mod error;
mod layout;
#[cfg(test)]
mod tests;
mod write;

pub use encode::{byte_of, Encoder, SliceTokens, Tokens};
pub use error::{EntryFault, VocabularyError};
pub use write::{part_len, write};

use layout::Layout;

/// Tokens that are bytes.
pub const BYTES: usize = 256;

/// The most bytes of a subword.
pub const LONGEST: usize = 16;

/// The most bytes of a special token's name.
pub const LONGEST_NAME: usize = 64;

/// The most special tokens.
pub const MOST_SPECIALS: usize = 64;

/// A vocabulary whose part of a container was checked. Nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'v> {
    layout: Layout<'v>,
}

impl<'v> Vocabulary<'v> {
    /// Reads a part for a model of `vocab_size` tokens. Every byte of it is read.
    ///
    /// # Errors
    /// [`VocabularyError`] says where it is wrong.
    pub fn open(part: &'v [u8], vocab_size: usize) -> Result<Self, VocabularyError> {
        let layout = Layout::new(part)?;
        check::check(&layout, vocab_size)?;
        Ok(Self { layout })
    }

    /// Number of tokens, the bytes among them.
    pub fn len(&self) -> usize {
        BYTES + self.layout.entries()
    }

    /// Never: bytes are always there.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Number of special tokens: those from 256 on.
    pub const fn specials(&self) -> usize {
        self.layout.specials()
    }

    /// The text that a token stands for; a special token, and what is none, stand for none.
    pub fn bytes_of(&self, token: usize) -> &'v [u8] {
        self.encoder().bytes_of(token)
    }

    /// The name of a special token; `None` for others.
    pub fn name_of(&self, token: usize) -> Option<&'v str> {
        let entry = token.checked_sub(BYTES).filter(|entry| *entry < self.layout.specials())?;
        core::str::from_utf8(self.layout.entry(entry)?).ok()
    }

    /// The special token of this name.
    pub fn token_of(&self, name: &str) -> Option<usize> {
        (BYTES..BYTES + self.specials()).find(|&token| self.name_of(token) == Some(name))
    }

    /// The tokens of a text.
    pub fn encode<T: IntoIterator<Item = u8>>(&self, text: T) -> Tokens<'v, T::IntoIter> {
        self.encoder().encode(text)
    }

    /// What encodes texts, for who must not link a vocabulary's code where there is none.
    pub const fn encoder(&self) -> Encoder<'v> {
        Encoder::trusting(self.layout.part())
    }
}
