//! Vocabularies of subwords: learnt from a text, kept in checkpoints and containers, and texts in their tokens.

mod learn;

use anyhow::{bail, ensure, Context, Result};
use atome_engine::vocabulary::{part_len, write, Encoder, Vocabulary, BYTES};

pub use learn::{learn, lines, of_text, Piece};

use crate::checkpoint::{keys, Checkpoint};
use crate::chunks::Token;
use crate::hex::{from_hex, hex};

/// The least and the most tokens that a vocabulary is asked for: one subword at least, and what a microcontroller may have room
/// for.
pub const TOKENS: std::ops::RangeInclusive<usize> = BYTES + 1..=8192;

/// A vocabulary with its bytes, which are those of the part of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedVocabulary {
    part: Vec<u8>,
    len: usize,
}

impl OwnedVocabulary {
    /// Of these subwords, which are in the order of their bytes.
    ///
    /// # Errors
    /// They are no vocabulary's.
    pub fn of(subwords: &[Vec<u8>]) -> Result<Self> {
        let subwords: Vec<&[u8]> = subwords.iter().map(Vec::as_slice).collect();
        let len = part_len(&[], &subwords).context("subwords of more than 65,535 bytes, expected fewer")?;
        let mut part = vec![0; len];
        write(&[], &subwords, &mut part).context("subwords that have no place in a vocabulary")?;
        Self::from_part(part)
    }

    /// From the part of a container.
    ///
    /// # Errors
    /// Says where it is wrong.
    pub fn from_part(part: Vec<u8>) -> Result<Self> {
        let [low, high, ..] = part.as_slice() else {
            bail!("a vocabulary of {} bytes, expected 518 at least", part.len())
        };
        let len = BYTES + usize::from(u16::from_le_bytes([*low, *high]));
        Vocabulary::open(&part, len)?;
        Ok(Self { part, len })
    }

    /// That of a checkpoint; `None` where tokens are bytes.
    ///
    /// # Errors
    /// What the checkpoint says is no vocabulary.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let Some(text) = checkpoint.metadata.get(keys::VOCABULARY) else { return Ok(None) };
        let part = from_hex(text).context("metadata: vocabulary: expected two hexadecimal digits a byte")?;
        Self::from_part(part).context("metadata: vocabulary").map(Some)
    }

    /// Says it in a checkpoint's metadata.
    pub fn describe(&self, checkpoint: &mut Checkpoint) {
        checkpoint.metadata.insert(keys::VOCABULARY.to_owned(), hex(&self.part));
    }

    /// The part of a container.
    pub fn part(&self) -> &[u8] {
        &self.part
    }

    /// Number of tokens.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Never: bytes are always there.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// What encodes texts, for the engine.
    pub fn encoder(&self) -> Encoder<'_> {
        Encoder::trusting(&self.part)
    }

    /// The tokens of a text.
    pub fn encode(&self, text: &[u8]) -> Vec<Token> {
        self.encoder().encode_slice(text).map(|token| token as Token).collect()
    }

    /// The text that a token stands for.
    pub fn bytes_of(&self, token: Token) -> &[u8] {
        self.encoder().bytes_of(usize::from(token))
    }

    /// Whether it is a model's of so many tokens.
    ///
    /// # Errors
    /// Says that it is not.
    pub fn check_fits(&self, vocab_size: usize) -> Result<()> {
        ensure!(self.len == vocab_size, "a vocabulary of {} tokens, expected {vocab_size} as the model has", self.len);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_keep_it() {
        let vocabulary = OwnedVocabulary::of(&[b"ab".to_vec(), b"\xff\xfe".to_vec()]).unwrap();
        let mut checkpoint = Checkpoint::default();
        assert_eq!(OwnedVocabulary::from_checkpoint(&checkpoint).unwrap(), None);
        vocabulary.describe(&mut checkpoint);
        assert_eq!(OwnedVocabulary::from_checkpoint(&checkpoint).unwrap(), Some(vocabulary.clone()));
        assert_eq!((vocabulary.len(), vocabulary.encode(b"abb")), (258, vec![256, 98]));
        assert_eq!(vocabulary.bytes_of(257), b"\xff\xfe");
        assert!(vocabulary.check_fits(258).is_ok() && vocabulary.check_fits(512).is_err());
    }

    #[test]
    fn hostile_metadata_are_named() {
        for (text, expected) in [
            ("zz", "two hexadecimal digits"),
            ("012", "two hexadecimal digits"),
            ("é0", "two hexadecimal digits"),
            ("00", "a vocabulary of 1 bytes"),
            ("0100000000", "vocabulary of 5 bytes, expected 520"),
        ] {
            let mut checkpoint = Checkpoint::default();
            checkpoint.metadata.insert(keys::VOCABULARY.to_owned(), text.to_owned());
            let message = format!("{:#}", OwnedVocabulary::from_checkpoint(&checkpoint).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
    }
}
