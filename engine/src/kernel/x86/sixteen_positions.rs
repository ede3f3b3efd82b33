//! Quantised matrices times sixteen inputs: AVX-512.
//!
//! As in [`crate::kernel::vector::project`], a lane is a row. Sixteen positions share the decoding of a weight; their inputs,
//! column after column, lie side by side in one cache line.
//!
//! What bounds this is the units that multiply: the last positions' inputs are therefore given their signs, and added.

use core::arch::asm;
use core::arch::x86_64::*;

use super::columns::{finish, Columns, Square, Sums, SIXTEEN};
use super::lanes::Avx512;
use crate::kernel::vector::groups::{Group, Groups};
use crate::kernel::vector::inputs::Inputs;
use crate::kernel::Projection;

/// Positions whose inputs are multiplied by twice the weights.
const MULTIPLIED: usize = 13;
const WORD: usize = 16;
const PANEL: usize = 4 * WORD;

/// The projections of the positions from `first` on; `false` where values are too great, which leaves some outputs done.
///
/// # Safety
/// The processor has these features; the inputs have sixteen such positions, and as many columns as all matrices: a multiple
/// of four. The outputs have such places.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
pub(super) unsafe fn project(inputs: &Inputs, first: usize, projections: &mut [Projection], mut room: Columns) -> bool {
    let (cols, most) = (inputs.cols(), room.most().max(1));
    for start in (0..cols).step_by(most) {
        let end = cols.min(start + most);
        // SAFETY: as the caller promises.
        let Some(columns) = (unsafe { room.write(inputs, first, start..end) }) else { return false };
        let mut place = (0, 0);
        loop {
            let mut groups = Groups::from(projections, SIXTEEN, place);
            let Some(group) = groups.next() else { break };
            place = groups.place();
            let Some(projection) = projections.get_mut(group.projection) else { break };
            let (mut square, scale) = (Square::of(projection, first, &group), projection.matrix.scale());
            // SAFETY: as the caller promises.
            unsafe {
                let mut sums = square.before(start).load();
                add_all(&group, start, columns, &mut sums);
                if end == cols {
                    finish::<MULTIPLIED>(&mut sums, scale);
                }
                square.after(end == cols).store(&sums);
                square.settle(end == cols);
            }
        }
    }
    true
}

/// Adds the columns from `start` on, whole words, to the sums of the group's rows at each position.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn add_all(group: &Group, start: usize, columns: &[[f32; SIXTEEN]], sums: &mut Sums) {
    for (index, columns) in columns.chunks(PANEL).enumerate() {
        // SAFETY: panels below the number of columns are read.
        let words = unsafe { group.panel::<Avx512>(start + index * PANEL) };
        for (word, columns) in words.into_iter().zip(columns.as_chunks::<WORD>().0) {
            let mut word = word;
            for quarter in columns.as_chunks::<4>().0 {
                add::<30, 31>(word, &quarter[0], sums);
                add::<28, 29>(word, &quarter[1], sums);
                add::<26, 27>(word, &quarter[2], sums);
                add::<24, 25>(word, &quarter[3], sums);
                word = _mm512_srli_epi32::<8>(word);
            }
        }
    }
}

/// Adds a column, whose weights are the bits that `SHIFT` moves to the top; `KEPT` is one more, and so leaves the lower bit
/// there: whether the weight is not 0.
///
/// In assembly: a compiler loads neighbours together, and then needs shuffles to take them apart.
#[target_feature(enable = "avx512f")]
#[inline]
fn add<const SHIFT: u32, const KEPT: u32>(word: __m512i, x: &[f32; SIXTEEN], sums: &mut Sums) {
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
