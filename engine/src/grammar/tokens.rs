//! What tokens stand for.

use crate::vocabulary::{byte_of, Encoder, Vocabulary};

/// The bytes of tokens. A vocabulary of subwords has one token for each byte among them, so that nothing is unsayable.
pub trait TokenBytes {
    /// The bytes that `token` adds to a text: none for a token that stands for no text, which no grammar allows.
    fn bytes(&self, token: usize) -> &[u8];

    /// The token that adds `byte` alone; `None` where there is none.
    fn of_byte(&self, byte: u8) -> Option<usize>;

    /// How many tokens `text` has, encoded from the left: behind the first of them, the rest has one fewer.
    fn count(&self, text: &[u8]) -> usize {
        text.len()
    }
}

/// Token n is the byte n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes;

impl TokenBytes for Bytes {
    #[inline]
    fn bytes(&self, token: usize) -> &[u8] {
        byte_of(token)
    }

    #[inline]
    fn of_byte(&self, byte: u8) -> Option<usize> {
        Some(usize::from(byte))
    }
}

impl TokenBytes for Vocabulary<'_> {
    fn bytes(&self, token: usize) -> &[u8] {
        self.bytes_of(token)
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        Some(usize::from(byte))
    }

    fn count(&self, text: &[u8]) -> usize {
        TokenBytes::count(&self.encoder(), text)
    }
}

impl TokenBytes for Encoder<'_> {
    fn bytes(&self, token: usize) -> &[u8] {
        self.bytes_of(token)
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        Some(usize::from(byte))
    }

    fn count(&self, text: &[u8]) -> usize {
        self.encode(text.iter().copied()).count()
    }
}

/// Bytes, where there is no vocabulary.
impl<T: TokenBytes> TokenBytes for Option<T> {
    fn bytes(&self, token: usize) -> &[u8] {
        self.as_ref().map_or_else(|| Bytes.bytes(token), |tokens| tokens.bytes(token))
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        self.as_ref().map_or_else(|| Bytes.of_byte(byte), |tokens| tokens.of_byte(byte))
    }

    fn count(&self, text: &[u8]) -> usize {
        self.as_ref().map_or(text.len(), |tokens| tokens.count(text))
    }
}

impl<T: TokenBytes> TokenBytes for &T {
    fn bytes(&self, token: usize) -> &[u8] {
        T::bytes(self, token)
    }

    fn of_byte(&self, byte: u8) -> Option<usize> {
        T::of_byte(self, byte)
    }

    fn count(&self, text: &[u8]) -> usize {
        T::count(self, text)
    }
}
