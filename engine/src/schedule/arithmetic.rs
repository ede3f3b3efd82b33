//! What a schedule asks of an arithmetic.

use super::division::Division;
use super::observe::RouterReading;
use super::positions::Work;
use super::prefix::Prefix;
use super::start::Start;
use crate::layout::Layout;
use crate::weights::{Layer, Matrix, Weights};

/// Memory in which an arithmetic computes positions: [`crate::Workspace`], or [`crate::integer::Workspace`]. For functions that
/// take either; nobody else can implement it.
pub trait Arithmetic<'w> {
    /// Shape, longest sequence and plan that the memory was laid out for. How much memory that is, the arithmetic's own layout
    /// tells.
    fn layout(&self) -> &'w Layout;

    /// Tokens, and how many of their positions are computed for which model.
    fn prefix(&mut self) -> &mut Prefix<'w>;

    /// What this arithmetic's work for a model is filed under: never what another one's is. 0 says "unknown".
    fn identity<'m>(weights: &impl Weights<'m>) -> u64 {
        weights.identity()
    }

    /// Where a run over the first `n` tokens in the memory's store starts. In the partial plan, everything is computed then.
    /// `None` where the weights are not of the shape that they say.
    fn start<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        n: usize,
        observe: &mut impl FnMut(RouterReading),
    ) -> Option<Start>;

    /// Computes the residual stream of positions, and leaves the last one's. `None` where the weights are not of the shape that
    /// they say.
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()>;

    /// [`Arithmetic::pass`], before which the prefix forgets what the pass writes over: should the call be cut short, the
    /// half-written memory must not be taken for a prefix.
    #[inline(always)]
    fn compute<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        work: Work,
        observe: impl FnMut(RouterReading),
    ) -> Option<()> {
        self.prefix().drop_unless(work.has_gates);
        self.pass(weights, work, observe)
    }

    /// Forgets what earlier calls computed. Never needed for right results, but where the memory was used otherwise.
    fn forget(&mut self) {
        self.prefix().forget();
    }

    /// Whether a pass has to leave the logits of the last prediction as they are: unasked, it may use their room.
    fn keep_logits(&mut self, keep: bool) {
        let _ = keep;
    }

    /// The logits behind the last of `n` positions that were computed, `[vocab_size]`; they stay in the memory. What layers
    /// remember of positions behind these may be written over.
    fn unembed<'m>(&mut self, weights: &impl Weights<'m>, n: usize) -> &[f32];

    /// The logits of the last prediction, `[vocab_size]`.
    fn logits(&self) -> &[f32];

    /// [`Arithmetic::logits`], to be changed before a token is picked by them. No later prediction depends on what they are then.
    fn logits_mut(&mut self) -> &mut [f32];

    /// The index of the first greatest class behind the last of `n` positions that were computed: rows of `head` times the final
    /// norm. `logit` is told each class and its logit in turn.
    fn classify<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        head: &Matrix,
        n: usize,
        logit: impl FnMut(usize, f32),
    ) -> usize;
}

/// Memory that can be divided, for the partial plan.
pub(crate) trait Divisible<'w>: Arithmetic<'w> {
    /// [`Arithmetic::pass`] over the same memory, cut by another layout.
    fn pass_by<'m>(
        &mut self,
        layout: &Layout,
        weights: &impl Weights<'m>,
        work: Work,
        observe: impl FnMut(RouterReading),
    ) -> Option<()>;

    /// The memory of a sequence of which only the first positions stay. `None` where it is too small for that.
    fn divide<'s>(&'s mut self, division: Division) -> Option<impl Divided>
    where
        'w: 's;
}

/// The memory of a sequence of which only the first positions stay, in every layer.
pub(crate) trait Divided {
    /// As [`Arithmetic::pass`], in one layer.
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()>;

    /// Brings what layer `layer`, which is `block`, remembers of the first `before` positions to where it is computed.
    fn fetch<'m>(&mut self, layer: usize, block: &impl Layer<'m>, before: usize);

    /// Puts what it remembers of the first `end` positions back to where it stays.
    fn put_back(&mut self, layer: usize, end: usize);

    /// Keeps what else it remembers: history and state behind the positions that were computed last.
    fn keep(&mut self, layer: usize);

    /// Leaves the residual stream of the position at `index` of the last work.
    fn leave(&mut self, index: usize);
}
