//! What may be generated, and whether anything can be.

use core::fmt;

use super::byte_set::ByteSet;
use super::copy::Pieces;
use super::guide::{Guide, Position};
use super::table::Grammar;
use super::tokens::TokenBytes;

/// What may be generated.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'g, T> {
    /// The texts.
    pub grammar: Grammar<'g>,
    /// What the model's tokens stand for.
    pub tokens: T,
    /// The most bytes of a text; beside that, callers say how many tokens there is room for.
    pub most_bytes: usize,
}

impl<'g, T> Allowed<'g, T> {
    /// Texts of any length.
    pub const fn new(grammar: Grammar<'g>, tokens: T) -> Self {
        Self { grammar, tokens, most_bytes: usize::MAX }
    }
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoText {
    /// The grammar has a byte that the model has no token for, or whose token ends its answers.
    Unsayable(u8),
    /// The shortest text has no room, or copies what the prompt does not have.
    NoRoom,
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsayable(byte) => {
                write!(f, "the grammar has the byte {byte}, which the model has no token for or ends its answers with")
            }
            Self::NoRoom => f.write_str("no text of the grammar has room, or none can be copied from this prompt"),
        }
    }
}

impl core::error::Error for NoText {}

impl<'g, T: TokenBytes> Allowed<'g, T> {
    /// The first byte of the grammar that has no token among the first `vocab_size` ones, or one that is `stop`. A `stop` of
    /// several bytes is refused, too: it would be missing where the shortest end of a text counts on it.
    ///
    /// # Errors
    /// [`NoText::Unsayable`] names it.
    pub fn check_tokens(&self, vocab_size: usize, stop: Option<usize>) -> Result<(), NoText> {
        if let Some(&[first, _, ..]) = stop.map(|stop| self.tokens.bytes(stop)) {
            return Err(NoText::Unsayable(first));
        }
        let sayable = self.sayable(vocab_size, stop);
        match self.grammar.alphabet().iter().find(|&byte| !sayable.has(byte)) {
            Some(byte) => Err(NoText::Unsayable(byte)),
            None => Ok(()),
        }
    }

    /// The empty text, which is to become one of at most `room` tokens; copies are from `source`.
    ///
    /// # Errors
    /// [`NoText`] says why no text can be made.
    pub fn begin<S: Iterator<Item = u8> + Clone>(
        self,
        source: S,
        vocab_size: usize,
        stop: Option<usize>,
        room: usize,
    ) -> Result<Guide<'g, T, S>, NoText> {
        self.check_tokens(vocab_size, stop)?;
        let sayable = self.sayable(vocab_size, stop);
        let Self { grammar, tokens, most_bytes: bytes_left } = self;
        let (mut viable, mut copy_len) = (0, 0);
        for (index, kind) in (0..grammar.n_kinds()).filter_map(|index| Some((index, grammar.kind(index)?))) {
            if let Some(len) = (Pieces { source: &source, kind, sayable: &sayable }).shortest() {
                viable |= 1 << index;
                copy_len = copy_len.max(len);
            }
        }
        let at = Position::start_of(0);
        let guide = Guide { grammar, tokens, source, stop, sayable, viable, copy_len, at, bytes_left };
        if guide.has_room(at, room, bytes_left) {
            Ok(guide)
        } else {
            Err(NoText::NoRoom)
        }
    }

    fn sayable(&self, vocab_size: usize, stop: Option<usize>) -> ByteSet {
        let mut sayable = ByteSet::EMPTY;
        let has_token =
            |byte: &u8| self.tokens.of_byte(*byte).is_some_and(|token| token < vocab_size && stop != Some(token));
        (1..=u8::MAX).filter(has_token).for_each(|byte| sayable.add(byte));
        sayable
    }
}
