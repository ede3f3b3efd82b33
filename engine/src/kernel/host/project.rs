//! Quantised matrices times vectors, rows side by side.
//!
//! A lane is a row, so every row's sum stays in column order. A weight's two bits, moved to the top of a word, are the
//! binary32 numbers 0, 2, -0 and -2 (codes 00, 01, 10, 11). Twice the definition's sum is therefore `sum + weight * x`,
//! where the product is exact: scaling by 2 changes no rounding, as sums of binary32 numbers are never rounded where they
//! are subnormal, and [`in_range`] rules overflow out. Adding ±0.0 leaves a sum that started from +0.0 as it is.

use super::lanes::{Lanes, MOST};
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Columns whose codes are read at a time: 16 bytes of a row.
const PANEL: usize = 64;
/// The bits of a weight that has been moved to the top of its word.
const WEIGHT: u32 = 0xc000_0000;

/// The bits of 2^100: twice a sum of 2^16 smaller values is far from overflow.
const LIMIT: u32 = (127 + 100) << 23;

/// Whether twice a sum of these values, as many as a matrix has columns, stays far from overflow. False for NaN.
fn in_range(values: &[f32]) -> bool {
    // Signed, which every instruction set can compare.
    let is_out = |value: &f32| (value.to_bits() & 0x7fff_ffff) as i32 >= LIMIT as i32;
    !values.iter().fold(false, |any, value| any | is_out(value))
}

/// Whether this kernel can do it: rows must start on bytes, all matrices must have as many columns, and the values must be
/// [`in_range`].
pub(super) fn suits(inputs: &[f32], positions: usize, projections: &[Projection]) -> bool {
    let Some(first) = projections.first() else { return false };
    let cols = first.matrix.cols();
    let values = inputs.get(..positions * cols);
    cols.is_multiple_of(4)
        && cols > 0
        && projections.iter().all(|projection| projection.matrix.cols() == cols)
        && values.is_some_and(in_range)
}

/// As many rows of one matrix as there are lanes, or what is left of them.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub projection: usize,
    pub first_row: usize,
    /// At most the number of lanes.
    rows: usize,
    /// The first row's bytes.
    start: *const u8,
    /// Bytes of a row.
    pub stride: usize,
}

impl Group {
    /// The codes of the panel of columns from `column` on, four bytes a word. Rows and columns that are not there read as
    /// code 00.
    ///
    /// # Safety
    /// The group's rows are readable, `column` lies in them, and the processor has the instructions of `L`.
    #[inline(always)]
    pub unsafe fn panel<L: Lanes>(&self, column: usize) -> [L::Words; 4] {
        let offset = column / 4;
        // SAFETY: whole panels of whole groups are read in place; of others, just the bytes that there are.
        unsafe {
            if self.rows == L::COUNT && offset + 16 <= self.stride {
                return L::load_transposed(self.start.add(offset), self.stride);
            }
            let mut copy = [[0_u8; 16]; MOST];
            for (row, copy) in copy.iter_mut().enumerate().take(self.rows) {
                let bytes = self.start.add(row * self.stride + offset);
                if offset + 16 <= self.stride {
                    *copy = bytes.cast::<[u8; 16]>().read();
                } else {
                    for (index, byte) in copy.iter_mut().enumerate().take(self.stride - offset) {
                        *byte = bytes.add(index).read();
                    }
                }
            }
            L::load_transposed(copy.as_ptr().cast(), 16)
        }
    }
}

/// The groups of all projections, one after the other.
pub(super) struct Groups<'a, 'p, 'm> {
    projections: &'a [Projection<'p, 'm>],
    lanes: usize,
    /// Projection and row that come next.
    place: (usize, usize),
}

impl<'a, 'p, 'm> Groups<'a, 'p, 'm> {
    pub fn of(projections: &'a [Projection<'p, 'm>], lanes: usize) -> Self {
        Self::from(projections, lanes, (0, 0))
    }

    /// Those from a place on that [`Groups::place`] gave.
    pub fn from(projections: &'a [Projection<'p, 'm>], lanes: usize, place: (usize, usize)) -> Self {
        Self { projections, lanes, place }
    }

    /// Projection and row that come next.
    pub fn place(&self) -> (usize, usize) {
        self.place
    }
}

impl Iterator for Groups<'_, '_, '_> {
    type Item = Group;

    #[inline]
    fn next(&mut self) -> Option<Group> {
        loop {
            let (projection, first_row) = self.place;
            let matrix: &Matrix = self.projections.get(projection)?.matrix;
            let stride = matrix.cols() / 4;
            let rows = self.lanes.min(matrix.rows() - first_row);
            if rows == 0 {
                self.place = (projection + 1, 0);
                continue;
            }
            self.place = (projection, first_row + rows);
            let start = matrix.packed().as_ptr().wrapping_add(first_row * stride);
            return Some(Group { projection, first_row, rows, start, stride });
        }
    }
}

/// [`crate::kernel::project`] for work that [`suits`] accepts.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn project<L: Lanes>(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let mut first = 0;
    while first < positions {
        let x = inputs.get(first * cols..).unwrap_or_default();
        // SAFETY: as the caller promises; `suits` has checked that the inputs are there.
        let done = unsafe { L::project_some(x, first..positions, projections) };
        if done > 0 {
            first += done;
            continue;
        }
        let count = Groups::of(projections, L::COUNT).count();
        // SAFETY: as the caller promises; the positions are below the number of positions.
        first += unsafe {
            match (positions - first, L::COUNT) {
                (8.., 16) => in_batches::<L, 2, 8>(inputs, first, projections),
                (8.., _) => in_batches::<L, 1, 8>(inputs, first, projections),
                (4.., _) => in_batches::<L, 2, 4>(inputs, first, projections),
                // The fewer places of the last batch stay empty, the better.
                (_, 8) if wasted(count, 5) <= wasted(count, 6) => in_batches::<L, 5, 1>(inputs, first, projections),
                (_, 8) => in_batches::<L, 6, 1>(inputs, first, projections),
                (_, 16) if wasted(count, 5) <= wasted(count, 4) => in_batches::<L, 5, 1>(inputs, first, projections),
                (_, 16) => in_batches::<L, 4, 1>(inputs, first, projections),
                _ => in_batches::<L, 6, 1>(inputs, first, projections),
            }
        };
    }
}

/// Places that stay empty when `count` groups are done `size` at a time.
#[inline]
pub(super) const fn wasted(count: usize, size: usize) -> usize {
    count.next_multiple_of(size) - count
}

/// The projections of `P` positions from `first` on, `G` groups at a time; returns `P`.
///
/// # Safety
/// As [`project`].
#[inline(always)]
unsafe fn in_batches<L: Lanes, const G: usize, const P: usize>(
    inputs: &[f32],
    first: usize,
    projections: &mut [Projection],
) -> usize {
    let mut place = (0, 0);
    loop {
        let mut batch = [EMPTY; G];
        let mut groups = Groups::from(projections, L::COUNT, place);
        for (slot, group) in batch.iter_mut().zip(&mut groups) {
            *slot = group;
        }
        place = groups.place();
        if batch[0].rows == 0 {
            return P;
        }
        // SAFETY: as the caller promises.
        unsafe { together::<L, G, P>(&batch, inputs, first, projections) };
    }
}

/// `G` groups times `P` inputs.
///
/// # Safety
/// As [`project`]; the groups are of the projections, the first of them is not [`EMPTY`].
#[inline(always)]
unsafe fn together<L: Lanes, const G: usize, const P: usize>(
    groups: &[Group; G],
    inputs: &[f32],
    first: usize,
    projections: &mut [Projection],
) {
    // SAFETY: as the caller promises: the inputs are read below positions * cols, and panels below cols.
    unsafe {
        let cols = 4 * groups[0].stride;
        let x = inputs.as_ptr().add(first * cols);
        let mut sums = [[L::splat(0.0); P]; G];
        let mut column = 0;
        while column < cols {
            let mut panels = [groups[0].panel::<L>(column); G];
            for (panel, group) in panels.iter_mut().zip(groups).skip(1) {
                *panel = group.panel::<L>(column);
            }
            let x = x.add(column);
            let bytes = (cols - column).min(PANEL) / 4;
            for word in 0..PANEL / 16 {
                let mut codes = [panels[0][word]; G];
                for (codes, panel) in codes.iter_mut().zip(&panels) {
                    *codes = panel[word];
                }
                let x = x.add(16 * word);
                if bytes >= 4 * word + 4 {
                    add_word::<L, G, P>(&codes, x, cols, &mut sums);
                } else {
                    add_bytes::<L, G, P>(&mut codes, bytes.saturating_sub(4 * word), x, cols, &mut sums);
                }
            }
            column += PANEL;
        }
        for (sums, group) in sums.iter().zip(groups) {
            let Some(projection) = projections.get_mut(group.projection) else { continue };
            let scale = L::splat(projection.matrix.scale());
            for (position, &sum) in sums.iter().enumerate() {
                put(projection, first + position, group, sum.mul(L::splat(0.5)).mul(scale));
            }
        }
    }
}

/// A place of a batch that no group fills.
const EMPTY: Group = Group { projection: usize::MAX, first_row: 0, rows: 0, start: core::ptr::null(), stride: 0 };

/// Adds the sixteen columns of a word.
///
/// # Safety
/// As [`project`]; `P` inputs, `cols` apart, have as many values at `x`.
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
/// As [`project`]; `P` inputs, `cols` apart, have as many values at `x`.
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
/// As [`project`]; `P` inputs, `cols` apart, have a value at `x`.
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

/// Writes the outputs of one group at one position to their places.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn put<L: Lanes>(projection: &mut Projection, position: usize, group: &Group, outputs: L) {
    let start = position * projection.position_stride + group.first_row * projection.row_stride;
    let Some(room) = projection.out.get_mut(start..) else { return };
    if projection.row_stride == 1 && group.rows == L::COUNT && room.len() >= L::COUNT {
        // SAFETY: there is room for a whole vector.
        return unsafe { outputs.store(room.as_mut_ptr()) };
    }
    let mut values = [0.0; MOST];
    // SAFETY: no vector has more lanes.
    unsafe { outputs.store(values.as_mut_ptr()) };
    for (row, value) in values.iter().take(group.rows).enumerate() {
        let Some(slot) = room.get_mut(row * projection.row_stride) else { return };
        *slot = *value;
    }
}
