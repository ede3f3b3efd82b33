//! From text to tokens.

use super::layout::Layout;
use super::{BYTES, LONGEST};

/// What encodes texts by a vocabulary, and tells what tokens stand for. A program that opens none refers to this type without
/// linking what is behind it.
#[derive(Clone, Copy, Debug)]
pub struct Encoder<'v> {
    part: &'v [u8],
    functions: &'static Functions,
}

/// What is linked where a vocabulary is opened, and only there.
#[derive(Debug)]
struct Functions {
    /// By a part, the token that a text goes on with, and how many bytes it stands for. The text is not empty.
    longest: fn(&[u8], &[u8]) -> (usize, usize),
    /// By a part, the text that a token stands for.
    bytes_of: for<'v> fn(&'v [u8], usize) -> &'v [u8],
}

static FUNCTIONS: Functions = Functions { longest, bytes_of };

/// The bytes of all tokens that are bytes.
static ALL_BYTES: [u8; BYTES] = {
    let mut all = [0; BYTES];
    let mut byte = 0;
    while byte < BYTES {
        all[byte] = byte as u8;
        byte += 1;
    }
    all
};

/// The text of a token that is a byte; none of others.
pub fn byte_of(token: usize) -> &'static [u8] {
    ALL_BYTES.get(token..token.saturating_add(1)).unwrap_or_default()
}

/// The part decides.
impl PartialEq for Encoder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.part == other.part
    }
}

impl<'v> Encoder<'v> {
    /// By a part that [`super::Vocabulary::open`] took. Another one gives wrong tokens, and nothing worse.
    pub const fn trusting(part: &'v [u8]) -> Self {
        Self { part, functions: &FUNCTIONS }
    }

    /// The part.
    pub const fn part(&self) -> &'v [u8] {
        self.part
    }

    /// The text that a token stands for; a special token, and what is none, stand for none.
    pub fn bytes_of(&self, token: usize) -> &'v [u8] {
        (self.functions.bytes_of)(self.part, token)
    }

    /// The tokens of a text in memory.
    pub const fn encode_slice<'t>(self, text: &'t [u8]) -> SliceTokens<'v, 't> {
        SliceTokens { encoder: self, text }
    }

    /// The tokens of a text.
    pub fn encode<T: IntoIterator<Item = u8>>(self, text: T) -> Tokens<'v, T::IntoIter> {
        Tokens { encoder: Some(self), text: text.into_iter(), ahead: [0; LONGEST], len: 0 }
    }
}

/// The tokens of a text in memory, one by one: those of [`Tokens`], without moving a byte.
#[derive(Clone, Debug)]
pub struct SliceTokens<'v, 't> {
    encoder: Encoder<'v>,
    text: &'t [u8],
}

impl Iterator for SliceTokens<'_, '_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.text.is_empty() {
            return None;
        }
        let ahead = self.text.get(..LONGEST).unwrap_or(self.text);
        let Encoder { part, functions } = self.encoder;
        let (token, len) = (functions.longest)(part, ahead);
        self.text = self.text.get(len.max(1)..).unwrap_or_default();
        Some(token)
    }
}

/// The tokens of a text, one by one.
#[derive(Clone, Debug)]
pub struct Tokens<'v, T> {
    encoder: Option<Encoder<'v>>,
    text: T,
    /// Bytes that were read and not encoded yet.
    ahead: [u8; LONGEST],
    len: usize,
}

impl<'v, T: Iterator<Item = u8>> Tokens<'v, T> {
    /// The tokens of a text by a vocabulary, or its bytes where there is none.
    pub fn of(encoder: Option<Encoder<'v>>, text: T) -> Self {
        Self { encoder, text, ahead: [0; LONGEST], len: 0 }
    }
}

impl<T: Iterator<Item = u8>> Iterator for Tokens<'_, T> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Some(Encoder { part, functions }) = self.encoder else {
            return self.text.next().map(usize::from);
        };
        for place in self.ahead.get_mut(self.len..)? {
            let Some(byte) = self.text.next() else { break };
            *place = byte;
            self.len += 1;
        }
        let ahead = self.ahead.get(..self.len).filter(|ahead| !ahead.is_empty())?;
        let (token, len) = (functions.longest)(part, ahead);
        // A part that nobody checked must not keep a loop from its end.
        let len = len.max(1).min(self.len);
        for from in len..self.len {
            let byte = self.ahead.get(from).copied();
            if let (Some(place), Some(byte)) = (self.ahead.get_mut(from - len), byte) {
                *place = byte;
            }
        }
        self.len -= len;
        Some(token)
    }
}

fn bytes_of(part: &[u8], token: usize) -> &[u8] {
    let layout = Layout::again(part);
    match token.checked_sub(BYTES) {
        None => byte_of(token),
        Some(entry) if entry < layout.specials() => &[],
        Some(entry) => layout.entry(entry).unwrap_or_default(),
    }
}

/// Among subwords in order, those that share the first n bytes of the text lie side by side. The range narrows byte by byte; a
/// subword of exactly these bytes comes first in it.
fn longest(part: &[u8], text: &[u8]) -> (usize, usize) {
    let Some(&first) = text.first() else { return (0, 1) };
    let layout = Layout::again(part);
    let specials = layout.specials();
    let (texts, first) = (layout.texts(), usize::from(first));
    // Where the texts lie, and where each ends.
    let texts = part.get(texts..).unwrap_or_default();
    let place = |entry: usize| (if entry == 0 { 0 } else { layout.end(entry - 1) }, layout.end(entry));
    let (mut low, mut high) = (specials + layout.start(first), specials + layout.start(first + 1));
    let mut found = (first, 1);
    for (depth, &byte) in text.iter().enumerate().skip(1) {
        if low >= high {
            break;
        }
        // A subword that ends here was found already, and lies in front of longer ones.
        let byte_of = |entry: usize| {
            let (start, end) = place(entry);
            let at = start + depth;
            if at < end {
                texts.get(at).copied()
            } else {
                None
            }
        };
        low = partition(low, high, |entry| byte_of(entry) < Some(byte));
        high = partition(low, high, |entry| byte_of(entry) <= Some(byte));
        if low < high {
            let (start, end) = place(low);
            if end - start == depth + 1 {
                found = (BYTES + low, depth + 1);
            }
        }
    }
    found
}

/// The first of `low..high` for which `is_below` does not hold, if it holds for those in front and not for those behind.
#[inline(always)]
fn partition(mut low: usize, mut high: usize, is_below: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if is_below(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
