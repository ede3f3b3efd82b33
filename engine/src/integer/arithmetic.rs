//! What a schedule asks of this arithmetic.

use super::logits::{final_norm, output, unembed};
use super::pass::run;
use super::workspace::Workspace;
use crate::argmax::argmax;
use crate::layout::{Layout, Plan};
use crate::schedule::{Arithmetic, Prefix, RouterReading, Start, Work};
use crate::weights::{Matrix, Weights};

impl<'w> Arithmetic<'w> for Workspace<'w> {
    fn layout(&self) -> &'w Layout {
        self.layout.schedule()
    }

    fn prefix(&mut self) -> &mut Prefix<'w> {
        &mut self.prefix
    }

    fn identity<'m>(weights: &impl Weights<'m>) -> u64 {
        match weights.identity() {
            0 => 0,
            // "integers".
            identity => identity ^ u64::from_le_bytes(*b"integers"),
        }
    }

    fn start<'m>(&mut self, weights: &impl Weights<'m>, n: usize, _: &mut impl FnMut(RouterReading)) -> Option<Start> {
        Some(match self.layout.plan() {
            Plan::Cached => Start::after(&self.prefix, Self::identity(weights), n),
            Plan::Lean | Plan::Partial => Start::default(),
        })
    }

    fn pass<'m>(&mut self, weights: &impl Weights<'m>, work: Work, observe: impl FnMut(RouterReading)) -> Option<()> {
        run(weights, self, work, observe)
    }

    fn keep_logits(&mut self, keep: bool) {
        self.keeps_logits = keep;
    }

    fn unembed<'m>(&mut self, weights: &impl Weights<'m>, n: usize) -> &[f32] {
        unembed(weights, self, n);
        self.logits
    }

    fn logits(&self) -> &[f32] {
        self.logits
    }

    fn logits_mut(&mut self) -> &mut [f32] {
        self.logits
    }

    fn classify<'m>(
        &mut self,
        weights: &impl Weights<'m>,
        head: &Matrix,
        n: usize,
        mut logit: impl FnMut(usize, f32),
    ) -> usize {
        let input_bits = final_norm(weights, self, n);
        argmax((0..head.rows()).map(|class| {
            let value = output(head, class, self.normed, input_bits);
            logit(class, value);
            value
        }))
    }
}
