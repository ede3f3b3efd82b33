//! Feed-forward sublayers (docs/integer.md#91-feed-forward-sublayers).
//!
//! They have no memory of their own: inputs and hidden values lie where the layer's inputs did, sums where those of its matrices
//! were. What follows from their weights is made anew for each position: that takes two looks at vectors where matrices take
//! thousands, and no program's memory grows.

use super::constants::{weight_bits, NormConstants, Seen, INFINITE};
use super::kernel::{project, Work};
use super::norm::norm;
use super::scaled::{top, Scaled};
use super::words::{ceil_log2, round_shift_long, width, Rounding};
use super::workspace::cut;
use crate::weights::{sublayers, FeedForward, Layer, Matrix};

/// Bits of a hidden value, which is not negative.
const HIDDEN_BITS: i32 = 15;

/// Units and scales of a sublayer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    norm: NormConstants,
    /// Of both matrices, in the unit of the norm's outputs: the first one's without its sign, which hidden values have.
    scale: Scaled,
}

impl Constants {
    #[cfg_attr(not(vectors), inline(never))]
    pub(super) fn new(sublayer: &FeedForward) -> Self {
        let norm = NormConstants::new(&sublayer.norm, sublayer.up.cols(), &mut Seen(0));
        let scale = Scaled::new(sublayer.up.scale().abs()).times(Scaled::new(sublayer.down.scale()));
        Self { norm, scale: scale.over_two_to(norm.output_bits) }
    }
}

/// What a sublayer adds to the residual stream is below 2^this; [`INFINITE`] where an infinity or NaN is among its floats.
///
/// Normed values are of size 1 on average, whatever the greatest of them: that leaves the stream more bits than their bound would.
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn sublayer_top(sublayer: &FeedForward) -> i32 {
    let mut seen = Seen(0);
    let FeedForward { norm, up, down } = sublayer;
    let inputs = top(seen.vector(&norm.gamma)).max(top(seen.vector(&norm.beta))) + 1;
    let mut of = |matrix: &Matrix| ceil_log2(matrix.cols()) + weight_bits(matrix) + top(seen.scale(matrix));
    let top = of(up) + of(down) + inputs;
    if seen.are_finite() {
        top
    } else {
        INFINITE
    }
}

/// One position's vectors.
pub(super) struct Vectors<'v> {
    /// `[d_model]`, and its fraction bits.
    pub residual: &'v mut [i32],
    pub residual_bits: i32,
    /// Room for inputs, `[d_model]`.
    pub normed: &'v mut [i16],
    /// For sums, `[d_model]` at its front.
    pub sums: &'v mut [i32],
    /// For the kernel.
    pub room: &'v mut [i32],
}

/// All sublayers of a layer, for one position.
pub(super) struct One<'o, L> {
    pub block: &'o L,
    pub vectors: Vectors<'o>,
}

impl<'m, L: Layer<'m>> Work for One<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { block, vectors: Vectors { residual, residual_bits, normed, sums, room } } = self;
        let sums = cut(sums, 0, residual.len());
        for sublayer in sublayers(block) {
            let constants = Constants::new(&sublayer);
            norm(&sublayer.norm, &constants.norm, residual, residual_bits, normed);
            project(&[sublayer.up], normed, sums, room);
            let shift = rectify(&sublayer.up, sums, normed);
            project(&[sublayer.down], normed, sums, room);
            add(constants.scale, shift, sums, residual, residual_bits);
        }
    }
}

/// Hidden values from sums: those that are above 0 with their matrix's scale, in 15 bits each; how far they were shifted to the
/// right for that. `sums` are changed.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn rectify(up: &Matrix, sums: &mut [i32], hidden: &mut [i16]) -> i32 {
    let is_negative = up.scale().to_bits() >> 31 == 1;
    for sum in &mut *sums {
        *sum = if is_negative { -*sum } else { *sum }.max(0);
    }
    let shift = (width(sums) - HIDDEN_BITS).max(0);
    let rounding = Rounding::new(shift);
    for (hidden, &sum) in hidden.iter_mut().zip(&*sums) {
        *hidden = rounding.of(sum).min(32_767) as i16;
    }
    shift
}

/// Adds a sublayer's outputs to the residual stream, from sums of hidden values that were shifted to the right.
#[cfg_attr(vectors, inline(always))]
#[cfg_attr(not(vectors), inline(never))]
pub(super) fn add(scale: Scaled, shift: i32, sums: &[i32], residual: &mut [i32], residual_bits: i32) {
    let (factor, right) = (i64::from(scale.signed()), -(scale.exponent + shift + residual_bits));
    for (x, &sum) in residual.iter_mut().zip(sums) {
        *x = x.wrapping_add(round_shift_long(i64::from(sum) * factor, right));
    }
}

#[cfg(vectors)]
pub(super) use together::run as several;

/// Some positions at a time, on hosts.
#[cfg(vectors)]
mod together {
    use super::super::kernel::{compiled, project_together, MOST_TOGETHER};
    use super::*;

    /// All sublayers of a layer, for at most [`MOST_TOGETHER`] positions: `residual` and `normed` are `[positions][d_model]`, and
    /// `sums` has room for as many.
    pub(in super::super) fn run<'m>(
        block: &impl Layer<'m>,
        residual: &mut [i32],
        residual_bits: i32,
        normed: &mut [i16],
        sums: &mut [i32],
    ) {
        for sublayer in sublayers(block) {
            let sublayer = &sublayer;
            let (d, constants) = (sublayer.up.cols(), Constants::new(sublayer));
            let (sums, mut shifts) = (cut(sums, 0, residual.len()), [0; MOST_TOGETHER]);
            compiled(Norms { sublayer, constants, residual, residual_bits, normed });
            project_together(&[sublayer.up], d, normed, sums);
            compiled(Hidden { sublayer, sums, normed, shifts: &mut shifts });
            project_together(&[sublayer.down], d, normed, sums);
            compiled(Sums { sublayer, constants, sums, shifts, residual, residual_bits });
        }
    }

    /// The norms of all positions.
    struct Norms<'n, 'm> {
        sublayer: &'n FeedForward<'m>,
        constants: Constants,
        residual: &'n [i32],
        residual_bits: i32,
        normed: &'n mut [i16],
    }

    impl Work for Norms<'_, '_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let d = self.sublayer.up.cols().max(1);
            for (residual, normed) in self.residual.chunks_exact(d).zip(self.normed.chunks_exact_mut(d)) {
                norm(&self.sublayer.norm, &self.constants.norm, residual, self.residual_bits, normed);
            }
        }
    }

    /// Their hidden values.
    struct Hidden<'h, 'm> {
        sublayer: &'h FeedForward<'m>,
        sums: &'h mut [i32],
        normed: &'h mut [i16],
        shifts: &'h mut [i32; MOST_TOGETHER],
    }

    impl Work for Hidden<'_, '_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let d = self.sublayer.up.cols().max(1);
            let rows = self.sums.chunks_exact_mut(d).zip(self.normed.chunks_exact_mut(d));
            for (shift, (sums, hidden)) in self.shifts.iter_mut().zip(rows) {
                *shift = rectify(&self.sublayer.up, sums, hidden);
            }
        }
    }

    /// Their outputs.
    struct Sums<'s, 'm> {
        sublayer: &'s FeedForward<'m>,
        constants: Constants,
        sums: &'s [i32],
        shifts: [i32; MOST_TOGETHER],
        residual: &'s mut [i32],
        residual_bits: i32,
    }

    impl Work for Sums<'_, '_> {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let d = self.sublayer.up.cols().max(1);
            let rows = self.sums.chunks_exact(d).zip(self.residual.chunks_exact_mut(d));
            for (shift, (sums, residual)) in self.shifts.into_iter().zip(rows) {
                add(self.constants.scale, shift, sums, residual, self.residual_bits);
            }
        }
    }
}
