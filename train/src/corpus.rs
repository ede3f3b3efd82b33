//! The text to learn from, and its parts.

use std::ops::Range;
use std::path::Path;

use anyhow::{bail, Context, Result};
use sha2::{Digest, Sha256};

use crate::bounded::{self, Limit};
use crate::hex::hex;
use crate::vocabulary::OwnedVocabulary;

/// A token: a byte, or what a vocabulary has behind the bytes.
pub type Token = u16;

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

/// A text cut into chunks, of which the first ones are for training and the others for judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Tokens of a chunk.
    pub chunk: usize,
    /// Chunks for training.
    pub train: usize,
    /// All chunks.
    pub all: usize,
}

impl Split {
    /// Cuts `len` tokens into chunks of `chunk`, of which `train_share` are for training; a rest is left out.
    ///
    /// # Errors
    /// The text is too short to have a chunk of either kind, or the share is less than a chunk of it.
    pub fn new(len: usize, chunk: usize, train_share: f64) -> Result<Self> {
        Self::cut(len, "bytes", chunk, train_share)
    }

    /// Cuts a text in its tokens, as [`Split::new`] does.
    ///
    /// # Errors
    /// As [`Split::new`].
    pub fn of(corpus: &Corpus, chunk: usize, train_share: f64) -> Result<Self> {
        let unit = if corpus.vocabulary().is_some() { "tokens" } else { "bytes" };
        Self::cut(corpus.len(), unit, chunk, train_share)
    }

    pub(crate) fn cut(len: usize, unit: &str, chunk: usize, train_share: f64) -> Result<Self> {
        let all = len / chunk;
        let train = (all as f64 * train_share) as usize;
        let kinds = if train_share < 1.0 { 2 } else { 1 };
        if all < kinds {
            bail!("{len} {unit} make {all} chunks of {chunk}, expected a text of {} {unit} at least", kinds * chunk);
        }
        if train == 0 {
            bail!(
                "a share of {train_share:?} of {all} chunks is less than one to learn from, expected a share of {} or more",
                rounded_up(1.0 / all as f64)
            );
        }
        Ok(Self { chunk, train, all })
    }

    /// Where the chunks for judging start, in tokens.
    pub fn held_out(&self) -> impl Iterator<Item = usize> + use<> {
        let chunk = self.chunk;
        (self.train..self.all).map(move |index| index * chunk)
    }
}

/// A share with two digits that is not below `share`.
fn rounded_up(share: f64) -> f64 {
    let digits = 10_f64.powi(1 - share.log10().floor() as i32);
    (share * digits).ceil() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nine_tenths_of_the_chunks_train() {
        let split = Split::new(262_144, 64, 0.9).unwrap();
        assert_eq!(split, Split { chunk: 64, train: 3686, all: 4096 });
        assert_eq!(split.held_out().count(), 410);
        assert_eq!(split.held_out().next(), Some(3686 * 64));
        assert_eq!(Split::new(1000, 64, 1.0).unwrap().held_out().count(), 0);
    }

    #[test]
    fn texts_too_short_are_refused_with_the_length_that_would_do() {
        for len in [0, 63, 64, 127] {
            assert!(Split::new(len, 64, 0.9).is_err());
        }
        let message = Split::new(100, 64, 0.9).unwrap_err().to_string();
        assert!(message.contains("128 bytes at least"), "{message}");
        assert!(Split::new(128, 64, 0.9).is_ok());
    }

    #[test]
    fn shares_too_small_or_too_large_are_refused_with_one_that_would_do() {
        for len in (128..20_000).step_by(61) {
            let message = Split::new(len, 64, 1e-300).unwrap_err().to_string();
            let (_, expected) = message.split_once("expected a share of ").unwrap();
            let share: f64 = expected.strip_suffix(" or more").unwrap().parse().unwrap();
            assert!(expected.len() < 20, "{message}");
            let split = Split::new(len, 64, share).unwrap();
            assert!(split.train == 1 || (share * split.all as f64) < 1.2, "{message}");
        }
        let message = Split::new(200, 64, 1e-300).unwrap_err().to_string();
        assert_eq!(
            message,
            "a share of 1e-300 of 3 chunks is less than one to learn from, expected a share of 0.34 or more"
        );
        // The largest share below 1 still leaves a chunk to judge on.
        for all in (2..1000).chain([(1 << 52) + 1, (1 << 53) - 1, 1 << 53]) {
            assert_eq!(Split::new(all, 1, 1.0 - f64::EPSILON / 2.0).unwrap().train, all - 1);
        }
    }

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
