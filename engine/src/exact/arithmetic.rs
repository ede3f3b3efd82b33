//! What a schedule asks of this arithmetic.

use core::cell::RefCell;

use super::compute::compute;
use super::divided::Divided;
use super::logits::{final_norm, unembed};
use super::workspace::{Place, Workspace};
use crate::argmax::argmax;
use crate::kernel;
use crate::layout::{Layout, Plan};
use crate::schedule::{self, partial, Arithmetic, Divisible, Division, Prefix, RouterReading, Start, Work};
use crate::weights::{Matrix, Weights};

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
    fn start<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        n: usize,
        observe: &mut impl FnMut(RouterReading),
    ) -> Option<Start> {
        match self.layout.plan() {
            Plan::Lean => Some(Start::default()),
            Plan::Partial => {
                // Several passes share the observer.
                let observe = RefCell::new(observe);
                partial::run(weights, self, n, |reading| {
                    if let Ok(mut observe) = observe.try_borrow_mut() {
                        observe(reading);
                    }
                })
            }
            Plan::Cached => Some(Start::after(&self.prefix, weights.identity(), n)),
        }
    }

    #[inline(always)]
    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()> {
        compute(weights, self, self.place(), work, observe)
    }

    #[inline(always)]
    fn unembed<'m>(&mut self, weights: &impl Weights<'m>, n: usize) -> &[f32] {
        unembed(weights, self, n)
    }

    #[inline(always)]
    fn logits(&self) -> &[f32] {
        self.logits
    }

    fn logits_mut(&mut self) -> &mut [f32] {
        self.logits
    }

    #[inline(always)]
    fn classify<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        head: &Matrix,
        n: usize,
        mut logit: impl FnMut(usize, f32),
    ) -> usize {
        let (normed, _) = final_norm(weights, self, n);
        argmax((0..head.rows()).map(|class| {
            let value = kernel::matvec_row(head, class, normed);
            logit(class, value);
            value
        }))
    }
}

impl<'w> Divisible<'w> for Workspace<'w> {
    #[inline(always)]
    fn pass_by<'m>(
        &mut self,
        layout: &Layout,
        weights: &impl Weights<'m>,
        work: Work,
        observe: impl FnMut(RouterReading),
    ) -> Option<()> {
        let place = Place { layout, ..self.place() };
        compute(weights, self, place, work, observe)
    }

    #[inline(always)]
    fn divide<'s>(&'s mut self, division: Division) -> Option<impl schedule::Divided>
    where
        'w: 's,
    {
        Divided::new(self, division)
    }
}
