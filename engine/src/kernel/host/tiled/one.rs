//! Tiled matrices times one input.
//!
//! As in [`super::super::one`], the topmost code, masked, is a number that `x` is multiplied by, and the lowest two codes
//! choose from sixteen values.

use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

use super::layout::{place, reads, COLUMNS, ROWS};
use super::MOST_COLS;
use crate::kernel::host::project::{put, wasted, Groups};
use crate::kernel::host::x86::Avx512;
use crate::kernel::Projection;

/// What depends on the input alone, for each read.
///
/// `repr(C)` keeps `lowest` in front, where it is aligned for whole vectors: its own type only asks for four bytes.
#[repr(C, align(64))]
struct Prepared {
    /// Chosen from by the lowest code, again and again.
    lowest: [[f32; 4]; reads(MOST_COLS)],
    /// Chosen from by the second lowest.
    second: [Values; reads(MOST_COLS)],
    /// What the topmost codes multiply.
    topmost: [f32; reads(MOST_COLS)],
}

#[repr(align(64))]
struct Values {
    _values: [f32; 16],
}

/// Groups of a batch whose sums the units that multiply take in, times 1, for the units that add have more to do.
const MULTIPLIED: usize = 2;

/// The projections of position `position`, whose input is `x`.
///
/// # Safety
/// The processor has these features; `x` has at least as many values as all matrices have columns: at most [`MOST_COLS`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
pub(super) unsafe fn project(x: &[f32], position: usize, projections: &mut [Projection]) {
    let x = x.get(..projections.first().map_or(0, |first| first.matrix.cols())).unwrap_or_default();
    let mut prepared = MaybeUninit::uninit();
    // SAFETY: as the caller promises.
    unsafe { fill(&mut prepared, x) };
    let count = Groups::of(projections, ROWS).count();
    // The fewer places of the last batch stay empty, the better.
    // SAFETY: as the caller promises; all reads of these columns are prepared.
    unsafe {
        if wasted(count, 5) <= wasted(count, 4) {
            in_batches::<5>(&prepared, reads(x.len()), position, projections);
        } else {
            in_batches::<4>(&prepared, reads(x.len()), position, projections);
        }
    }
}

/// Prepares the reads of these values.
///
/// # Safety
/// The processor has these features; there are at most [`MOST_COLS`] values.
#[target_feature(enable = "avx512f")]
unsafe fn fill(prepared: &mut MaybeUninit<Prepared>, x: &[f32]) {
    let by_code = _mm_setr_ps(0.0, 2.0, 0.0, -2.0);
    let fourfold = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    let by_second = _mm512_permutexvar_ps(fourfold, _mm512_castps128_ps512(by_code));
    let prepared = prepared.as_mut_ptr();
    let set = |read: usize, [lowest, second, topmost]: [f32; COLUMNS]| {
        // SAFETY: of as many values as the caller promises, the read is there.
        unsafe {
            let to = (&raw mut (*prepared).lowest).cast::<[f32; 4]>().add(read).cast();
            _mm_store_ps(to, _mm_mul_ps(by_code, _mm_set1_ps(lowest)));
            let to = (&raw mut (*prepared).second).cast::<Values>().add(read).cast();
            _mm512_store_ps(to, _mm512_mul_ps(by_second, _mm512_set1_ps(second)));
            (&raw mut (*prepared).topmost).cast::<f32>().add(read).write(topmost);
        }
    };
    let (whole, rest) = x.as_chunks();
    for (read, values) in whole.iter().enumerate() {
        set(read, *values);
    }
    match *rest {
        [first] => set(whole.len(), [first, 0.0, 0.0]),
        [first, second] => set(whole.len(), [first, second, 0.0]),
        _ => {}
    }
}

/// All projections, `G` groups of rows at a time.
///
/// # Safety
/// As [`project`]; so many reads are prepared.
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn in_batches<const G: usize>(
    prepared: &MaybeUninit<Prepared>,
    reads: usize,
    position: usize,
    projections: &mut [Projection],
) {
    let mut from = (0, 0);
    loop {
        let mut groups = Groups::from(projections, ROWS, from);
        let Some(some) = groups.next() else { return };
        let mut batch = [some; G];
        let mut count = 1;
        for (slot, group) in batch.iter_mut().skip(1).zip(&mut groups) {
            *slot = group;
            count += 1;
        }
        from = groups.place();
        let tiles = batch.each_ref().map(|group| super::tiles(projections, group));
        // SAFETY: as the caller promises. Places that nothing fills repeat the first group.
        let sums = unsafe { together(&tiles, prepared, reads) };
        for (group, sum) in batch.iter().zip(sums).take(count) {
            let Some(projection) = projections.get_mut(group.projection) else { continue };
            let (half, scale) = (_mm512_set1_ps(0.5), _mm512_set1_ps(projection.matrix.scale()));
            let outputs = _mm512_mul_ps(_mm512_mul_ps(sum, half), scale);
            // SAFETY: the processor can.
            unsafe { put(projection, position, group, Avx512::from(outputs)) };
        }
    }
}

/// Twice the sums of the groups' rows.
///
/// # Safety
/// As [`in_batches`]; groups of tiles lie at these places.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn together<const G: usize>(
    tiles: &[*const u8; G],
    prepared: &MaybeUninit<Prepared>,
    reads: usize,
) -> [__m512; G] {
    let prepared = prepared.as_ptr();
    let one = not_folded(1.0);
    let mut sums = [_mm512_setzero_ps(); G];
    for read in 0..reads {
        // SAFETY: as the caller promises.
        unsafe {
            let lowest = (&raw const (*prepared).lowest).cast::<[f32; 4]>().add(read).cast();
            let second = (&raw const (*prepared).second).cast::<Values>().add(read).cast();
            let topmost = (&raw const (*prepared).topmost).cast::<f32>().add(read).read();
            let (lowest, second) = (_mm512_broadcast_f32x4(_mm_load_ps(lowest)), _mm512_load_ps(second));
            for (index, (sum, tiles)) in sums.iter_mut().zip(tiles).enumerate() {
                let word = words(tiles.add(place(read)));
                *sum = _mm512_add_ps(*sum, _mm512_permutexvar_ps(word, lowest));
                let chosen = _mm512_permutexvar_ps(word, second);
                *sum =
                    if index < MULTIPLIED { _mm512_fmadd_ps(chosen, one, *sum) } else { _mm512_add_ps(*sum, chosen) };
                let weights = _mm512_and_si512(word, _mm512_set1_epi32(0xc000_0000_u32 as i32));
                *sum = _mm512_fmadd_ps(_mm512_castsi512_ps(weights), _mm512_set1_ps(topmost), *sum);
            }
        }
    }
    sums
}

/// A value in all lanes that the compiler does not know.
#[target_feature(enable = "avx512f")]
#[inline]
fn not_folded(value: f32) -> __m512 {
    let mut lanes = _mm512_set1_ps(value);
    // SAFETY: does nothing.
    unsafe { asm!("/* {0} */", inout(zmm_reg) lanes, options(pure, nomem, nostack, preserves_flags)) };
    lanes
}

/// A read. In assembly, for a compiler would read once for each of the three users.
///
/// # Safety
/// 64 bytes are there.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn words(from: *const u8) -> __m512i {
    let words;
    // SAFETY: as the caller promises.
    unsafe {
        asm!("vmovdqu32 {to}, zmmword ptr [{from}]", to = lateout(zmm_reg) words, from = in(reg) from,
            options(pure, readonly, nostack, preserves_flags));
    }
    words
}
