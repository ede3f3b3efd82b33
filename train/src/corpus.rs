//! The text to learn from, and its parts.

use std::ops::Range;
use std::path::Path;

use anyhow::{bail, Context, Result};
use sha2::{Digest, Sha256};

use crate::bounded::{self, Limit};
pub use crate::chunks::{Split, Token};
use crate::hex::hex;
use crate::vocabulary::OwnedVocabulary;

/// A text in memory, as a model sees it.
#[derive(Clone, Debug)]
pub struct Corpus {
    text: Text,
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
}

#[derive(Clone, Debug)]
enum Text {
    /// A byte is a token.
    Bytes(Vec<u8>),
    Tokens(Vec<Token>, OwnedVocabulary),
}

impl Corpus {
    /// Reads a text file for a model of `vocab_size` tokens.
    ///
    /// # Errors
    /// Names the file, and the first byte that is no token.
    pub fn load(path: &Path, vocab_size: usize) -> Result<Self> {
        let bytes = bounded::read(path, Limit::TEXT).with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::new(bytes, vocab_size).with_context(|| path.display().to_string())
    }

    /// Takes in a text for a model of `vocab_size` tokens.
    ///
    /// # Errors
    /// Names the first byte that is no token.
    pub fn new(bytes: Vec<u8>, vocab_size: usize) -> Result<Self> {
        if let Some((offset, byte)) = bytes.iter().enumerate().find(|(_, &byte)| usize::from(byte) >= vocab_size) {
            bail!("offset {offset}: byte {byte}, expected 0 to {}: the model has {vocab_size} tokens", vocab_size - 1);
        }
        let digest = hex(&Sha256::digest(&bytes));
        Ok(Self { text: Text::Bytes(bytes), digest })
    }

    /// Takes in a text whose tokens are those of `vocabulary`.
    pub fn of_tokens(tokens: Vec<Token>, vocabulary: OwnedVocabulary) -> Self {
        let mut hash = Sha256::new();
        tokens.iter().for_each(|token| hash.update(token.to_le_bytes()));
        Self { text: Text::Tokens(tokens, vocabulary), digest: hex(&hash.finalize()) }
    }

    /// The text in tokens of `vocabulary`; its digest stays that of its bytes. One that is in tokens already stays as it is.
    pub fn encoded(self, vocabulary: &OwnedVocabulary) -> Self {
        match self.text {
            Text::Bytes(bytes) => {
                let tokens = vocabulary.encode(&bytes);
                Self { text: Text::Tokens(tokens, vocabulary.clone()), digest: self.digest }
            }
            Text::Tokens(..) => self,
        }
    }

    /// The text's bytes, while a byte is a token.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.text {
            Text::Bytes(bytes) => Some(bytes),
            Text::Tokens(..) => None,
        }
    }

    /// What its tokens stand for; `None` where they are bytes.
    pub const fn vocabulary(&self) -> Option<&OwnedVocabulary> {
        match &self.text {
            Text::Bytes(_) => None,
            Text::Tokens(_, vocabulary) => Some(vocabulary),
        }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        match &self.text {
            Text::Bytes(bytes) => bytes.len(),
            Text::Tokens(tokens, _) => tokens.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the tokens of `range` to `to`.
    pub fn read(&self, range: Range<usize>, to: &mut Vec<Token>) {
        match &self.text {
            Text::Bytes(bytes) => to.extend(bytes[range].iter().copied().map(Token::from)),
            Text::Tokens(tokens, _) => to.extend(&tokens[range]),
        }
    }

    /// Bytes that the tokens of `range` stand for.
    pub fn bytes_in(&self, range: Range<usize>) -> usize {
        match &self.text {
            Text::Bytes(_) => range.len(),
            Text::Tokens(tokens, vocabulary) => {
                tokens[range].iter().map(|&token| vocabulary.bytes_of(token).len()).sum()
            }
        }
    }

    /// Bytes that are predicted in windows of `window` tokens that begin at `starts`: all but those of each window's first token.
    pub fn predicted(&self, starts: impl Iterator<Item = usize>, window: usize) -> u64 {
        starts.map(|start| self.bytes_in(start + 1..start + window) as u64).sum()
    }
}

impl Split {
    /// Cuts a text in its tokens, as [`Split::new`] does.
    ///
    /// # Errors
    /// As [`Split::new`].
    pub fn of(corpus: &Corpus, chunk: usize, train_share: f64) -> Result<Self> {
        let unit = if corpus.vocabulary().is_some() { "tokens" } else { "bytes" };
        Self::cut(corpus.len(), unit, chunk, train_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_tokens_are_found() {
        let message = Corpus::new(b"ab\x80".to_vec(), 128).unwrap_err().to_string();
        assert!(message.contains("offset 2: byte 128, expected 0 to 127"), "{message}");
        let digest = Corpus::new(b"abc".to_vec(), 256).unwrap().digest;
        assert!(digest.starts_with("ba7816bf8f01cfea"), "{digest}");
    }

    #[test]
    fn a_text_in_tokens_keeps_its_digest_and_counts_its_bytes() {
        let vocabulary = OwnedVocabulary::of(&[b"ab".to_vec(), b"abc".to_vec()]).unwrap();
        let plain = Corpus::new(b"abcabdab".to_vec(), 256).unwrap();
        let encoded = plain.clone().encoded(&vocabulary);
        assert_eq!((plain.digest.as_str(), plain.len(), encoded.len()), (encoded.digest.as_str(), 8, 4));
        let mut tokens = Vec::new();
        encoded.read(0..4, &mut tokens);
        assert_eq!(tokens, [257, 256, 100, 256]);
        assert_eq!((encoded.bytes_in(0..4), encoded.predicted([0, 2].into_iter(), 2)), (8, 4));
        assert_eq!((plain.bytes_in(2..5), plain.bytes().is_some(), encoded.bytes()), (3, true, None));
        assert_eq!(encoded.vocabulary(), Some(&vocabulary));
    }
}
