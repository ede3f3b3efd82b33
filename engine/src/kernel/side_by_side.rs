//! The ternary matrix times vector for hosts: several rows at once.
//!
//! A row's sum is a chain of additions, each of which waits for the one before it. Rows do not wait for each other, so
//! eight of them in step keep a processor busy. Every row's sum stays in column order: the bits are those of the
//! definition in [`super::matvec_row`].

use crate::weights::Matrix;

/// Rows in step.
const ROWS: usize = 8;

/// Fills the front of `y` from as many whole groups of rows as there are, and returns how many rows that were.
///
/// Takes only matrices whose rows start on bytes; others are left to the definition.
pub(super) fn matvec_groups(matrix: &Matrix, x: &[f32], y: &mut [f32]) -> usize {
    let stride = matrix.cols() / 4;
    if !matrix.cols().is_multiple_of(4) || x.len() != matrix.cols() {
        return 0;
    }
    let mut packed = matrix.packed();
    let mut done = 0;
    for out in y.as_chunks_mut::<ROWS>().0 {
        let Some((group, later)) = packed.split_at_checked(ROWS * stride) else { break };
        packed = later;
        *out = sums(group, stride, x).map(|sum| sum * matrix.scale());
        done += ROWS;
    }
    done
}

/// The sums of the rows of `group`, `stride` bytes each.
fn sums(group: &[u8], stride: usize, x: &[f32]) -> [f32; ROWS] {
    let rows: [&[u8]; ROWS] =
        core::array::from_fn(|row| group.get(row * stride..).and_then(|rest| rest.get(..stride)).unwrap_or(&[]));
    let mut sums = [0.0; ROWS];
    for (column, x) in x.as_chunks::<4>().0.iter().enumerate() {
        // What each code adds. Adding +0.0 equals adding nothing: a sum that starts from +0.0 never becomes -0.0.
        let terms = x.map(|x| [0.0, x, 0.0, -x]);
        for (sum, row) in sums.iter_mut().zip(rows) {
            let codes = row.get(column).map_or(0, |&byte| usize::from(byte));
            *sum += terms[0][codes & 3];
            *sum += terms[1][codes >> 2 & 3];
            *sum += terms[2][codes >> 4 & 3];
            *sum += terms[3][codes >> 6 & 3];
        }
    }
    sums
}
