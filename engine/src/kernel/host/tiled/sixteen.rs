//! Tiled matrices times sixteen inputs.
//!
//! As in [`super::super::sixteen`], the positions share what decodes a weight, and the last positions' inputs are given their
//! signs, and added: the units that multiply would be busy longest.

use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

use super::layout::{place, reads, COLUMNS, ROWS};
use super::MOST_COLS;
use crate::kernel::host::project::{put, Groups};
use crate::kernel::host::sixteen::transposed;
use crate::kernel::host::x86::Avx512;
use crate::kernel::Projection;

/// Positions.
pub(super) const POSITIONS: usize = 16;
/// Positions whose inputs are multiplied by twice the weights.
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
#[inline(never)]
pub(super) unsafe fn project(x: &[f32], first: usize, projections: &mut [Projection]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let mut inputs = MaybeUninit::<Inputs>::uninit();
    let columns = inputs.as_mut_ptr().cast::<[f32; POSITIONS]>();
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
    }
    // SAFETY: so many are written.
    let columns = unsafe { core::slice::from_raw_parts(columns, COLUMNS * reads(cols)) };
    let mut from = (0, 0);
    loop {
        let mut groups = Groups::from(projections, ROWS, from);
        let Some(group) = groups.next() else { return };
        from = groups.place();
        // SAFETY: the group's tiles are there.
        let sums = unsafe { sums(super::tiles(projections, &group), columns) };
        let Some(projection) = projections.get_mut(group.projection) else { continue };
        let scale = _mm512_set1_ps(projection.matrix.scale());
        for (position, sum) in sums.into_iter().enumerate() {
            let outputs = _mm512_mul_ps(sum, scale);
            // SAFETY: the processor can.
            unsafe { put(projection, first + position, &group, Avx512::from(outputs)) };
        }
    }
}

/// Adds a column, whose weights the first instructions take out of a read.
///
/// In assembly: a compiler loads neighbours together, and then needs shuffles to take them apart.
macro_rules! add {
    ($word:expr, $x:expr, $sums:expr, $($weights:literal),+) => {{
        let x: &[f32; POSITIONS] = $x;
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
                t12 = out(zmm_reg) _, t13 = out(zmm_reg) _, t14 = out(zmm_reg) _, t15 = out(zmm_reg) _,
                weights = out(zmm_reg) _, sign = out(zmm_reg) _, kept = out(kreg) _,
                word = in(zmm_reg) $word, top = in(zmm_reg) _mm512_set1_epi32(0xc000_0000_u32 as i32),
                sign_bit = in(zmm_reg) _mm512_set1_epi32(i32::MIN), low_bit = in(zmm_reg) _mm512_set1_epi32(1 << 30),
                x = in(reg) x,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
    }};
}

/// The sums of a group's rows, for each position.
///
/// # Safety
/// The group's tiles lie there; the processor has these features.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn sums(tiles: *const u8, columns: &[[f32; POSITIONS]]) -> [__m512; POSITIONS] {
    let mut sums = [_mm512_setzero_ps(); POSITIONS];
    for (read, [lowest, second, topmost]) in columns.as_chunks::<COLUMNS>().0.iter().enumerate() {
        // SAFETY: as the caller promises.
        let word = unsafe { _mm512_loadu_si512(tiles.add(place(read)).cast()) };
        add!(word, lowest, sums, "vpslld {weights}, {word}, 30", "/* {top} */");
        add!(word, second, sums, "vpslld {weights}, {word}, 28", "vpandd {weights}, {weights}, {top}");
        add!(word, topmost, sums, "vpandd {weights}, {word}, {top}");
    }
    for sum in sums.iter_mut().take(MULTIPLIED) {
        *sum = _mm512_mul_ps(*sum, _mm512_set1_ps(0.5));
    }
    sums
}
