//! Ternary weights that do not lie two bits each: translated into 2-bit codes, some rows at a time.

use core::mem::MaybeUninit;

use super::codes::{self, BEHIND};
use super::instructions::Instructions;
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Matrices that are taken together: a layer has four.
const MAX_MATRICES: usize = 4;

/// Rows of one matrix that are not its last ones come in the greatest of these numbers that has room: whole vectors of them
/// in whole batches, and the next row starts on a byte.
const ROWS: [usize; 4] = [80, 40, 20, 5];

/// Shows `multiply` every row, as projections of 2-bit weights, which are written to `room`. `false`, with nothing done, where
/// there are many matrices or a row has no room; else what `multiply` answered.
///
/// The matrices are ternary and have the same number of columns, a multiple of 4 and not 0.
pub(in crate::kernel) fn in_parts<I: Instructions>(
    projections: &mut [Projection],
    room: &mut [MaybeUninit<u8>],
    mut multiply: impl FnMut(&mut [Projection]) -> bool,
) -> bool {
    let Some(cols) = projections.first().map(|first| first.matrix.cols()) else { return true };
    let width = cols / 4;
    let count = projections.len();
    if count > MAX_MATRICES || room.len() < width.max(1) + BEHIND {
        return false;
    }
    let mut done = [0; MAX_MATRICES];
    loop {
        let Some((parts, codes)) = fill::<I>(projections, &mut done, width, room) else { return true };
        let mut matrices = parts.iter().zip(&*projections).zip({
            let mut rest = codes;
            parts.map(|(_, rows)| {
                let (codes, later) = rest.split_at_checked(rows * width).unwrap_or_default();
                rest = later;
                codes
            })
        });
        let matrices: [Option<Matrix>; MAX_MATRICES] = core::array::from_fn(|_| {
            let ((&(_, rows), projection), codes) = matrices.next()?;
            Matrix::new(codes, projection.matrix.scale(), rows, cols)
        });
        let mut places = projections.iter_mut().zip(parts).zip(&matrices);
        let none = Matrix::new(&[], 0.0, 0, cols);
        let Some(none) = &none else { return false };
        let mut pieces: [Projection; MAX_MATRICES] = core::array::from_fn(|_| match places.next() {
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

/// First row and number of rows of each matrix.
type Parts = [(usize, usize); MAX_MATRICES];

/// The rows that come next, and their codes, one after the other in `room`. `None` where all is done.
fn fill<'r, I: Instructions>(
    projections: &[Projection],
    done: &mut [usize; MAX_MATRICES],
    width: usize,
    room: &'r mut [MaybeUninit<u8>],
) -> Option<(Parts, &'r [u8])> {
    let parts = next(projections, done, room.len().saturating_sub(BEHIND).checked_div(width)?);
    let used: usize = parts.iter().map(|&(_, rows)| rows * width).sum();
    let mut rest = &mut *room;
    for (projection, (first, rows)) in projections.iter().zip(parts) {
        let matrix = projection.matrix;
        codes::write_codes::<I>(matrix, first * matrix.cols(), rows * width, rest)?;
        rest = core::mem::take(&mut rest).get_mut(rows * width..)?;
    }
    let written: &'r [MaybeUninit<u8>] = room;
    let written = written.get(..used)?;
    // SAFETY: `write_codes` has written all of these bytes.
    let codes = unsafe { core::slice::from_raw_parts(written.as_ptr().cast(), used) };
    (used > 0).then_some((parts, codes))
}

/// The next rows that have room, of those that are not `done`.
fn next(projections: &[Projection], done: &mut [usize; MAX_MATRICES], most_rows: usize) -> Parts {
    let mut parts = [(0, 0); MAX_MATRICES];
    let mut room = most_rows;
    for ((projection, done), part) in projections.iter().zip(&mut *done).zip(&mut parts) {
        let left = projection.matrix.rows() - *done;
        let mut rows = left.min(room);
        if rows < left {
            // Behind others, only what does not make more batches.
            let steps = if room < most_rows { &ROWS[..1] } else { &ROWS };
            let step = steps.iter().find(|step| rows >= **step);
            rows = step.map_or(if room < most_rows { 0 } else { rows }, |step| rows - rows % step);
        }
        *part = (*done, rows);
        *done += rows;
        room -= rows;
        if rows < left {
            break;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::BASE_THREE;
    use crate::kernel::properties::Current;
    use crate::random::Rng;

    extern crate std;
    use std::vec;
    use std::vec::Vec;

    const SCALE: f32 = 0.3;

    /// First row and number of rows of every piece that is shown, call by call, and the answer. All codes are compared.
    fn pieces(rows: &[usize], cols: usize, answer: bool) -> (bool, Vec<Vec<(usize, usize)>>) {
        let mut rng = Rng(1);
        let most = rows.iter().max().map_or(0, |rows| rows * cols);
        let packed: Vec<u8> = (0..most.div_ceil(5)).map(|_| (rng.word() % 243) as u8).collect();
        let matrices: Vec<_> = rows
            .iter()
            .map(|&rows| Matrix::with_codec(Some(&BASE_THREE), &packed, SCALE, rows, cols).expect("long enough"))
            .collect();
        // An output is its own place, two a row.
        let places: Vec<f32> = (0..2 * 700).map(|place| place as f32).collect();
        let mut outputs = vec![places; rows.len()];
        let mut projections: Vec<_> = matrices
            .iter()
            .zip(&mut outputs)
            .map(|(matrix, out)| Projection { matrix, out, row_stride: 2, position_stride: 1 })
            .collect();
        let mut calls = Vec::new();
        let mut room = vec![MaybeUninit::uninit(); 25 * 1024];
        let answer = in_parts::<Current>(&mut projections, &mut room, |pieces| {
            assert_eq!(pieces.len(), matrices.len());
            let call = pieces.iter().zip(&matrices).map(|(piece, whole)| {
                let first = piece.out[0] as usize / 2;
                assert!(piece.row_stride == 2 && piece.position_stride == 1 && piece.matrix.scale() == SCALE);
                assert!(piece.matrix.codec().is_none());
                let expected = whole.weights().skip(first * cols).take(piece.matrix.rows() * cols);
                assert!(piece.matrix.weights().eq(expected), "{rows:?} x {cols}, from row {first} on");
                (first, piece.matrix.rows())
            });
            calls.push(call.collect());
            answer
        });
        (answer, calls)
    }

    #[cfg_attr(miri, ignore = "so many weights take too long there")]
    #[test]
    fn every_row_is_shown_once_and_as_many_together_as_have_room() {
        // 406 rows of 252 columns have room; where more of a matrix are left, a multiple of 80 of them is taken.
        assert_eq!(pieces(&[100], 252, true), (true, vec![vec![(0, 100)]]));
        let calls = vec![vec![(0, 400), (0, 0), (0, 0)], vec![(400, 300), (0, 10), (0, 90)]];
        assert_eq!(pieces(&[700, 10, 90], 252, true), (true, calls));
        let calls = vec![vec![(0, 350), (0, 0), (0, 0), (0, 0)], vec![(350, 0), (0, 100), (0, 1), (0, 2)]];
        assert_eq!(pieces(&[350, 100, 1, 2], 252, true), (true, calls));
        let calls = vec![vec![(0, 310), (0, 80), (0, 0)], vec![(310, 0), (80, 20), (0, 2)]];
        assert_eq!(pieces(&[310, 100, 2], 252, true), (true, calls));
        // 63 rows of 1,624 have room, and 7 of 14,000.
        assert_eq!(pieces(&[100], 1_624, true), (true, vec![vec![(0, 40)], vec![(40, 60)]]));
        assert_eq!(pieces(&[8], 14_000, true), (true, vec![vec![(0, 5)], vec![(5, 3)]]));
        assert_eq!(pieces(&[2], 65_532, true), (true, vec![vec![(0, 1)], vec![(1, 1)]]));
        assert_eq!(pieces(&[0, 0], 252, true), (true, vec![]));
    }

    #[cfg_attr(miri, ignore = "so many weights take too long there")]
    #[test]
    fn what_has_no_room_or_is_refused_is_left_to_others() {
        assert_eq!(pieces(&[1; MAX_MATRICES + 1], 252, true), (false, vec![]));
        assert_eq!(pieces(&[100], 252, false), (false, vec![vec![(0, 100)]]));
    }
}
