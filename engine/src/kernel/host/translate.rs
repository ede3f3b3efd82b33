//! Ternary weights that do not lie two bits each: translated into 2-bit codes, some rows at a time.

use crate::kernel::Projection;
use crate::weights::Matrix;

/// Room for 2-bit codes, on the stack.
const ROOM: usize = 16 * 1024;

/// Matrices that are taken together: a layer has four.
const MOST: usize = 4;

/// Rows of one matrix that are not the last ones come in such numbers: whole vectors of them in whole batches, and the next
/// row starts on a byte.
const ROWS: usize = 80;

/// Shows `multiply` every row, as projections of 2-bit weights. `false`, with nothing done, where there are many matrices
/// or a row has no room; else what `multiply` answered.
///
/// The matrices are ternary and have the same number of columns, a multiple of 4 and not 0.
pub(super) fn in_parts(projections: &mut [Projection], mut multiply: impl FnMut(&mut [Projection]) -> bool) -> bool {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return true };
    let width = cols / 4;
    let count = projections.len();
    let most_rows = ROOM.checked_div(width).unwrap_or(0);
    if count > MOST || most_rows == 0 {
        return false;
    }
    let mut scratch = [0; ROOM];
    let mut done = [0; MOST];
    loop {
        let Some(parts) = fill(projections, &mut done, most_rows, width, &mut scratch) else { return true };
        let mut matrices = parts.iter().zip(&*projections).zip({
            let mut rest = &scratch[..];
            parts.map(|(_, rows)| {
                let (codes, later) = rest.split_at_checked(rows * width).unwrap_or_default();
                rest = later;
                codes
            })
        });
        let matrices: [Option<Matrix>; MOST] = core::array::from_fn(|_| {
            let ((&(_, rows), projection), codes) = matrices.next()?;
            Matrix::new(codes, projection.matrix.scale(), rows, cols)
        });
        let mut places = projections.iter_mut().zip(parts).zip(&matrices);
        let none = Matrix::new(&[], 0.0, 0, cols);
        let Some(none) = &none else { return false };
        let mut pieces: [Projection; MOST] = core::array::from_fn(|_| match places.next() {
            Some(((projection, (first, _)), Some(matrix))) => Projection {
                matrix,
                out: projection.out.get_mut(first * projection.row_stride..).unwrap_or_default(),
                row_stride: projection.row_stride,
                position_stride: projection.position_stride,
            },
            _ => Projection::new(none, &mut []),
        });
        if !multiply(pieces.get_mut(..count).unwrap_or_default()) {
            return false;
        }
    }
}

/// First row and number of rows of each matrix that come next, whose codes are written to `scratch` one after the other.
/// `None` where all is done.
fn fill(
    projections: &[Projection],
    done: &mut [usize; MOST],
    most_rows: usize,
    width: usize,
    scratch: &mut [u8],
) -> Option<[(usize, usize); MOST]> {
    let mut parts = [(0, 0); MOST];
    let mut room = most_rows;
    let mut rest = scratch;
    for ((projection, done), part) in projections.iter().zip(done).zip(&mut parts) {
        let left = projection.matrix.rows() - *done;
        let mut rows = left.min(room);
        if rows < left && rows > ROWS {
            rows -= rows % ROWS;
        }
        let (codes, later) = core::mem::take(&mut rest).split_at_mut_checked(rows * width)?;
        let (matrix, len, start) = (projection.matrix, codes.len(), *done * projection.matrix.cols());
        match matrix.codec() {
            None => codes.copy_from_slice(matrix.codes(start, len, &mut [])?),
            Some(_) => {
                matrix.codes(start, len, codes)?;
            }
        }
        rest = later;
        *part = (*done, rows);
        *done += rows;
        room -= rows;
        if rows < left {
            break;
        }
    }
    parts.iter().any(|&(_, rows)| rows > 0).then_some(parts)
}
