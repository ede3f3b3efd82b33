//! Tiled matrices times sixteen inputs.
//!
//! As in [`super::super::sixteen_positions`], the positions share what decodes a weight. Where a processor has units that add
//! beside those that multiply, the last positions' inputs are given their signs, and added: the units that multiply would be
//! busy longest. Elsewhere one instruction a position is the least.

use core::arch::asm;
use core::arch::x86_64::*;

use super::layout::{place, reads, COLUMNS, ROWS};
use crate::kernel::vector::groups::Groups;
use crate::kernel::vector::inputs::Inputs;
use crate::kernel::x86::columns::{finish, Columns, Square, Sums, SIXTEEN};
use crate::kernel::x86::cpu;
use crate::kernel::Projection;

/// Positions whose inputs are multiplied by twice the weights, where the others are added.
const MULTIPLIED: usize = 12;

/// The projections of the positions from `first` on; `false` where values are too great, which leaves some outputs done.
///
/// # Safety
/// The processor has these features; the inputs have sixteen such positions, and as many columns as all matrices, which have
/// tiles. The outputs have such places.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(in crate::kernel::x86) unsafe fn project(
    inputs: &Inputs,
    first: usize,
    projections: &mut [Projection],
    room: Columns,
) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        if cpu::adds_beside_multiplying() {
            multiplying::<MULTIPLIED>(inputs, first, projections, room)
        } else {
            multiplying::<SIXTEEN>(inputs, first, projections, room)
        }
    }
}

/// [`project`], where the first `N` positions' inputs are multiplied.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn multiplying<const N: usize>(
    inputs: &Inputs,
    first: usize,
    projections: &mut [Projection],
    mut room: Columns,
) -> bool {
    const { assert!(ROWS == SIXTEEN) };
    // Reads of a row, of which as many have room.
    let all = reads(inputs.cols());
    let most = (room.most() / COLUMNS).max(1);
    for start in (0..all).step_by(most) {
        let end = all.min(start + most);
        // SAFETY: as the caller promises.
        let Some(columns) = (unsafe { room.write(inputs, first, COLUMNS * start..COLUMNS * end) }) else {
            return false;
        };
        let columns = columns.get(..COLUMNS * (end - start)).unwrap_or_default();
        let mut from = (0, 0);
        loop {
            let mut groups = Groups::from(projections, ROWS, from);
            let Some(group) = groups.next() else { break };
            from = groups.place();
            let tiles = super::tiles(projections, &group);
            let Some(projection) = projections.get_mut(group.projection) else { break };
            let (mut square, scale) = (Square::of(projection, first, &group), projection.matrix.scale());
            // SAFETY: the group's tiles are there.
            unsafe {
                let mut sums = square.before(start).load();
                add_all::<N>(tiles, start, columns, &mut sums);
                if end == all {
                    finish::<N>(&mut sums, scale);
                }
                square.after(end == all).store(&sums);
                square.settle(end == all);
            }
        }
    }
    true
}

/// Adds a column, whose weights the first instructions take out of a read: multiplies for the first positions, adds for the
/// last ones.
///
/// In assembly: a compiler loads neighbours together, and then needs shuffles to take them apart.
macro_rules! add_and_multiply {
    ($word:expr, $x:expr, $sums:expr, $($weights:literal),+) => {{
        let x: &[f32; SIXTEEN] = $x;
        // With a type, as in [`super::super::sixteen_positions`].
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
        let x: &[f32; SIXTEEN] = $x;
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

/// Adds the columns of the reads from `start` on to the sums of a group's rows at each position, the first `N` of which are
/// multiplied.
///
/// # Safety
/// The group's tiles lie there; the processor has these features.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn add_all<const N: usize>(tiles: *const u8, start: usize, columns: &[[f32; SIXTEEN]], sums: &mut Sums) {
    const { assert!(N == MULTIPLIED || N == SIXTEEN) };
    for (read, columns) in (start..).zip(columns.as_chunks::<COLUMNS>().0) {
        // SAFETY: as the caller promises.
        let word = unsafe { _mm512_loadu_si512(tiles.add(place(read)).cast()) };
        if N == SIXTEEN {
            add_read!(multiply, word, columns, sums);
        } else {
            add_read!(add_and_multiply, word, columns, sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::super::layout;
    use super::*;
    use crate::kernel::{definition, Kernel};
    use crate::random::{bits, Rng};
    use crate::weights::{Matrix, Packing};

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
            let tiled = super::super::with_tiles(plain, &tiles);
            let x = rng.values(SIXTEEN * cols, false);
            let inputs = Inputs::plain(&x, SIXTEEN, cols).unwrap();
            let mut room = vec![0.0; 80 * SIXTEEN];
            let outputs = |matrix: &Matrix, compute: &mut dyn FnMut(&mut [Projection])| {
                let mut out = vec![0.0; SIXTEEN * MATRIX_ROWS];
                compute(&mut [Projection::new(matrix, &mut out)]);
                bits(&out)
            };
            let expected = outputs(&plain, &mut |work| definition::project(&x, SIXTEEN, work));
            let mixed = outputs(&tiled, &mut |work| {
                // SAFETY: the processor has the features; there are inputs for sixteen positions, and the matrix has tiles.
                let is_done = unsafe { multiplying::<MULTIPLIED>(&inputs, 0, work, Columns::of(&mut room).unwrap()) };
                assert!(is_done);
            });
            let multiplied = outputs(&tiled, &mut |work| {
                // SAFETY: the processor has the features; there are inputs for sixteen positions, and the matrix has tiles.
                let is_done = unsafe { multiplying::<SIXTEEN>(&inputs, 0, work, Columns::of(&mut room).unwrap()) };
                assert!(is_done);
            });
            assert!(mixed == expected && multiplied == expected, "{cols} columns");
        }
    }
}
