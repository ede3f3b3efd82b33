//! Pieces of the prompt: whole words, byte for byte.
//!
//! What was copied so far is remembered by a place in the prompt and a length. Other places with the same bytes may go on
//! otherwise, so each question reads the prompt again.

use super::byte_set::{has, ByteSet};
use super::table::Kind;

/// What is copied so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The first place in the source that it may be from.
    pub(super) from: usize,
    /// How many bytes.
    pub(super) len: usize,
}

/// Where pieces of one kind come from.
#[derive(Clone)]
pub(super) struct Pieces<'p, S> {
    pub(super) source: &'p S,
    pub(super) kind: Kind<'p>,
    /// Bytes that the model has tokens for.
    pub(super) sayable: &'p ByteSet,
}

impl<S: Iterator<Item = u8> + Clone> Pieces<'_, S> {
    /// The length of the shortest piece; `None` where the source has none.
    pub(super) fn shortest(&self) -> Option<usize> {
        self.places().filter_map(|(_, here)| self.end(here, 1)).min()
    }

    /// The piece of the one byte that begins one.
    pub(super) fn begin(&self, byte: u8) -> Option<Piece> {
        let begins = |here: &S| here.clone().next() == Some(byte) && self.end(here.clone(), 1).is_some();
        let (from, _) = self.places().find(|(_, here)| begins(here))?;
        Some(Piece { from, len: 1 })
    }

    /// The piece with `byte` behind it.
    pub(super) fn with(&self, piece: Piece, byte: u8) -> Option<Piece> {
        let goes_on =
            |here: &S| here.clone().nth(piece.len) == Some(byte) && self.end(here.clone(), piece.len + 1).is_some();
        let (from, _) = self.fitting(piece).find(|(_, here)| goes_on(here))?;
        Some(Piece { from, len: piece.len + 1 })
    }

    /// Puts the bytes that may begin a piece into `bytes`.
    pub(super) fn add_first(&self, bytes: &mut ByteSet) {
        let begins = |here: S| self.end(here.clone(), 1).and_then(|_| here.clone().next());
        self.places().filter_map(|(_, here)| begins(here)).for_each(|byte| bytes.add(byte));
    }

    /// Puts the bytes that may follow in the piece into `bytes`.
    pub(super) fn add_next(&self, piece: Piece, bytes: &mut ByteSet) {
        let next = |here: S| self.end(here.clone(), piece.len + 1).and_then(|_| here.clone().nth(piece.len));
        self.fitting(piece).filter_map(|(_, here)| next(here)).for_each(|byte| bytes.add(byte));
    }

    /// How many bytes are missing, at least, until it may end.
    pub(super) fn missing(&self, piece: Piece) -> Option<usize> {
        self.fitting(piece).filter_map(|(_, here)| self.end(here, piece.len)).min().map(|end| end - piece.len)
    }

    /// The places where a piece with these first bytes may begin, and the source from there on.
    fn fitting(&self, piece: Piece) -> impl Iterator<Item = (usize, S)> + '_ {
        let copied = self.source.clone().skip(piece.from).take(piece.len);
        self.places().filter(move |(at, here)| *at >= piece.from && here.clone().take(piece.len).eq(copied.clone()))
    }

    /// The places where a word begins, or a mark stands.
    fn places(&self) -> impl Iterator<Item = (usize, S)> + '_ {
        let (mut rest, mut before, mut at) = (self.source.clone(), None, 0);
        core::iter::from_fn(move || loop {
            let here = rest.clone();
            let byte = rest.next()?;
            let is_place = !is_blank(byte) && is_border(before, Some(byte));
            (before, at) = (Some(byte), at + 1);
            if is_place {
                return Some((at - 1, here));
            }
        })
    }

    /// The least length from `least` on that a piece may have that begins here.
    fn end(&self, here: S, least: usize) -> Option<usize> {
        let least = least.max(self.kind.least);
        let (mut here, mut len) = (here, 0);
        let mut next = here.next();
        while let Some(byte) = next.filter(|&byte| has(self.kind.class, byte) && self.sayable.has(byte)) {
            if len == self.kind.most {
                return None;
            }
            len += 1;
            next = here.next();
            if len >= least && !is_blank(byte) && is_border(Some(byte), next) {
                return Some(len);
            }
        }
        None
    }
}

/// Whether a word may end between two bytes: not inside of one.
fn is_border(before: Option<u8>, behind: Option<u8>) -> bool {
    let is_inside = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    !(is_inside(before) && is_inside(behind))
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}
