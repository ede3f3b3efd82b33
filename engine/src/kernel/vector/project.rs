//! Quantised matrices times vectors, rows side by side.
//!
//! A lane is a row, so every row's sum stays in column order. A weight's two bits, moved to the top of a word, are the
//! binary32 numbers 0, 2, -0 and -2 (codes 00, 01, 10, 11). Twice the definition's sum is therefore `sum + weight * x`,
//! where the product is exact: scaling by 2 changes no rounding, as sums of binary32 numbers are never rounded where they
//! are subnormal, and [`in_range`] rules overflow out. Adding ±0.0 leaves a sum that started from +0.0 as it is.

use core::ops::Range;

use super::groups::{Group, Groups, EMPTY};
use super::inputs::{in_range, Inputs};
use super::lanes::Lanes;
use super::outputs::{are_apart, put, take};
use crate::kernel::Projection;

/// Columns whose codes are read at a time: 16 bytes of a row.
const PANEL: usize = 64;
/// The bits of a weight that has been moved to the top of its word.
const WEIGHT: u32 = 0xc000_0000;
/// Whether this kernel can do it: rows must start on bytes, and all matrices must have as many columns. Besides, the inputs
/// must be in range.
pub(in crate::kernel) fn suits(inputs: &Inputs, projections: &[Projection]) -> bool {
    let cols = inputs.cols();
    cols.is_multiple_of(4) && cols > 0 && projections.iter().all(|projection| projection.matrix.cols() == cols)
}

/// Whether it can do it for several positions at once, too.
pub(in crate::kernel) fn suits_several(inputs: &Inputs, projections: &[Projection]) -> bool {
    projections.iter().all(|projection| are_apart(projection, inputs.positions()))
}

/// The projections of position `position`, whose input is `x`; for work that [`suits`] accepts.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(in crate::kernel) unsafe fn one<L: Lanes>(x: &[f32], position: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let part = Part { x: x.as_ptr(), columns: 0..cols, cols, first: position };
    let count = Groups::of(projections, L::COUNT).count();
    // SAFETY: as the caller promises; `suits` has checked that the input is there.
    unsafe {
        match L::COUNT {
            // The fewer places of the last batch stay empty, the better.
            8 if wasted(count, 5) <= wasted(count, 6) => in_batches::<L, 5, 1>(&part, projections),
            16 if wasted(count, 5) <= wasted(count, 4) => in_batches::<L, 5, 1>(&part, projections),
            16 => in_batches::<L, 4, 1>(&part, projections),
            _ => in_batches::<L, 6, 1>(&part, projections),
        }
    }
}

/// Places that stay empty when `count` groups are done `size` at a time.
#[inline]
pub(in crate::kernel) const fn wasted(count: usize, size: usize) -> usize {
    count.next_multiple_of(size) - count
}

/// The projections of `P` positions from `first` on, some columns at a time, `G` groups at a time; returns `P`, or 0 where
/// values are not [`in_range`].
///
/// # Safety
/// As [`one`]; there are as many positions.
#[inline(always)]
pub(in crate::kernel) unsafe fn in_panels<L: Lanes, const G: usize, const P: usize>(
    inputs: &Inputs,
    first: usize,
    projections: &mut [Projection],
    room: &mut [f32],
) -> usize {
    let cols = inputs.cols();
    // Parts begin where words of weights do.
    let most = cols.min(room.len() / P / 16 * 16);
    if most == 0 {
        return 0;
    }
    for start in (0..cols).step_by(most) {
        let columns = start..cols.min(start + most);
        let Some(x) = room.get_mut(..P * columns.len()) else { return 0 };
        // SAFETY: as the caller promises; all columns are there.
        unsafe {
            inputs.write::<L>(first, P, columns.clone(), x.as_mut_ptr());
            if !in_range(x) {
                return 0;
            }
            in_batches::<L, G, P>(&Part { x: x.as_ptr(), columns, cols, first }, projections);
        }
    }
    P
}

/// Some columns of some positions.
struct Part {
    /// The inputs, `[positions][columns]`.
    x: *const f32,
    columns: Range<usize>,
    /// All columns that there are.
    cols: usize,
    /// The first position.
    first: usize,
}

/// What the columns of `P` positions add to all projections, `G` groups at a time.
///
/// # Safety
/// As [`several`]; the inputs are there.
#[inline(always)]
unsafe fn in_batches<L: Lanes, const G: usize, const P: usize>(part: &Part, projections: &mut [Projection]) {
    let mut place = (0, 0);
    loop {
        let mut batch = [EMPTY; G];
        let mut groups = Groups::from(projections, L::COUNT, place);
        for (slot, group) in batch.iter_mut().zip(&mut groups) {
            *slot = group;
        }
        place = groups.place();
        if batch[0].rows == 0 {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe { together::<L, G, P>(&batch, part, projections) };
    }
}

/// `G` groups times `P` inputs.
///
/// # Safety
/// As [`in_batches`]; the groups are of the projections, the first of them is not [`EMPTY`].
#[inline(always)]
unsafe fn together<L: Lanes, const G: usize, const P: usize>(
    groups: &[Group; G],
    part: &Part,
    projections: &mut [Projection],
) {
    // SAFETY: as the caller promises: the inputs are read below positions * columns, and panels below the last column.
    unsafe {
        let (width, start) = (part.columns.len(), part.columns.start);
        let mut sums = [[L::splat(0.0); P]; G];
        if start > 0 {
            for (sums, group) in sums.iter_mut().zip(groups) {
                let Some(projection) = projections.get(group.projection) else { continue };
                for (position, sum) in sums.iter_mut().enumerate() {
                    *sum = take(projection, part.first + position, group);
                }
            }
        }
        let mut column = 0;
        while column < width {
            let mut panels = [groups[0].panel::<L>(start + column); G];
            for (panel, group) in panels.iter_mut().zip(groups).skip(1) {
                *panel = group.panel::<L>(start + column);
            }
            let x = part.x.add(column);
            let bytes = (width - column).min(PANEL) / 4;
            for word in 0..PANEL / 16 {
                let mut codes = [panels[0][word]; G];
                for (codes, panel) in codes.iter_mut().zip(&panels) {
                    *codes = panel[word];
                }
                // Behind the last columns nothing is read, so that it may lead there.
                let x = x.wrapping_add(16 * word);
                if bytes >= 4 * word + 4 {
                    add_word::<L, G, P>(&codes, x, width, &mut sums);
                } else {
                    add_bytes::<L, G, P>(&mut codes, bytes.saturating_sub(4 * word), x, width, &mut sums);
                }
            }
            column += PANEL;
        }
        let is_last = part.columns.end == part.cols;
        for (sums, group) in sums.iter().zip(groups) {
            let Some(projection) = projections.get_mut(group.projection) else { continue };
            let scale = L::splat(projection.matrix.scale());
            for (position, &sum) in sums.iter().enumerate() {
                let outputs = if is_last { sum.mul(L::splat(0.5)).mul(scale) } else { sum };
                put(projection, part.first + position, group, outputs);
            }
        }
    }
}

/// Adds the sixteen columns of a word.
///
/// # Safety
/// As [`in_batches`]; `P` inputs, `cols` apart, have as many values at `x`.
#[inline(always)]
unsafe fn add_word<L: Lanes, const G: usize, const P: usize>(
    codes: &[L::Words; G],
    x: *const f32,
    cols: usize,
    sums: &mut [[L; P]; G],
) {
    macro_rules! columns {
        ($($shift:literal)*) => {
            // SAFETY: as the caller promises.
            unsafe { $(add_column::<L, G, P, $shift>(codes, x.add(15 - $shift / 2), cols, sums);)* }
        };
    }
    columns!(30 28 26 24 22 20 18 16 14 12 10 8 6 4 2 0);
}

/// Adds the columns of the first `bytes` bytes of a word, which is used up.
///
/// # Safety
/// As [`in_batches`]; `P` inputs, `cols` apart, have as many values at `x`.
#[inline(always)]
unsafe fn add_bytes<L: Lanes, const G: usize, const P: usize>(
    codes: &mut [L::Words; G],
    bytes: usize,
    x: *const f32,
    cols: usize,
    sums: &mut [[L; P]; G],
) {
    for byte in 0..bytes {
        // SAFETY: as the caller promises.
        unsafe {
            let x = x.add(4 * byte);
            add_column::<L, G, P, 30>(codes, x, cols, sums);
            add_column::<L, G, P, 28>(codes, x.add(1), cols, sums);
            add_column::<L, G, P, 26>(codes, x.add(2), cols, sums);
            add_column::<L, G, P, 24>(codes, x.add(3), cols, sums);
            for codes in &mut *codes {
                *codes = L::shift_right::<8>(*codes);
            }
        }
    }
}

/// Adds one column, whose weights are the bits that `SHIFT` moves to the top.
///
/// # Safety
/// As [`in_batches`]; `P` inputs, `cols` apart, have a value at `x`.
#[inline(always)]
unsafe fn add_column<L: Lanes, const G: usize, const P: usize, const SHIFT: u32>(
    codes: &[L::Words; G],
    x: *const f32,
    cols: usize,
    sums: &mut [[L; P]; G],
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut weights = [L::splat(0.0); G];
        for (weight, &codes) in weights.iter_mut().zip(codes) {
            *weight = L::as_floats(L::and(L::shift_left::<SHIFT>(codes), L::splat_words(WEIGHT)));
        }
        for position in 0..P {
            let x = L::splat(x.add(position * cols).read());
            for (sums, weight) in sums.iter_mut().zip(&weights) {
                sums[position] = weight.add_exact_product(x, sums[position]);
            }
        }
    }
}
