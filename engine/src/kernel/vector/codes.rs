//! Ternary weights as 2-bit codes.

use core::mem::MaybeUninit;

use super::instructions::{Instructions, Work};
use super::own_way::OwnWay;
use crate::weights::Matrix;

/// Bytes behind the codes that a quick way may write over: what it writes at a time may start with the last code.
pub(in crate::kernel) const BEHIND: usize = 25;

/// Writes the codes of a ternary matrix's weights from index `start` on to the first `len` bytes of `out`; up to [`BEHIND`]
/// bytes behind them may become anything. `None` where there are too few.
pub(in crate::kernel) fn write_codes<I: Instructions>(
    matrix: &Matrix,
    start: usize,
    len: usize,
    out: &mut [MaybeUninit<u8>],
) -> Option<()> {
    let with_behind = out.len().min(len + BEHIND);
    let done = quick_codes::<I>(matrix, start, out.get_mut(..with_behind)?).min(len);
    if done == len {
        return Some(());
    }
    let rest = out.get_mut(done..len)?;
    rest.fill(MaybeUninit::new(0));
    // SAFETY: just written.
    let rest = unsafe { core::slice::from_raw_parts_mut(rest.as_mut_ptr().cast(), rest.len()) };
    copy_codes(matrix, start + 4 * done, rest)
}

/// [`write_codes`] without vectors.
fn copy_codes(matrix: &Matrix, start: usize, out: &mut [u8]) -> Option<()> {
    match matrix.codec() {
        None => out.copy_from_slice(matrix.codes(start, out.len(), &mut [])?),
        Some(_) => {
            matrix.codes(start, out.len(), out)?;
        }
    }
    Some(())
}

/// All codes of a matrix that does not lie two bits a weight, which has room in `out`; as far as there is a quick way, from
/// `quick_codes`.
#[inline(always)]
pub(in crate::kernel) fn as_two_bits<'o>(
    matrix: &Matrix,
    out: &'o mut [u8],
    quick_codes: impl FnOnce(&Matrix, usize, &mut [MaybeUninit<u8>]) -> usize,
) -> Option<Matrix<'o>> {
    let len = Matrix::packed_len(matrix.rows(), matrix.cols());
    // SAFETY: bytes may be written as if they were uninitialised, as long as they are.
    let uninit = unsafe { core::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<MaybeUninit<u8>>(), out.len()) };
    let done = quick_codes(matrix, 0, uninit);
    if done < len {
        copy_codes(matrix, 4 * done, out.get_mut(done..len)?)?;
    }
    Matrix::new(out, matrix.scale(), matrix.rows(), matrix.cols())
}

/// Writes codes to the front of `out`, as far as there is a quick way; returns how many bytes.
pub(in crate::kernel) fn quick_codes<I: Instructions>(
    matrix: &Matrix,
    start: usize,
    out: &mut [MaybeUninit<u8>],
) -> usize {
    I::run(QuickCodes { matrix, start, out }).unwrap_or(0)
}

struct QuickCodes<'a, 'm> {
    matrix: &'a Matrix<'m>,
    start: usize,
    out: &'a mut [MaybeUninit<u8>],
}

impl Work for QuickCodes<'_, '_> {
    type Output = usize;

    #[inline(always)]
    unsafe fn run<L: OwnWay>(self) -> usize {
        // SAFETY: the same contract.
        unsafe { L::quick_codes(self.matrix, self.start, self.out) }
    }
}
