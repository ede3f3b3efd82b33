//! What a schedule asks of this arithmetic.

use super::compute::{compute, compute_apart};
use super::divided::Divided;
use super::workspace::Workspace;
use crate::layout::Layout;
use crate::schedule::{self, Arithmetic, Division, Prefix, RouterReading, Work};
use crate::weights::Weights;

impl<'w> Arithmetic<'w> for Workspace<'w> {
    #[inline(always)]
    fn layout(&self) -> &'w Layout {
        self.layout
    }

    #[inline(always)]
    fn prefix(&mut self) -> &mut Prefix<'w> {
        &mut self.prefix
    }

    #[inline(always)]
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()> {
        compute(weights, self, work, observe)
    }

    #[inline(always)]
    fn pass_by<'m>(
        &mut self,
        layout: &Layout,
        weights: &impl Weights<'m>,
        work: Work,
        observe: impl FnMut(RouterReading),
    ) -> Option<()> {
        compute_apart(weights, &mut self.reborrow(layout), work, observe)
    }

    #[inline(always)]
    fn divide<'s>(&'s mut self, division: &'s Division) -> Option<impl schedule::Divided>
    where
        'w: 's,
    {
        Divided::new(self.reborrow(&division.lean), division)
    }
}
