//! Ternary weights as 2-bit codes.

use core::mem::MaybeUninit;

#[cfg(target_arch = "x86_64")]
use super::Kernel;
use crate::weights::Matrix;
#[cfg(target_arch = "x86_64")]
use crate::weights::Packing;

/// Bytes behind the codes that a quick way may write over: what it writes at a time may start with the last code.
pub(super) const BEHIND: usize = 25;

/// Writes the codes of a ternary matrix's weights from index `start` on to the first `len` bytes of `out`; up to [`BEHIND`]
/// bytes behind them may become anything. `None` where there are too few.
pub(super) fn translate(matrix: &Matrix, start: usize, len: usize, out: &mut [MaybeUninit<u8>]) -> Option<()> {
    let with_behind = out.len().min(len + BEHIND);
    let done = quick_codes(matrix, start, out.get_mut(..with_behind)?).min(len);
    if done == len {
        return Some(());
    }
    let rest = out.get_mut(done..len)?;
    rest.fill(MaybeUninit::new(0));
    // SAFETY: just written.
    let rest = unsafe { core::slice::from_raw_parts_mut(rest.as_mut_ptr().cast(), rest.len()) };
    copy_codes(matrix, start + 4 * done, rest)
}

/// The same without vectors.
fn copy_codes(matrix: &Matrix, start: usize, out: &mut [u8]) -> Option<()> {
    match matrix.codec() {
        None => out.copy_from_slice(matrix.codes(start, out.len(), &mut [])?),
        Some(_) => {
            matrix.codes(start, out.len(), out)?;
        }
    }
    Some(())
}

/// All codes of a matrix that does not lie two bits a weight, which has room in `out`.
pub(super) fn translate_all<'o>(matrix: &Matrix, out: &'o mut [u8]) -> Option<Matrix<'o>> {
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
#[cfg(target_arch = "x86_64")]
pub(super) fn quick_codes(matrix: &Matrix, start: usize, out: &mut [MaybeUninit<u8>]) -> usize {
    let is_base_three = matrix.codec().is_some_and(|codec| codec.packing() == Packing::BaseThree);
    if is_base_three && start.is_multiple_of(5) && matches!(Kernel::current(), Kernel::Avx2 | Kernel::Avx512) {
        let packed = matrix.packed().get(start / 5..).unwrap_or_default();
        // SAFETY: `Kernel` names only what the processor has, and AVX-512 processors have AVX2.
        return unsafe { super::base_three::codes(packed, out) };
    }
    0
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn quick_codes(_: &Matrix, _: usize, _: &mut [MaybeUninit<u8>]) -> usize {
    0
}
