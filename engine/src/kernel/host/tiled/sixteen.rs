//! Tiled matrices times sixteen inputs.
//!
//! As in [`super::super::sixteen`], the positions share what decodes a weight. Where a processor has units that add beside
//! those that multiply, the last positions' inputs are given their signs, and added: the units that multiply would be busy
//! longest. Elsewhere one instruction a position is the least.

use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

use super::layout::{place, reads, COLUMNS, ROWS};
use super::MOST_COLS;
use crate::kernel::host::cpu;
use crate::kernel::host::project::{put, Groups};
use crate::kernel::host::sixteen::transposed;
use crate::kernel::host::x86::Avx512;
use crate::kernel::Projection;

/// Positions.
pub(super) const POSITIONS: usize = 16;
/// Positions whose inputs are multiplied by twice the weights, where the others are added.
const MULTIPLIED: usize = 12;

/// `[columns][positions]`.
#[repr(align(64))]
struct Inputs {
    _columns: [[f32; POSITIONS]; (COLUMNS * reads(MOST_COLS)).next_multiple_of(POSITIONS)],
}

/// The projections of the positions from `first` on, whose inputs are `x`.
///
/// # Safety
/// The processor has these features; `x` has at least sixteen times as many values as all matrices have columns: at most
/// [`MOST_COLS`].
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn project(x: &[f32], first: usize, projections: &mut [Projection]) {
    // SAFETY: as the caller promises.
    unsafe {
        if cpu::adds_beside_multiplying() {
            multiplying::<MULTIPLIED>(x, first, projections);
        } else {
            multiplying::<POSITIONS>(x, first, projections);
        }
    }
}

/// [`project`], where the first `N` positions' inputs are multiplied.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn multiplying<const N: usize>(x: &[f32], first: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let mut inputs = MaybeUninit::<Inputs>::uninit();
    // SAFETY: as the caller promises.
    let columns = unsafe { in_columns(x, cols, &mut inputs) };
    let mut from = (0, 0);
    loop {
        let mut groups = Groups::from(projections, ROWS, from);
        let Some(group) = groups.next() else { return };
        from = groups.place();
        // SAFETY: the group's tiles are there.
        let sums = unsafe { sums::<N>(super::tiles(projections, &group), columns) };
        let Some(projection) = projections.get_mut(group.projection) else { continue };
        let scale = _mm512_set1_ps(projection.matrix.scale());
        for (position, sum) in sums.into_iter().enumerate() {
            let outputs = _mm512_mul_ps(sum, scale);
            // SAFETY: the processor can.
            unsafe { put(projection, first + position, &group, Avx512::from(outputs)) };
        }
    }
}

/// The inputs column after column, as many as all reads of a row have.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn in_columns<'a>(x: &[f32], cols: usize, room: &'a mut MaybeUninit<Inputs>) -> &'a [[f32; POSITIONS]] {
    let columns = room.as_mut_ptr().cast::<[f32; POSITIONS]>();
    // SAFETY: as the caller promises. All columns of all reads are written.
    unsafe {
        for column in (0..COLUMNS * reads(cols)).step_by(POSITIONS) {
            let present = u16::MAX.checked_shr((column + POSITIONS).saturating_sub(cols) as u32).unwrap_or(0);
            let rows = core::array::from_fn(|row| {
                let row = x.as_ptr().wrapping_add(row * cols + column);
                _mm512_maskz_loadu_ps(present, row)
            });
            for (index, &values) in transposed(&rows).iter().enumerate() {
                _mm512_store_ps(columns.add(column + index).cast(), values);
            }
        }
        core::slice::from_raw_parts(columns, COLUMNS * reads(cols))
    }
}

/// Adds a column, whose weights the first instructions take out of a read: multiplies for the first positions, adds for the
/// last ones.
///
/// In assembly: a compiler loads neighbours together, and then needs shuffles to take them apart.
macro_rules! add_and_multiply {
    ($word:expr, $x:expr, $sums:expr, $($weights:literal),+) => {{
        let x: &[f32; POSITIONS] = $x;
        // With a type, as in [`super::super::sixteen`].
        let (_t12, _t13, _t14, _t15, _weights, _sign): (__m512, __m512, __m512, __m512, __m512, __m512);
        // SAFETY: reads `x`.
        unsafe {
            asm!(
                $($weights,)+
                "vfmadd231ps {s0}, {weights}, dword ptr [{x} + 0]{{1to16}}",
                "vptestmd {kept}, {weights}, {low_bit}",
                "vpandd {sign}, {weights}, {sign_bit}",
                "vfmadd231ps {s1}, {weights}, dword ptr [{x} + 4]{{1to16}}",
                "vfmadd231ps {s2}, {weights}, dword ptr [{x} + 8]{{1to16}}",
                "vfmadd231ps {s3}, {weights}, dword ptr [{x} + 12]{{1to16}}",
                "vpxord {t12}{{{kept}}}{{z}}, {sign}, dword ptr [{x} + 48]{{1to16}}",
                "vfmadd231ps {s4}, {weights}, dword ptr [{x} + 16]{{1to16}}",
                "vaddps {s12}, {s12}, {t12}",
                "vfmadd231ps {s5}, {weights}, dword ptr [{x} + 20]{{1to16}}",
                "vpxord {t13}{{{kept}}}{{z}}, {sign}, dword ptr [{x} + 52]{{1to16}}",
                "vfmadd231ps {s6}, {weights}, dword ptr [{x} + 24]{{1to16}}",
                "vaddps {s13}, {s13}, {t13}",
                "vfmadd231ps {s7}, {weights}, dword ptr [{x} + 28]{{1to16}}",
                "vfmadd231ps {s8}, {weights}, dword ptr [{x} + 32]{{1to16}}",
                "vpxord {t14}{{{kept}}}{{z}}, {sign}, dword ptr [{x} + 56]{{1to16}}",
                "vfmadd231ps {s9}, {weights}, dword ptr [{x} + 36]{{1to16}}",
                "vaddps {s14}, {s14}, {t14}",
                "vfmadd231ps {s10}, {weights}, dword ptr [{x} + 40]{{1to16}}",
                "vpxord {t15}{{{kept}}}{{z}}, {sign}, dword ptr [{x} + 60]{{1to16}}",
                "vfmadd231ps {s11}, {weights}, dword ptr [{x} + 44]{{1to16}}",
                "vaddps {s15}, {s15}, {t15}",
                s0 = inout(zmm_reg) $sums[0],
                s1 = inout(zmm_reg) $sums[1],
                s2 = inout(zmm_reg) $sums[2],
                s3 = inout(zmm_reg) $sums[3],
                s4 = inout(zmm_reg) $sums[4],
                s5 = inout(zmm_reg) $sums[5],
                s6 = inout(zmm_reg) $sums[6],
                s7 = inout(zmm_reg) $sums[7],
                s8 = inout(zmm_reg) $sums[8],
                s9 = inout(zmm_reg) $sums[9],
                s10 = inout(zmm_reg) $sums[10],
                s11 = inout(zmm_reg) $sums[11],
                s12 = inout(zmm_reg) $sums[12],
                s13 = inout(zmm_reg) $sums[13],
                s14 = inout(zmm_reg) $sums[14],
                s15 = inout(zmm_reg) $sums[15],
                t12 = out(zmm_reg) _t12, t13 = out(zmm_reg) _t13, t14 = out(zmm_reg) _t14, t15 = out(zmm_reg) _t15,
                weights = out(zmm_reg) _weights, sign = out(zmm_reg) _sign, kept = out(kreg) _,
                word = in(zmm_reg) $word, top = in(zmm_reg) _mm512_set1_epi32(0xc000_0000_u32 as i32),
                sign_bit = in(zmm_reg) _mm512_set1_epi32(i32::MIN), low_bit = in(zmm_reg) _mm512_set1_epi32(1 << 30),
                x = in(reg) x,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
    }};
}

/// Adds a column, as [`add_and_multiply`] does, with one instruction a position.
macro_rules! multiply {
    ($word:expr, $x:expr, $sums:expr, $($weights:literal),+) => {{
        let x: &[f32; POSITIONS] = $x;
        let _weights: __m512;
        // SAFETY: reads `x`.
        unsafe {
            asm!(
                $($weights,)+
                "vfmadd231ps {s0}, {weights}, dword ptr [{x} + 0]{{1to16}}",
                "vfmadd231ps {s1}, {weights}, dword ptr [{x} + 4]{{1to16}}",
                "vfmadd231ps {s2}, {weights}, dword ptr [{x} + 8]{{1to16}}",
                "vfmadd231ps {s3}, {weights}, dword ptr [{x} + 12]{{1to16}}",
                "vfmadd231ps {s4}, {weights}, dword ptr [{x} + 16]{{1to16}}",
                "vfmadd231ps {s5}, {weights}, dword ptr [{x} + 20]{{1to16}}",
                "vfmadd231ps {s6}, {weights}, dword ptr [{x} + 24]{{1to16}}",
                "vfmadd231ps {s7}, {weights}, dword ptr [{x} + 28]{{1to16}}",
                "vfmadd231ps {s8}, {weights}, dword ptr [{x} + 32]{{1to16}}",
                "vfmadd231ps {s9}, {weights}, dword ptr [{x} + 36]{{1to16}}",
                "vfmadd231ps {s10}, {weights}, dword ptr [{x} + 40]{{1to16}}",
                "vfmadd231ps {s11}, {weights}, dword ptr [{x} + 44]{{1to16}}",
                "vfmadd231ps {s12}, {weights}, dword ptr [{x} + 48]{{1to16}}",
                "vfmadd231ps {s13}, {weights}, dword ptr [{x} + 52]{{1to16}}",
                "vfmadd231ps {s14}, {weights}, dword ptr [{x} + 56]{{1to16}}",
                "vfmadd231ps {s15}, {weights}, dword ptr [{x} + 60]{{1to16}}",
                s0 = inout(zmm_reg) $sums[0],
                s1 = inout(zmm_reg) $sums[1],
                s2 = inout(zmm_reg) $sums[2],
                s3 = inout(zmm_reg) $sums[3],
                s4 = inout(zmm_reg) $sums[4],
                s5 = inout(zmm_reg) $sums[5],
                s6 = inout(zmm_reg) $sums[6],
                s7 = inout(zmm_reg) $sums[7],
                s8 = inout(zmm_reg) $sums[8],
                s9 = inout(zmm_reg) $sums[9],
                s10 = inout(zmm_reg) $sums[10],
                s11 = inout(zmm_reg) $sums[11],
                s12 = inout(zmm_reg) $sums[12],
                s13 = inout(zmm_reg) $sums[13],
                s14 = inout(zmm_reg) $sums[14],
                s15 = inout(zmm_reg) $sums[15],
                weights = out(zmm_reg) _weights,
                word = in(zmm_reg) $word, top = in(zmm_reg) _mm512_set1_epi32(0xc000_0000_u32 as i32),
                x = in(reg) x,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
    }};
}

/// Adds the three columns of a read.
macro_rules! add_read {
    ($add:ident, $word:expr, $columns:expr, $sums:expr) => {
        let [lowest, second, topmost] = $columns;
        $add!($word, lowest, $sums, "vpslld {weights}, {word}, 30", "/* {top} */");
        $add!($word, second, $sums, "vpslld {weights}, {word}, 28", "vpandd {weights}, {weights}, {top}");
        $add!($word, topmost, $sums, "vpandd {weights}, {word}, {top}");
    };
}

/// The sums of a group's rows, for each position, the first `N` of which are multiplied.
///
/// # Safety
/// The group's tiles lie there; the processor has these features.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn sums<const N: usize>(tiles: *const u8, columns: &[[f32; POSITIONS]]) -> [__m512; POSITIONS] {
    const { assert!(N == MULTIPLIED || N == POSITIONS) };
    let mut sums = [_mm512_setzero_ps(); POSITIONS];
    for (read, columns) in columns.as_chunks::<COLUMNS>().0.iter().enumerate() {
        // SAFETY: as the caller promises.
        let word = unsafe { _mm512_loadu_si512(tiles.add(place(read)).cast()) };
        if N == POSITIONS {
            add_read!(multiply, word, columns, sums);
        } else {
            add_read!(add_and_multiply, word, columns, sums);
        }
    }
    for sum in sums.iter_mut().take(N) {
        *sum = _mm512_mul_ps(*sum, _mm512_set1_ps(0.5));
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::layout;
    use super::*;
    use crate::codec::Packing;
    use crate::kernel::{definition, Kernel};
    use crate::random::{bits, Rng};
    use crate::weights::Matrix;

    /// A processor uses one of the two ways: here both are.
    #[cfg_attr(miri, ignore = "there is nothing but the definition")]
    #[test]
    fn both_ways_give_the_bits_of_the_definition() {
        if !Kernel::Avx512.is_available() {
            return;
        }
        let mut rng = Rng(3);
        for cols in [4, 44, 48, 52, 256] {
            const MATRIX_ROWS: usize = 37;
            let packed: Vec<_> = (0..MATRIX_ROWS * cols).map(|_| rng.word() as u8).collect();
            let plain = Matrix::with_codec(Packing::TwoBits.codec(), &packed, 0.3, MATRIX_ROWS, cols).unwrap();
            let mut tiles = vec![0; layout::len(MATRIX_ROWS, cols)];
            layout::write(&plain, &mut tiles);
            let tiled = plain.tiled(&tiles);
            let x = rng.values(POSITIONS * cols, false);
            let outputs = |matrix: &Matrix, compute: &dyn Fn(&mut [Projection])| {
                let mut out = vec![0.0; POSITIONS * MATRIX_ROWS];
                compute(&mut [Projection::new(matrix, &mut out)]);
                bits(&out)
            };
            let expected = outputs(&plain, &|work| definition::project(&x, POSITIONS, work));
            // SAFETY: the processor has the features; there are inputs for sixteen positions, and the matrix has tiles.
            let mixed = outputs(&tiled, &|work| unsafe { multiplying::<MULTIPLIED>(&x, 0, work) });
            // SAFETY: as above.
            let multiplied = outputs(&tiled, &|work| unsafe { multiplying::<POSITIONS>(&x, 0, work) });
            assert!(mixed == expected && multiplied == expected, "{cols} columns");
        }
    }
}
