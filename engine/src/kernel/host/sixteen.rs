//! Quantised matrices times sixteen inputs: AVX-512.
//!
//! As in [`super::project`], a lane is a row. Sixteen positions share the decoding of a weight; their inputs, column after
//! column, lie side by side in one cache line.
//!
//! What bounds this is the units that multiply: the last positions' inputs are therefore given their signs, and added.

use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

use super::project::{put, Group, Groups};
use super::x86::Avx512;
use crate::kernel::Projection;

/// Positions.
pub(super) const POSITIONS: usize = 16;
/// The widest matrix: the inputs, on the stack, take 16 KB.
const MOST_COLS: usize = 256;
/// Positions whose inputs are multiplied by twice the weights.
const MULTIPLIED: usize = 13;
const WORD: usize = 16;
const PANEL: usize = 4 * WORD;

/// `[columns][positions]`.
#[repr(align(64))]
struct Inputs {
    _columns: [[f32; POSITIONS]; MOST_COLS],
}

/// Whether this way can do it, besides what [`super::project::suits`] has checked.
pub(super) fn suits(projections: &[Projection]) -> bool {
    projections.first().is_some_and(|first| first.matrix.cols() <= MOST_COLS)
}

/// The projections of the positions from `first` on, whose inputs are `x`.
///
/// # Safety
/// The processor has these features; `x` has at least sixteen times as many values as all matrices have columns: a multiple
/// of four, at most [`MOST_COLS`].
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn project(x: &[f32], first: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let mut inputs = MaybeUninit::<Inputs>::uninit();
    let columns = inputs.as_mut_ptr().cast::<[f32; POSITIONS]>();
    // SAFETY: as the caller promises. Whole words of columns are written.
    unsafe {
        for column in (0..cols).step_by(WORD) {
            let present = u16::MAX >> (WORD - WORD.min(cols - column));
            let rows = core::array::from_fn(|row| _mm512_maskz_loadu_ps(present, x.as_ptr().add(row * cols + column)));
            for (index, &values) in transposed(&rows).iter().enumerate() {
                _mm512_store_ps(columns.add(column + index).cast(), values);
            }
        }
    }
    // SAFETY: so many are written.
    let columns = unsafe { core::slice::from_raw_parts(columns, cols.next_multiple_of(WORD)) };
    let mut place = (0, 0);
    loop {
        let mut groups = Groups::from(projections, 16, place);
        let Some(group) = groups.next() else { return };
        place = groups.place();
        // SAFETY: as the caller promises.
        let sums = unsafe { sums(&group, columns) };
        let Some(projection) = projections.get_mut(group.projection) else { continue };
        let scale = _mm512_set1_ps(projection.matrix.scale());
        for (position, sum) in sums.into_iter().enumerate() {
            let outputs = _mm512_mul_ps(sum, scale);
            // SAFETY: the processor can.
            unsafe { put(projection, first + position, &group, Avx512::from(outputs)) };
        }
    }
}

/// The sums of the group's rows, for each position.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn sums(group: &Group, columns: &[[f32; POSITIONS]]) -> [__m512; POSITIONS] {
    let mut sums = [_mm512_setzero_ps(); POSITIONS];
    for (index, columns) in columns.chunks(PANEL).enumerate() {
        // SAFETY: panels below the number of columns are read.
        let words = unsafe { group.panel::<Avx512>(index * PANEL) };
        for (word, columns) in words.into_iter().zip(columns.as_chunks::<WORD>().0) {
            let mut word = word;
            for quarter in columns.as_chunks::<4>().0 {
                add::<30, 31>(word, &quarter[0], &mut sums);
                add::<28, 29>(word, &quarter[1], &mut sums);
                add::<26, 27>(word, &quarter[2], &mut sums);
                add::<24, 25>(word, &quarter[3], &mut sums);
                word = _mm512_srli_epi32::<8>(word);
            }
        }
    }
    for sum in sums.iter_mut().take(MULTIPLIED) {
        *sum = _mm512_mul_ps(*sum, _mm512_set1_ps(0.5));
    }
    sums
}

/// Adds a column, whose weights are the bits that `SHIFT` moves to the top; `KEPT` is one more, and so leaves the lower bit
/// there: whether the weight is not 0.
///
/// In assembly: a compiler loads neighbours together, and then needs shuffles to take them apart.
#[target_feature(enable = "avx512f")]
#[inline]
fn add<const SHIFT: u32, const KEPT: u32>(word: __m512i, x: &[f32; POSITIONS], sums: &mut [__m512; POSITIONS]) {
    let (top, sign_bit) = (_mm512_set1_epi32(0xc000_0000_u32 as i32), _mm512_set1_epi32(i32::MIN));
    // With a type, though nobody reads them: for an output without one, a compiler that does not optimise has sixteen
    // registers.
    let (_t13, _t14, _t15, _weights, _kept, _sign): (__m512, __m512, __m512, __m512, __m512, __m512);
    // SAFETY: reads `x`.
    unsafe {
        asm!(
            "vpslld {weights}, {word}, {shift}",
            "vpandd {weights}, {weights}, {top}",
            "vpslld {kept}, {word}, {kept_shift}",
            "vfmadd231ps {s0}, {weights}, dword ptr [{x} + 0]{{1to16}}",
            "vfmadd231ps {s1}, {weights}, dword ptr [{x} + 4]{{1to16}}",
            "vpsrad {kept}, {kept}, 31",
            "vfmadd231ps {s2}, {weights}, dword ptr [{x} + 8]{{1to16}}",
            "vpandd {sign}, {weights}, {sign_bit}",
            "vfmadd231ps {s3}, {weights}, dword ptr [{x} + 12]{{1to16}}",
            "vmovdqa32 {t13}, {kept}",
            "vfmadd231ps {s4}, {weights}, dword ptr [{x} + 16]{{1to16}}",
            "vpternlogd {t13}, {sign}, dword ptr [{x} + 52]{{1to16}}, 0x6c",
            "vfmadd231ps {s5}, {weights}, dword ptr [{x} + 20]{{1to16}}",
            "vaddps {s13}, {s13}, {t13}",
            "vfmadd231ps {s6}, {weights}, dword ptr [{x} + 24]{{1to16}}",
            "vmovdqa32 {t14}, {kept}",
            "vfmadd231ps {s7}, {weights}, dword ptr [{x} + 28]{{1to16}}",
            "vpternlogd {t14}, {sign}, dword ptr [{x} + 56]{{1to16}}, 0x6c",
            "vfmadd231ps {s8}, {weights}, dword ptr [{x} + 32]{{1to16}}",
            "vaddps {s14}, {s14}, {t14}",
            "vfmadd231ps {s9}, {weights}, dword ptr [{x} + 36]{{1to16}}",
            "vmovdqa32 {t15}, {kept}",
            "vfmadd231ps {s10}, {weights}, dword ptr [{x} + 40]{{1to16}}",
            "vpternlogd {t15}, {sign}, dword ptr [{x} + 60]{{1to16}}, 0x6c",
            "vfmadd231ps {s11}, {weights}, dword ptr [{x} + 44]{{1to16}}",
            "vaddps {s15}, {s15}, {t15}",
            "vfmadd231ps {s12}, {weights}, dword ptr [{x} + 48]{{1to16}}",
            s0 = inout(zmm_reg) sums[0],
            s1 = inout(zmm_reg) sums[1],
            s2 = inout(zmm_reg) sums[2],
            s3 = inout(zmm_reg) sums[3],
            s4 = inout(zmm_reg) sums[4],
            s5 = inout(zmm_reg) sums[5],
            s6 = inout(zmm_reg) sums[6],
            s7 = inout(zmm_reg) sums[7],
            s8 = inout(zmm_reg) sums[8],
            s9 = inout(zmm_reg) sums[9],
            s10 = inout(zmm_reg) sums[10],
            s11 = inout(zmm_reg) sums[11],
            s12 = inout(zmm_reg) sums[12],
            s13 = inout(zmm_reg) sums[13],
            s14 = inout(zmm_reg) sums[14],
            s15 = inout(zmm_reg) sums[15],
            t13 = out(zmm_reg) _t13, t14 = out(zmm_reg) _t14, t15 = out(zmm_reg) _t15,
            weights = out(zmm_reg) _weights, kept = out(zmm_reg) _kept, sign = out(zmm_reg) _sign,
            word = in(zmm_reg) word, top = in(zmm_reg) top, sign_bit = in(zmm_reg) sign_bit,
            x = in(reg) x, shift = const SHIFT, kept_shift = const KEPT,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
}

/// Rows become columns.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn transposed(rows: &[__m512; 16]) -> [__m512; 16] {
    let mut pairs = *rows;
    for i in (0..16).step_by(2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    // Vector 4q + c: column c of each 128 bits, of rows 4q to 4q + 3.
    let mut fours = pairs;
    let low = |a, b| _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    let high = |a, b| _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    for i in (0..16).step_by(4) {
        fours[i] = low(pairs[i], pairs[i + 2]);
        fours[i + 1] = high(pairs[i], pairs[i + 2]);
        fours[i + 2] = low(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = high(pairs[i + 1], pairs[i + 3]);
    }
    let mut columns = fours;
    for i in 0..4 {
        let (a, b, c, d) = (fours[i], fours[i + 4], fours[i + 8], fours[i + 12]);
        let (ab_even, cd_even) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
        let (ab_odd, cd_odd) = (_mm512_shuffle_f32x4::<0xdd>(a, b), _mm512_shuffle_f32x4::<0xdd>(c, d));
        columns[i] = _mm512_shuffle_f32x4::<0x88>(ab_even, cd_even);
        columns[i + 4] = _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd);
        columns[i + 8] = _mm512_shuffle_f32x4::<0xdd>(ab_even, cd_even);
        columns[i + 12] = _mm512_shuffle_f32x4::<0xdd>(ab_odd, cd_odd);
    }
    columns
}
