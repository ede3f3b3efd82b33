//! Matrices times vectors: tables for a block of columns, then every row of every matrix.

use super::accumulate::{row_product, row_sum};
use super::scale::Scale;
use super::tables::{Tables, BLOCK};
use crate::kernel::Projection;
use crate::weights::{Matrix, TERMS};

/// From so many rows on, filling the tables costs less than it saves.
const WORTHWHILE_ROWS: usize = 8;

/// Columns of powers of three that one set of tables holds: each becomes three.
const POWERS: usize = BLOCK / (4 * TERMS) * 4;

/// `false`, with nothing done, where there are few rows, rows do not start on bytes, or an array is too short.
///
/// Takes a little over 3 KiB of stack (1 KiB on ARMv6-M), and a third more where weights are powers of three.
pub(in crate::kernel) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    let Some(first) = projections.first().map(|first| *first.matrix) else { return false };
    let cols = first.cols();
    let rows = projections.iter().fold(0, |rows, projection| projection.matrix.rows() + rows);
    let is_like_first = |projection: &Projection| {
        projection.matrix.cols() == cols && projection.matrix.has_terms() == first.has_terms()
    };
    let suits = rows >= WORTHWHILE_ROWS
        && cols.is_multiple_of(4)
        && projections.iter().all(is_like_first)
        && positions.checked_mul(cols).is_some_and(|values| values <= inputs.len());
    if !suits {
        return false;
    }
    match first.codec().and_then(|codec| codec.terms.as_ref()) {
        None => project_trits(inputs, positions, projections, cols),
        Some(terms) => (terms.project)(inputs, positions, projections),
    }
    true
}

/// A call of its own: otherwise its tables are on the stack while powers of three are multiplied, too.
#[inline(never)]
fn project_trits(inputs: &[f32], positions: usize, projections: &mut [Projection], cols: usize) {
    let mut tables = Tables::new();
    for position in 0..positions {
        let x = inputs.get(position * cols..).and_then(|rest| rest.get(..cols)).unwrap_or(&[]);
        if cols <= BLOCK {
            tables.fill(x);
            for projection in &mut *projections {
                multiply(&tables, x, projection, position);
            }
        } else {
            multiply_by_blocks(&mut tables, x, projections, position);
        }
    }
}

/// [`project`] with powers of three, for their codec, where it suits.
///
/// Such a matrix is one of trits with three columns for one: for x, 3x and 9x, each rounded as the products of the
/// definition are. Of the three weights two at least are 0, and leave the sum alone.
pub(crate) fn project_powers(inputs: &[f32], positions: usize, projections: &mut [Projection]) {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return };
    let mut columns = [0.0; TERMS * POWERS];
    let mut tables = Tables::new();
    for position in 0..positions {
        let x = inputs.get(position * cols..).and_then(|rest| rest.get(..cols)).unwrap_or(&[]);
        if cols <= POWERS {
            let columns = multiples(x, &mut columns);
            tables.fill(columns);
            for projection in &mut *projections {
                multiply(&tables, columns, projection, position);
            }
            continue;
        }
        clear(projections, position);
        let mut start = 0;
        for block in x.chunks(POWERS) {
            let columns = multiples(block, &mut columns);
            tables.fill(columns);
            for projection in &mut *projections {
                add_block(&tables, columns, start, projection, position);
            }
            start += block.len();
        }
        scale(projections, position);
    }
}

/// The values with three and nine times each beside it.
fn multiples<'c>(x: &[f32], columns: &'c mut [f32; TERMS * POWERS]) -> &'c [f32] {
    for (x, columns) in x.iter().zip(columns.as_chunks_mut::<TERMS>().0) {
        *columns = [*x, 3.0 * x, 9.0 * x];
    }
    columns.get(..TERMS * x.len()).unwrap_or(&[])
}

/// The products with an input that has room in the tables.
#[inline(never)]
fn multiply(tables: &Tables, x: &[f32], projection: &mut Projection, position: usize) {
    let matrix = projection.matrix;
    let scale = Scale::new(matrix.scale());
    let width = x.len() / 4;
    let (rows, stride) = (matrix.rows(), projection.row_stride);
    let mut out = projection.out.get_mut(position * projection.position_stride..).unwrap_or(&mut []);
    let mut row = 0;
    let mut scratch = [0; BLOCK / 4];
    while row < rows {
        // What lies ahead, in assembly for as long as that can.
        let (ahead, most) = match matrix.codec() {
            None => (matrix.packed().get(row * width..), rows - row),
            Some(_) => (matrix.column_codes(row * matrix.cols(), width, &mut scratch), 1),
        };
        let Some(ahead) = ahead else { return };
        let done = many_rows(tables, ahead, &scale, out, stride, most);
        row += done;
        out = out.get_mut(done * stride..).unwrap_or(&mut []);
        if row == rows {
            return;
        }
        if done == most {
            continue;
        }
        let Some(bytes) = ahead.get(done * width..(done + 1) * width) else { return };
        let Some(first) = out.first_mut() else { return };
        *first = row_product(tables, x, bytes, &scale);
        row += 1;
        out = out.get_mut(stride..).unwrap_or(&mut []);
    }
}

#[cfg(assembly = "thumb1")]
use super::assembly::run_rows as many_rows;

/// Only ARMv6-M is so short of registers that it pays to do many rows in one go.
#[cfg(not(assembly = "thumb1"))]
#[inline]
fn many_rows(_: &Tables, _: &[u8], _: &Scale, _: &mut [f32], _: usize, _: usize) -> usize {
    0
}

/// The products with a longer one.
fn multiply_by_blocks(tables: &mut Tables, x: &[f32], projections: &mut [Projection], position: usize) {
    clear(projections, position);
    let mut rest = x;
    let mut start = 0;
    while !rest.is_empty() {
        let (block, later) = rest.split_at_checked(BLOCK).unwrap_or((rest, &[]));
        tables.fill(block);
        for projection in &mut *projections {
            add_block(tables, block, start, projection, position);
        }
        rest = later;
        start += BLOCK;
    }
    scale(projections, position);
}

/// Begins the sums.
fn clear(projections: &mut [Projection], position: usize) {
    for projection in projections {
        each_output(projection, position, |sum| *sum = 0.0);
    }
}

/// Ends them.
fn scale(projections: &mut [Projection], position: usize) {
    for projection in projections {
        let scale = projection.matrix.scale();
        each_output(projection, position, |sum| *sum *= scale);
    }
}

/// Adds to every row's sum what a block of columns contributes; the block begins at weight `start` of a row.
fn add_block(tables: &Tables, x: &[f32], start: usize, projection: &mut Projection, position: usize) {
    let matrix: &Matrix = projection.matrix;
    let mut scratch = [0; BLOCK / 4];
    let mut first = start;
    each_output(projection, position, |sum| {
        let Some(bytes) = matrix.column_codes(first, x.len() / 4, &mut scratch) else { return };
        first += matrix.cols();
        *sum = row_sum(tables, x, bytes, 0, *sum);
    });
}

/// Shows each output of a position.
#[inline]
fn each_output(projection: &mut Projection, position: usize, mut show: impl FnMut(&mut f32)) {
    let mut at = position * projection.position_stride;
    for _ in 0..projection.matrix.rows() {
        let Some(slot) = projection.out.get_mut(at) else { return };
        show(slot);
        at += projection.row_stride;
    }
}
