//! Matrices times inputs, a vector of a row's codes at a time; of short rows, several in a vector.
//!
//! A code becomes its weight and one more, 0 to 2: what that adds to a sum is the sum of the inputs, and is taken off at the
//! end. Four bits of codes, looked up in a table of 16 bytes, give the number of either column.

use super::inputs::{Inputs, KINDS, MOST_COLUMNS, ONE, SEVERAL};
use super::vectors::{Vectors, WIDEST};
use crate::integer::kernel::MOST_TOGETHER;
use crate::weights::Matrix;

/// Bytes of the longest row.
const LONGEST: usize = MOST_COLUMNS / 4;
/// The shortest row of which a vector may have several.
const SHORTEST: usize = 16;
/// Vectors whose sums are brought together.
const FOUR: usize = 4;

/// Weights and one more, by four bits: of the first column, and of the second.
const FIRST: [u8; 16] = by_codes(0);
const SECOND: [u8; 16] = by_codes(2);

const fn by_codes(shift: usize) -> [u8; 16] {
    let mut numbers = [1; 16];
    let mut codes = 0;
    while codes < 16 {
        match codes >> shift & 3 {
            0b01 => numbers[codes] = 2,
            0b11 => numbers[codes] = 0,
            _ => {}
        }
        codes += 1;
    }
    numbers
}

/// How a matrix's rows lie in vectors.
#[derive(Clone, Copy)]
struct Rows {
    /// Rows of which one vector has the codes.
    together: usize,
    /// Bytes from a vector to that of the next rows.
    step: usize,
    /// Vectors of a row's codes, one behind the other.
    count: usize,
}

impl Rows {
    #[inline(always)]
    fn new<V: Vectors>(cols: usize) -> Self {
        let stride = cols / 4;
        let fits = stride >= SHORTEST && V::BYTES.is_multiple_of(stride);
        let together = if fits { (V::BYTES / stride).max(1) } else { 1 };
        Self { together, step: together * stride, count: stride.div_ceil(V::BYTES) }
    }

    /// Rows of a group, which has four vectors.
    #[inline(always)]
    fn group(self) -> usize {
        FOUR * self.together
    }

    /// Bytes of a position's inputs.
    #[inline(always)]
    fn inputs<V: Vectors>(self) -> usize {
        self.count * KINDS * V::BYTES
    }
}

/// Multiplies one input by matrices of 2-bit weights, whose rows begin with a byte. `false`, with nothing done, where an input
/// is too great.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
pub(super) unsafe fn multiply<V: Vectors>(matrices: &[Matrix], inputs: &[i16], sums: &mut [i32]) -> bool {
    let rows = Rows::new::<V>(inputs.len());
    let mut arranged = Inputs::<ONE>::none(rows.inputs::<V>());
    if !arranged.take(0, inputs, V::BYTES, rows.together) {
        return false;
    }
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        for (block, sums) in sums.chunks_mut(FOUR * rows.group()).enumerate() {
            // SAFETY: as the caller promises.
            unsafe {
                let mut found = [V::zero(); FOUR];
                for (group, found) in (FOUR * block..).zip(&mut found).take(sums.len().div_ceil(rows.group())) {
                    let copies;
                    let codes = match codes::<V>(matrix, rows, group) {
                        Codes::There(codes) => codes,
                        Codes::AtTheEnd(places) => {
                            copies = copied(matrix, places);
                            copies.each_ref().map(|copy| copy.as_ptr())
                        }
                    };
                    *found = four(codes, rows, &arranged);
                }
                store(found, rows, arranged.sum(0), sums);
            }
        }
        rest = others;
    }
    true
}

/// [`multiply`] of several positions, whose inputs and sums lie one behind the other: each weight is read once. They have at most
/// [`MOST_TOGETHER`]; `false`, too, where there is no room for so many.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
pub(super) unsafe fn multiply_together<V: Vectors>(
    matrices: &[Matrix],
    cols: usize,
    inputs: &[i16],
    sums: &mut [i32],
) -> bool {
    let rows = Rows::new::<V>(cols);
    let mut arranged = Inputs::<SEVERAL>::none(rows.inputs::<V>());
    let mut count = 0;
    for inputs in inputs.chunks_exact(cols.max(1)) {
        if !arranged.take(count, inputs, V::BYTES, rows.together) {
            return false;
        }
        count += 1;
    }
    let all = sums.len().checked_div(count).unwrap_or(0);
    // SAFETY: as the caller promises.
    let mut so_far = unsafe { [SoFar { sums: [[V::zero(); FOUR]; 2], totals: [V::zero(); FOUR] }; MOST_TOGETHER] };
    let so_far = so_far.get_mut(..count).unwrap_or_default();
    let mut first = 0;
    for matrix in matrices {
        for start in (0..matrix.rows()).step_by(FOUR * rows.group()) {
            let some = (matrix.rows() - start).min(FOUR * rows.group());
            for index in 0..some.div_ceil(rows.group()) {
                let copies;
                let codes = match codes::<V>(matrix, rows, start / rows.group() + index) {
                    Codes::There(codes) => codes,
                    Codes::AtTheEnd(places) => {
                        copies = copied(matrix, places);
                        copies.each_ref().map(|copy| copy.as_ptr())
                    }
                };
                // SAFETY: as the caller promises.
                unsafe { fours(codes, rows, &arranged, so_far, index) };
            }
            for (position, so_far) in so_far.iter().enumerate() {
                let sums = sums.get_mut(position * all + first + start..).and_then(|sums| sums.get_mut(..some));
                // SAFETY: as the caller promises.
                unsafe { store(so_far.totals, rows, arranged.sum(position), sums.unwrap_or_default()) };
            }
        }
        first += matrix.rows();
    }
    true
}

/// What there is of a position's sums.
#[derive(Clone, Copy)]
struct SoFar<V> {
    /// Of low and of high halves, of the group that is at work.
    sums: [[V; FOUR]; 2],
    /// Of whole groups.
    totals: [V; FOUR],
}

/// The codes of four vectors.
enum Codes {
    There([*const u8; FOUR]),
    /// Begin at these bytes, and some of what is read behind them is not there.
    AtTheEnd([usize; FOUR]),
}

/// Those of a group of rows. Rows that there are not repeat the last ones.
#[inline(always)]
fn codes<V: Vectors>(matrix: &Matrix, rows: Rows, group: usize) -> Codes {
    let codes = matrix.packed();
    let last = matrix.rows().div_ceil(rows.together).saturating_sub(1);
    let places = [0, 1, 2, 3].map(|index| last.min(FOUR * group + index) * rows.step);
    if places[FOUR - 1] + rows.count * V::BYTES <= codes.len() {
        Codes::There(places.map(|place| codes.as_ptr().wrapping_add(place)))
    } else {
        Codes::AtTheEnd(places)
    }
}

/// Stores the totals of up to four groups of rows, as many as there are.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn store<V: Vectors>(totals: [V; FOUR], rows: Rows, less: i32, sums: &mut [i32]) {
    // SAFETY: as the caller promises; there is room for all totals.
    unsafe {
        if rows.together == 1 && sums.len() == FOUR * FOUR {
            V::store_fours(totals, less, sums.as_mut_ptr());
            return;
        }
        for (totals, sums) in totals.into_iter().zip(sums.chunks_mut(rows.group())) {
            if sums.len() == rows.group() {
                totals.store_totals(rows.together, less, sums.as_mut_ptr());
            } else {
                let mut all = [0; FOUR * WIDEST / SHORTEST];
                totals.store_totals(rows.together, less, all.as_mut_ptr());
                sums.iter_mut().zip(all).for_each(|(sum, found)| *sum = found);
            }
        }
    }
}

/// The codes from some places on, as far as they are there.
#[cold]
#[inline(never)]
fn copied(matrix: &Matrix, places: [usize; FOUR]) -> [[u8; LONGEST]; FOUR] {
    let mut copies = [[0; LONGEST]; FOUR];
    for (copy, place) in copies.iter_mut().zip(places) {
        let codes = matrix.packed().get(place..).unwrap_or_default();
        copy.iter_mut().zip(codes).for_each(|(copy, &code)| *copy = code);
    }
    copies
}

/// The sums of the rows of four vectors, for [`Vectors::store_totals`].
///
/// # Safety
/// As [`Vectors`]: all bytes of the rows' vectors lie at `codes`.
#[inline(always)]
unsafe fn four<V: Vectors>(codes: [*const u8; FOUR], rows: Rows, inputs: &Inputs<ONE>) -> V {
    // SAFETY: as the caller promises; there are inputs for every vector of a row.
    unsafe {
        let (mut low, mut high) = ([V::zero(); FOUR], [V::zero(); FOUR]);
        for index in 0..rows.count {
            let inputs = inputs.vectors(0).add(index * KINDS * V::BYTES);
            for (codes, (low, high)) in codes.iter().zip(low.iter_mut().zip(&mut high)) {
                let numbers = numbers(V::load(codes.add(index * V::BYTES)));
                add(numbers, inputs, low, high);
            }
        }
        totals(low, high)
    }
}

/// [`four`] of several positions, to their totals at `group`.
///
/// # Safety
/// As [`four`]; there are as many positions' inputs.
#[inline(always)]
unsafe fn fours<V: Vectors>(
    codes: [*const u8; FOUR],
    rows: Rows,
    arranged: &Inputs<SEVERAL>,
    so_far: &mut [SoFar<V>],
    group: usize,
) {
    // SAFETY: as the caller promises; there are inputs for every vector of a row.
    unsafe {
        for index in 0..rows.count {
            let mut decoded = [[V::zero(); 4]; FOUR];
            for (decoded, codes) in decoded.iter_mut().zip(codes) {
                *decoded = numbers(V::load(codes.add(index * V::BYTES)));
            }
            for (position, so_far) in so_far.iter_mut().enumerate() {
                let inputs = arranged.vectors(position).add(index * KINDS * V::BYTES);
                let [mut low, mut high] = if index == 0 { [[V::zero(); FOUR]; 2] } else { so_far.sums };
                for (numbers, (low, high)) in decoded.iter().zip(low.iter_mut().zip(&mut high)) {
                    add(*numbers, inputs, low, high);
                }
                if index + 1 < rows.count {
                    so_far.sums = [low, high];
                } else if let Some(slot) = so_far.totals.get_mut(group) {
                    *slot = totals(low, high);
                }
            }
        }
    }
}

/// The numbers of a vector's codes, by column.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn numbers<V: Vectors>(codes: V) -> [V; 4] {
    // SAFETY: as the caller promises.
    unsafe {
        let [lower, upper] = codes.halves();
        [lower.of_table(&FIRST), lower.of_table(&SECOND), upper.of_table(&FIRST), upper.of_table(&SECOND)]
    }
}

/// Adds the products of numbers with the low and the high halves of inputs.
///
/// # Safety
/// As [`Vectors`]: [`KINDS`] vectors lie at `inputs`.
#[inline(always)]
unsafe fn add<V: Vectors>(numbers: [V; 4], inputs: *const u8, low: &mut V, high: &mut V) {
    for (column, numbers) in numbers.into_iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe {
            *low = low.add_products(numbers, V::load(inputs.add(2 * column * V::BYTES)));
            *high = high.add_products(numbers, V::load(inputs.add((2 * column + 1) * V::BYTES)));
        }
    }
}

/// What four vectors' sums come to, for [`Vectors::store_totals`].
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn totals<V: Vectors>(low: [V; FOUR], high: [V; FOUR]) -> V {
    // SAFETY: as the caller promises.
    unsafe { V::pairs([low[0], low[1]], [high[0], high[1]]).fours(V::pairs([low[2], low[3]], [high[2], high[3]])) }
}
