//! Matrices times one input, a vector of a row's codes at a time; of short rows, several in a vector.
//!
//! A code becomes its weight and one more, 0 to 2: what that adds to a sum is the sum of the inputs, and is taken off at the
//! end. Four bits of codes, looked up in a table of 16 bytes, give the number of either column.

use super::inputs::{Inputs, KINDS, MOST_COLUMNS};
use super::vectors::{Vectors, WIDEST};
use crate::weights::Matrix;

/// Bytes of the longest row.
const LONGEST: usize = MOST_COLUMNS / 4;
/// The shortest row of which a vector may have several.
const SHORTEST: usize = 16;
/// Vectors whose sums are brought together.
const FOUR: usize = 4;

/// Weights and one more, by four bits: of the first column, and of the second.
const FIRST: [u8; 16] = numbers(0);
const SECOND: [u8; 16] = numbers(2);

const fn numbers(shift: usize) -> [u8; 16] {
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
        let together = if fits { V::BYTES / stride } else { 1 };
        Self { together, step: together * stride, count: stride.div_ceil(V::BYTES) }
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
    let mut arranged = Inputs::none();
    if !arranged.take(inputs, V::BYTES, rows.together) {
        return false;
    }
    let mut rest = sums;
    for matrix in matrices {
        let (sums, others) = rest.split_at_mut_checked(matrix.rows()).unwrap_or_default();
        // SAFETY: as the caller promises.
        unsafe { multiply_one::<V>(matrix, rows, &arranged, sums) };
        rest = others;
    }
    true
}

/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn multiply_one<V: Vectors>(matrix: &Matrix, rows: Rows, inputs: &Inputs, sums: &mut [i32]) {
    let codes = matrix.packed();
    let last = matrix.rows().div_ceil(rows.together).saturating_sub(1);
    for (group, sums) in sums.chunks_mut(FOUR * rows.together).enumerate() {
        // Rows that there are not repeat the last ones.
        let places = [0, 1, 2, 3].map(|index| last.min(FOUR * group + index) * rows.step);
        // SAFETY: as the caller promises; all bytes are there, or else they are in a copy.
        unsafe {
            let found = if places[FOUR - 1] + rows.count * V::BYTES <= codes.len() {
                four::<V>(places.map(|place| codes.as_ptr().add(place)), rows, inputs)
            } else {
                four::<V>(places.map(|place| copied(codes, place)).each_ref().map(|copy| copy.as_ptr()), rows, inputs)
            };
            if sums.len() == FOUR * rows.together {
                found.store_totals(rows.together, inputs.sum(), sums.as_mut_ptr());
            } else {
                let mut all = [0; FOUR * WIDEST / SHORTEST];
                found.store_totals(rows.together, inputs.sum(), all.as_mut_ptr());
                sums.iter_mut().zip(all).for_each(|(sum, found)| *sum = found);
            }
        }
    }
}

/// The codes from a place on, as far as they are there.
#[cold]
#[inline(never)]
fn copied(codes: &[u8], place: usize) -> [u8; LONGEST] {
    let mut copy = [0; LONGEST];
    copy.iter_mut().zip(codes.get(place..).unwrap_or_default()).for_each(|(copy, &code)| *copy = code);
    copy
}

/// The sums of the rows of four vectors, for [`Vectors::store_totals`].
///
/// # Safety
/// As [`Vectors`]: all bytes of the rows' vectors lie at `codes`.
#[inline(always)]
unsafe fn four<V: Vectors>(codes: [*const u8; FOUR], rows: Rows, inputs: &Inputs) -> V {
    // SAFETY: as the caller promises; there are inputs for every vector of a row.
    unsafe {
        let (mut low, mut high) = ([V::zero(); FOUR], [V::zero(); FOUR]);
        for index in 0..rows.count {
            let inputs = inputs.vectors().add(index * KINDS * V::BYTES);
            for (codes, (low, high)) in codes.iter().zip(low.iter_mut().zip(&mut high)) {
                let [lower, upper] = V::load(codes.add(index * V::BYTES)).halves();
                let columns =
                    [lower.of_table(&FIRST), lower.of_table(&SECOND), upper.of_table(&FIRST), upper.of_table(&SECOND)];
                for (column, numbers) in columns.into_iter().enumerate() {
                    *low = low.add_products(numbers, V::load(inputs.add(2 * column * V::BYTES)));
                    *high = high.add_products(numbers, V::load(inputs.add((2 * column + 1) * V::BYTES)));
                }
            }
        }
        V::pairs([low[0], low[1]], [high[0], high[1]]).fours(V::pairs([low[2], low[3]], [high[2], high[3]]))
    }
}
