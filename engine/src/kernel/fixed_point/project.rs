//! Matrices times vectors: tables for a block of columns, then every row of every matrix.

use super::accumulate::{first_terms, row_sum};
use super::tables::{columns, Tables, GROUP};
use crate::kernel::properties::{FixedPoint, Properties};
use crate::kernel::Projection;
use crate::weights::{Matrix, TERMS};

/// From so many rows on, filling the tables costs less than it saves.
const WORTHWHILE_ROWS: usize = 8;

/// Floats of tables on the stack: of 16 columns.
const ON_STACK: usize = 4 * GROUP;

/// The most columns of a block: what their weights are translated to, where they do not lie two bits each, has a place on
/// the stack, too.
const BLOCK: usize = 256;

const _: () = assert!(FixedPoint::WORTHWHILE_ROOM == ON_STACK);

/// `false`, with nothing done, where there are few rows, rows do not start on bytes, or an array is too short. Else the outputs
/// are what lies behind those of the positions.
pub(in crate::kernel) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    let Some(cols) = common_columns(projections) else { return false };
    if positions.checked_mul(cols).is_none_or(|values| values > inputs.len()) {
        return false;
    }
    for position in 0..positions {
        let x = inputs.get(position * cols..).and_then(|rest| rest.get(..cols)).unwrap_or(&[]);
        multiply_on_stack(x, projections);
        for Projection { out, position_stride, .. } in &mut *projections {
            *out = core::mem::take(out).get_mut(*position_stride..).unwrap_or_default();
        }
    }
    true
}

/// [`project`] of one position, with tables in `room` where it is enough for any; whether they are left there. `has_tables` says
/// that they are there: that the last call left them, and had this input and room.
///
/// `None`, with nothing done, as in [`project`].
pub(in crate::kernel) fn project_one(
    x: &[f32],
    projections: &mut [Projection],
    room: &mut [f32],
    has_tables: bool,
) -> Option<bool> {
    let x = common_columns(projections).and_then(|cols| x.get(..cols))?;
    let has_terms = projections.first().is_some_and(|first| first.matrix.has_terms());
    if room.len() < if has_terms { ON_STACK } else { GROUP } {
        multiply_on_stack(x, projections);
    } else {
        multiply(x, projections, room, has_tables);
    }
    // Those of terms are others.
    Some(!has_terms)
}

/// The columns of all matrices. `None` where they differ, or this is no way to multiply them.
fn common_columns(projections: &[Projection]) -> Option<usize> {
    let first = projections.first()?.matrix;
    let (cols, has_terms) = (first.cols(), first.has_terms());
    let mut rows = 0;
    for Projection { matrix, .. } in projections {
        if matrix.cols() != cols || matrix.has_terms() != has_terms {
            return None;
        }
        rows += matrix.rows();
    }
    (rows >= WORTHWHILE_ROWS && cols > 0 && cols.is_multiple_of(4)).then_some(cols)
}

/// Apart, so that nobody else pays for the room.
#[inline(never)]
fn multiply_on_stack(x: &[f32], projections: &mut [Projection]) {
    multiply(x, projections, &mut [0.0; ON_STACK], false);
}

/// Multiplies an input, by blocks of as many columns as the room is enough for. If that is all of them, the tables may be there
/// from another call.
#[inline(never)]
fn multiply(x: &[f32], projections: &mut [Projection], room: &mut [f32], has_tables: bool) {
    let codec = projections.first().and_then(|first| first.matrix.codec());
    if let Some(terms) = codec.and_then(|codec| codec.terms.as_ref()) {
        return (terms.project)(x, projections, room);
    }
    let mut start = 0;
    for block in x.chunks(columns(room.len()).clamp(4, BLOCK)) {
        let tables = Tables::of(block, room, has_tables && block.len() == x.len());
        let weights = Block { start, end: start + block.len() };
        for projection in &mut *projections {
            weights.add(&tables, projection);
        }
        start = weights.end;
    }
}

/// [`multiply`] with powers of three, for their codec.
///
/// Such a matrix is one of trits with three columns for one: for x, 3x and 9x, each rounded as the products of the
/// definition are. Of the three weights two at least are 0, and leave the sum alone.
pub(crate) fn project_powers(x: &[f32], projections: &mut [Projection], room: &mut [f32]) {
    // A group of four weights takes three in the tables, and four times three values.
    let groups = (room.len() / (TERMS * (GROUP + 4))).clamp(1, BLOCK / (TERMS * 4));
    let (columns, room) = room.split_at_mut_checked(TERMS * 4 * groups).unwrap_or_default();
    let mut start = 0;
    for block in x.chunks(4 * groups) {
        let tables = Tables::of(multiples(block, columns), room, false);
        let weights = Block { start, end: start + block.len() };
        for projection in &mut *projections {
            weights.add(&tables, projection);
        }
        start = weights.end;
    }
}

/// The values with three and nine times each beside it.
fn multiples<'c>(x: &[f32], columns: &'c mut [f32]) -> &'c [f32] {
    for (x, columns) in x.iter().zip(columns.as_chunks_mut::<TERMS>().0) {
        *columns = [*x, 3.0 * x, 9.0 * x];
    }
    columns.get(..TERMS * x.len()).unwrap_or(&[])
}

#[cfg(assembly = "thumb1")]
use super::assembly::run_rows as many_rows;

/// Only ARMv6-M is so short of registers that it pays to do many rows in one go.
#[cfg(not(assembly = "thumb1"))]
#[inline]
fn many_rows(_: &Tables, _: &mut Projection, _: usize, _: usize) -> usize {
    0
}

/// The sum of the tables' columns with a matrix's weights from one on; what it starts from.
pub(crate) type RowSum = fn(&Tables, &Matrix, usize, f32) -> f32;

/// [`row_sum`] of the weights from `first` on, which are translated: for codecs.
pub(crate) fn translated_sum(tables: &Tables, matrix: &Matrix, first: usize, start: f32) -> f32 {
    let mut codes = [0; BLOCK / 4];
    let codes = matrix.column_codes(first, tables.len() / 4, &mut codes).unwrap_or_default();
    row_sum(tables, codes, 0, start)
}

/// Columns that are added to the sums of a position's outputs.
struct Block {
    /// The first.
    start: usize,
    /// Behind the last.
    end: usize,
}

impl Block {
    /// Whether a row has no other columns, and they lie two bits each.
    fn is_whole(&self, matrix: &Matrix) -> bool {
        self.start == 0 && self.end == matrix.cols() && matrix.codec().is_none()
    }

    /// The sum of a row from `start` up to a column, for which there is a fast way.
    #[inline(always)]
    fn begin(&self, tables: &Tables, row: &[u8], start: f32) -> (usize, f32) {
        if self.start == 0 && !cfg!(assembly = "thumb1") {
            first_terms(tables, row)
        } else {
            (0, start)
        }
    }

    /// Adds to every row's sum what these columns contribute. Between blocks the sums are where the outputs go.
    #[inline(never)]
    fn add(&self, tables: &Tables, projection: &mut Projection) {
        let matrix = projection.matrix;
        let mut row = 0;
        let mut at = 0;
        while row < matrix.rows() {
            // What lies ahead, in assembly for as long as that can.
            let done = if self.is_whole(matrix) { many_rows(tables, projection, row, at) } else { 0 };
            row += done;
            at += done * projection.row_stride;
            let first = row * matrix.cols() + self.start;
            let Some(slot) = projection.out.get_mut(at) else { return };
            let start = if self.start == 0 { 0.0 } else { *slot };
            let sum = match matrix.codec() {
                None => {
                    let row = matrix.packed().get(first / 4..).unwrap_or_default();
                    let (column, sum) = self.begin(tables, row, start);
                    if column < tables.len() {
                        row_sum(tables, row, column, sum)
                    } else {
                        sum
                    }
                }
                Some(codec) => (codec.row_sum)(tables, matrix, first, start),
            };
            *slot = if self.end == matrix.cols() { sum * matrix.scale() } else { sum };
            row += 1;
            at += projection.row_stride;
        }
    }
}
