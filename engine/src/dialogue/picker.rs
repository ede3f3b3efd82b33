//! Who picks the tokens of an answer.

use crate::grammar::{Guide, TokenBytes};

use super::surprise::{ln_probability, Softmax};

/// Picks token after token.
pub(super) trait Picker {
    /// The next token of an answer that has room for `room` of them, the one that ends it aside; and the ln of its probability
    /// among all tokens. `None` where none may come.
    fn pick(&mut self, logits: &mut [f32], room: usize) -> Option<(usize, f32)>;

    /// Whether nothing may follow.
    fn is_at_end(&self) -> bool {
        false
    }
}

/// What a function picks, whatever it is.
pub(super) struct Free<C>(pub(super) C);

impl<C: FnMut(&[f32]) -> usize> Picker for Free<C> {
    #[inline(always)]
    fn pick(&mut self, logits: &mut [f32], _: usize) -> Option<(usize, f32)> {
        let token = (self.0)(logits);
        Some((token, ln_probability(logits, token)))
    }
}

/// What a function picks out of what a grammar allows. How sure the model was is told by its logits for all tokens.
pub(super) struct Guided<'g, T, S, C> {
    pub(super) guide: Guide<'g, T, S>,
    pub(super) choose: C,
}

impl<T: TokenBytes, S: Iterator<Item = u8> + Clone, C: FnMut(&[f32]) -> usize> Picker for Guided<'_, T, S, C> {
    fn pick(&mut self, logits: &mut [f32], room: usize) -> Option<(usize, f32)> {
        let softmax = Softmax::of(logits);
        let token = self.guide.pick(logits, room, &mut self.choose)?;
        // That of a token that may come is as it was.
        Some((token, softmax.ln(logits.get(token).copied())))
    }

    fn is_at_end(&self) -> bool {
        self.guide.may_end() && self.guide.must_end()
    }
}
