//! The ternary matrices times vectors.

use super::four_rows::{four_rows, ROWS};
use super::project_each;
use crate::kernel::Projection;
use crate::weights::Matrix;

/// Outputs that do not lie side by side wait here, 64 bytes of stack.
const WAITING: usize = 4 * ROWS;

/// `false`, with nothing done or only a part, where rows do not start on bytes or an array is too short.
pub(in crate::kernel) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    project_each(inputs, positions, projections, multiply)
}

fn multiply(x: &[f32], matrix: &Matrix, out: &mut [f32], row_stride: usize) -> Option<()> {
    if row_stride == 1 {
        return matvec(matrix, x, 0, out.get_mut(..matrix.rows())?);
    }
    let mut slots = out.iter_mut().step_by(row_stride.max(1));
    for first in (0..matrix.rows()).step_by(WAITING) {
        let mut waiting = [0.0; WAITING];
        let waiting = waiting.get_mut(..WAITING.min(matrix.rows() - first))?;
        matvec(matrix, x, first, waiting)?;
        for value in waiting {
            *slots.next()? = *value;
        }
    }
    Some(())
}

/// `y` becomes the outputs of the rows from `first` on. `None` where rows do not start on bytes.
pub(super) fn matvec(matrix: &Matrix, x: &[f32], first: usize, y: &mut [f32]) -> Option<()> {
    if let Some(rows) = matrix.codec().and_then(|codec| codec.rows) {
        return rows(matrix, x, first, y);
    }
    let (x, odd_columns) = x.as_chunks::<4>();
    let stride = x.len();
    if !odd_columns.is_empty() || matrix.cols() != 4 * stride {
        return None;
    }
    if matrix.codec().is_some() {
        return translated(matrix, x, first, y);
    }
    sums(matrix.packed().get(first.checked_mul(stride)?..)?, x, matrix.scale(), y)
}

/// The outputs of the rows that `packed` begins with, a byte for each element of `x`.
fn sums(packed: &[u8], x: &[[f32; 4]], scale: f32, y: &mut [f32]) -> Option<()> {
    let stride = x.len();
    let (groups, rest) = y.as_chunks_mut::<ROWS>();
    if !groups.is_empty() {
        four_rows(packed, [stride, 2 * stride, 3 * stride], x, scale, groups)?;
    }
    if !rest.is_empty() {
        let packed = packed.get(groups.len() * ROWS * stride..)?;
        // The last row stands in for those that a whole group would have.
        let others = [1, 2, 3].map(|row: usize| row.min(rest.len() - 1) * stride);
        let mut sums = [0.0; ROWS];
        four_rows(packed, others, x, scale, core::slice::from_mut(&mut sums))?;
        for (out, sum) in rest.iter_mut().zip(sums) {
            *out = sum;
        }
    }
    Some(())
}

/// Room for 2-bit codes: four rows of up to 512 columns, or more rows that are shorter.
const TRANSLATED: usize = 512;

/// The same where weights do not lie two bits each. `None` where they are no trits or a row is long.
#[inline(never)]
fn translated(matrix: &Matrix, x: &[[f32; 4]], first: usize, y: &mut [f32]) -> Option<()> {
    let stride = x.len();
    let most = (TRANSLATED / ROWS).checked_div(stride).filter(|&groups| groups > 0)? * ROWS;
    let mut scratch = [0; TRANSLATED];
    for (index, outputs) in y.chunks_mut(most).enumerate() {
        let start = (first + index * most) * matrix.cols();
        let packed = matrix.codes(start, outputs.len() * stride, &mut scratch)?;
        sums(packed, x, matrix.scale(), outputs)?;
    }
    Some(())
}
