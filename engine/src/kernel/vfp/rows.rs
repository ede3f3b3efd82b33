//! Row after row, in little code.

use super::project_each;
use crate::kernel::Projection;
use crate::weights::Matrix;

/// The most columns whose weights are translated where they do not lie two bits each: on the stack, a quarter of as many
/// bytes.
const TRANSLATED: usize = 512;

/// `false`, with nothing done or only a part, where rows do not start on bytes or an array is too short.
pub(in crate::kernel) fn project(inputs: &[f32], positions: usize, projections: &mut [Projection]) -> bool {
    project_each(inputs, positions, projections, multiply)
}

fn multiply(x: &[f32], matrix: &Matrix, out: &mut [f32], row_stride: usize) -> Option<()> {
    let (groups, odd_columns) = x.as_chunks::<4>();
    if !odd_columns.is_empty() || groups.is_empty() {
        return None;
    }
    match matrix.codec() {
        None => rows(matrix.packed(), groups, matrix.scale(), out, row_stride, matrix.rows()),
        Some(codec) => match codec.rows {
            None => translated(matrix, groups, out, row_stride),
            Some(rows) => one_by_one(matrix, out, row_stride, |row, y| rows(matrix, x, row, y)),
        },
    }
}

/// The outputs of a matrix whose rows have a way of their own.
fn one_by_one(
    matrix: &Matrix,
    out: &mut [f32],
    stride: usize,
    compute: impl Fn(usize, &mut [f32]) -> Option<()>,
) -> Option<()> {
    let mut at = 0;
    for row in 0..matrix.rows() {
        compute(row, out.get_mut(at..)?.get_mut(..1)?)?;
        at += stride;
    }
    Some(())
}

/// The outputs of a matrix whose weights do not lie two bits each. `None` where they are no trits or a row is long.
#[inline(never)]
fn translated(matrix: &Matrix, x: &[[f32; 4]], out: &mut [f32], row_stride: usize) -> Option<()> {
    one_by_one(matrix, out, row_stride, |row, y| {
        let mut scratch = [0; TRANSLATED / 4];
        let codes = matrix.codes(row * matrix.cols(), x.len(), &mut scratch)?;
        rows(codes, x, matrix.scale(), y, 1, 1)
    })
}

/// `out[row * stride]` becomes `scale` times the sum of ±`x` in column order, started from +0.0, for `count` rows. A row
/// has a byte of `packed` for each element of `x`, and the rows lie one behind the other. `None` where an array is too
/// short.
pub(super) fn rows(
    packed: &[u8],
    x: &[[f32; 4]],
    scale: f32,
    out: &mut [f32],
    stride: usize,
    count: usize,
) -> Option<()> {
    let Some(last) = count.checked_sub(1) else { return Some(()) };
    if x.is_empty() || count.checked_mul(x.len())? > packed.len() || last.checked_mul(stride)? >= out.len() {
        return None;
    }
    sums(packed, x, scale, out, stride, count);
    Some(())
}

#[cfg(all(backend = "vfp", small))]
use assembly::sums;

#[cfg(all(backend = "vfp", small))]
#[allow(unsafe_code)]
mod assembly {
    core::arch::global_asm!(include_str!("rows.s"), options(raw));

    extern "C" {
        /// Takes 20 bytes of stack.
        ///
        /// # Safety
        /// `x` must have four values for each byte of a row and more than none, `y` a place for each of the `rows`, of
        /// which there must be one at least, and `first_row` bytes for all of them.
        fn _atome_engine_rows(arguments: *const Arguments);
    }

    /// The assembly code knows where each of them is.
    #[repr(C)]
    struct Arguments {
        first_row: *const u8,
        x: *const [f32; 4],
        end: *const [f32; 4],
        y: *mut f32,
        /// In bytes.
        stride: usize,
        rows: usize,
        scale: f32,
    }

    // As in the assembly, which reads the others in this order from the front.
    const _: () = assert!(core::mem::offset_of!(Arguments, scale) == 24);

    /// Only for arguments that [`super::rows`] has checked.
    #[inline(never)]
    pub(super) fn sums(packed: &[u8], x: &[[f32; 4]], scale: f32, out: &mut [f32], stride: usize, rows: usize) {
        let x = x.as_ptr_range();
        let y = out.as_mut_ptr();
        let arguments =
            Arguments { first_row: packed.as_ptr(), x: x.start, end: x.end, y, stride: 4 * stride, rows, scale };
        // SAFETY: `rows` has checked that `x` is not empty, that there is a row, that `packed` has bytes for all of them,
        // and that the last output and so each one lies in `out`.
        unsafe { _atome_engine_rows(&arguments) };
    }
}

/// What the assembly code does, for machines that do not run it.
#[cfg(not(all(backend = "vfp", small)))]
fn sums(packed: &[u8], x: &[[f32; 4]], scale: f32, out: &mut [f32], stride: usize, count: usize) {
    use crate::kernel::project::accumulate;
    use crate::weights::Trit;

    for (row, out) in packed.chunks_exact(x.len()).zip(out.iter_mut().step_by(stride.max(1))).take(count) {
        let add = |sum, (byte, x): (&u8, &[f32; 4])| {
            x.iter().zip([0, 2, 4, 6]).fold(sum, |sum, (&x, at)| accumulate(sum, Trit::from_code(byte >> at), x))
        };
        *out = row.iter().zip(x).fold(0.0, add) * scale;
    }
}
