//! The tokens of the current call, and how many of their positions are already computed for which model.

use crate::layout::TAG_WORDS;

/// Token store of a work area. It may start with any content.
#[derive(Debug)]
pub(crate) struct Prefix<'w> {
    /// Identity of the model, low half first, then the number of computed positions.
    tag: &'w mut [u32; TAG_WORDS],
    tokens: &'w mut [u32],
}

impl<'w> Prefix<'w> {
    pub(crate) fn new(words: &'w mut [u32]) -> Option<Self> {
        let (tag, tokens) = words.split_first_chunk_mut()?;
        Some(Self { tag, tokens })
    }

    /// Takes over `tokens`, as many as fit, and returns how many. A token outside `0..vocab_size` counts as token 0
    /// (numeric contract, step 1). Computed positions are given up where a token in front of their end changed.
    pub(crate) fn set(&mut self, tokens: impl IntoIterator<Item = i32>, vocab_size: usize) -> usize {
        let computed = self.computed();
        let mut n = 0;
        for (slot, token) in self.tokens.iter_mut().zip(tokens) {
            let id = match usize::try_from(token) {
                Ok(id) if id < vocab_size => id as u32,
                _ => 0,
            };
            if *slot != id && n < computed {
                *self.tag = [0; TAG_WORDS];
            }
            *slot = id;
            n += 1;
        }
        n
    }

    /// Puts `token` at position `n`; `false` where there is no room.
    pub(crate) fn push(&mut self, n: usize, token: usize) -> bool {
        match self.tokens.get_mut(n) {
            Some(slot) => *slot = token as u32,
            None => return false,
        }
        if n < self.computed() {
            self.forget();
        }
        true
    }

    fn computed(&self) -> usize {
        self.tag[2] as usize
    }

    /// How many of the first `n` positions need not be computed again for the model `identity`.
    ///
    /// All computed positions or none: the recurrence has moved on to the last of them and cannot go back.
    pub(crate) fn reusable(&self, identity: u64, n: usize) -> usize {
        let [low, high, _] = *self.tag;
        let known = identity != 0 && u64::from(low) | u64::from(high) << 32 == identity;
        if known && self.computed() <= n {
            self.computed()
        } else {
            0
        }
    }

    /// The tokens from position `start` on.
    pub(crate) fn from(&self, start: usize) -> &[u32] {
        self.tokens.get(start..).unwrap_or(&[])
    }

    /// Notes that the first `n` positions are computed for the model `identity`.
    pub(crate) fn remember(&mut self, identity: u64, n: usize) {
        *self.tag = [identity as u32, (identity >> 32) as u32, n as u32];
    }

    /// Nothing is reused until the next [`Prefix::remember`].
    pub(crate) fn forget(&mut self) {
        *self.tag = [0; TAG_WORDS];
    }
}
