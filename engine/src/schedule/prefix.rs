//! The tokens of the current call, and how many of their positions are already computed for which model.

use crate::layout::TAG_WORDS;

/// Token store of a work area, and what is computed of it for which model. It may start with any content.
#[derive(Debug)]
pub struct Prefix<'w> {
    /// Identity of the model, low half first, then the number of computed positions.
    pub(crate) tag: &'w mut [u32; TAG_WORDS],
    pub(crate) tokens: &'w mut [u32],
}

impl Prefix<'_> {
    /// The token that stands for `token`: 0 for one outside `0..vocab_size` (docs/numerics.md#1-embed).
    pub(crate) fn id(token: i32, vocab_size: usize) -> usize {
        usize::try_from(token).ok().filter(|&id| id < vocab_size).unwrap_or(0)
    }

    /// Takes over `tokens`, as many as fit, and returns how many. Computed positions are given up where a token in front of
    /// their end changed.
    pub(crate) fn set(&mut self, tokens: impl IntoIterator<Item = i32>, vocab_size: usize) -> usize {
        let computed = self.computed();
        let mut n = 0;
        for (slot, token) in self.tokens.iter_mut().zip(tokens) {
            let id = Self::id(token, vocab_size) as u32;
            if *slot != id && n < computed {
                self.tag[2] = 0;
            }
            *slot = id;
            n += 1;
        }
        n
    }

    /// Puts `token` at position `n`, behind those that are there. Nothing happens where there is no room.
    pub(crate) fn push(&mut self, n: usize, token: usize) {
        if let Some(slot) = self.tokens.get_mut(n) {
            *slot = token as u32;
        }
        if n < self.computed() {
            self.drop_positions();
        }
    }

    /// Drops the first token; the others move up.
    pub(crate) fn drop_first(&mut self) {
        let mut moved = 0;
        for slot in self.tokens.iter_mut().rev() {
            core::mem::swap(slot, &mut moved);
        }
        self.drop_positions();
    }

    /// How many positions of a stream are computed for the model `identity`. Once a stream has gone round the memory, the
    /// count only tells its row: it is then between max_seq + 1 and 2 max_seq, and no sequence has so many positions.
    pub(crate) fn streamed(&self, identity: u64) -> usize {
        if self.belongs_to(identity) {
            self.computed()
        } else {
            0
        }
    }

    /// Whether the memory was last used for the model `identity`. Not for 0, which stands for "unknown".
    pub(crate) fn is_of(&self, identity: u64) -> bool {
        identity != 0 && self.belongs_to(identity)
    }

    fn belongs_to(&self, identity: u64) -> bool {
        let [low, high, _] = *self.tag;
        u64::from(low) | u64::from(high) << 32 == identity
    }

    fn computed(&self) -> usize {
        self.tag[2] as usize
    }

    /// How many of the first `n` positions need not be computed again, for the model that they were computed for.
    ///
    /// All computed positions or none: the recurrence has moved on to the last of them and cannot go back.
    pub(crate) fn reusable(&self, n: usize) -> usize {
        if self.computed() <= n {
            self.computed()
        } else {
            0
        }
    }

    /// The token of a position.
    pub(crate) fn token(&self, position: usize) -> usize {
        self.tokens.get(position).map_or(0, |&id| id as usize)
    }

    /// Notes that the first `n` positions are computed for the model `identity`.
    pub(crate) fn remember(&mut self, identity: u64, n: usize) {
        *self.tag = [identity as u32, (identity >> 32) as u32, n as u32];
    }

    /// Gives up the computed positions. What depends on the model alone stays.
    pub(crate) fn drop_positions(&mut self) {
        self.tag[2] = 0;
    }

    /// Gives up the computed positions, and what depends on the model alone unless it is there.
    #[inline(always)]
    pub(crate) fn drop_unless(&mut self, has_gates: bool) {
        if has_gates {
            self.drop_positions();
        } else {
            self.forget();
        }
    }

    /// Nothing is reused until the next [`Prefix::remember`].
    pub(crate) fn forget(&mut self) {
        *self.tag = [0; TAG_WORDS];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_outside_the_vocabulary_is_token_zero() {
        let ids = [-1, 0, 15, 16, i32::MAX, i32::MIN].map(|token| Prefix::id(token, 16));
        assert_eq!(ids, [0, 0, 15, 0, 0, 0]);
    }

    #[test]
    fn a_token_put_among_the_computed_ones_gives_them_up_and_one_behind_them_does_not() {
        for (at, computed) in [(1, 0), (2, 0), (3, 3), (4, 3), (9, 3)] {
            let (mut tag, mut tokens) = ([7, 8, 3], [1; 5]);
            let mut prefix = Prefix { tag: &mut tag, tokens: &mut tokens };
            prefix.push(at, 2);
            assert_eq!(prefix.computed(), computed, "at {at}");
            let twos: std::vec::Vec<_> = (0..5).filter(|&position| prefix.token(position) == 2).collect();
            assert_eq!(twos, (at..at + 1).filter(|&at| at < 5).collect::<std::vec::Vec<_>>());
        }
    }
}
