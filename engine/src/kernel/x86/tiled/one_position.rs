//! Tiled matrices times one input.
//!
//! As in [`super::super::one_position`], the topmost code, masked, is a number that an input is multiplied by, and the lowest
//! two codes choose from sixteen values.

use core::arch::asm;
use core::arch::x86_64::*;

use super::layout::{place, COLUMNS, ROWS};
use crate::kernel::vector::groups::Groups;
use crate::kernel::vector::outputs::put;
use crate::kernel::x86::lanes::Avx512;
use crate::kernel::Projection;

/// Most groups of a batch: their sums, what the steps leave for each other and what the groups share fit the registers.
const MAX_GROUPS: usize = 9;

/// The projections of position `position`, whose input is `x`.
///
/// # Safety
/// The processor has these features; `x` has at least as many values as all matrices have columns.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
pub(in crate::kernel::x86) unsafe fn project(x: &[f32], position: usize, projections: &mut [Projection]) {
    let x = x.get(..projections.first().map_or(0, |first| first.matrix.cols())).unwrap_or_default();
    let mut rest = Groups::of(projections, ROWS).count();
    let mut from = (0, 0);
    while rest > 0 {
        // One at least, which the compiler does not see.
        let batches = rest.div_ceil(MAX_GROUPS).max(1);
        let size = rest.div_ceil(batches);
        rest -= size;
        // SAFETY: as the caller promises.
        from = unsafe {
            match size {
                9 => batch::<9>(x, position, projections, from),
                8 => batch::<8>(x, position, projections, from),
                7 => batch::<7>(x, position, projections, from),
                6 => batch::<6>(x, position, projections, from),
                5 => batch::<5>(x, position, projections, from),
                // Fewer take as long.
                _ => batch::<4>(x, position, projections, from),
            }
        };
    }
}

/// The projections of `G` groups, or of as many as are left from a place on; returns the place behind them.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn batch<const G: usize>(
    x: &[f32],
    position: usize,
    projections: &mut [Projection],
    from: (usize, usize),
) -> (usize, usize) {
    let mut groups = Groups::from(projections, ROWS, from);
    let Some(some) = groups.next() else { return groups.place() };
    // Places that nothing fills repeat the first group.
    let mut batch = [some; G];
    let mut count = 1;
    for (slot, group) in batch.iter_mut().skip(1).zip(&mut groups) {
        *slot = group;
        count += 1;
    }
    let place = groups.place();
    let tiles = batch.each_ref().map(|group| super::tiles(projections, group));
    // SAFETY: as the caller promises.
    let sums = unsafe { together(&tiles, x) };
    for (group, sum) in batch.iter().zip(sums).take(count) {
        let Some(projection) = projections.get_mut(group.projection) else { continue };
        let (half, scale) = (_mm512_set1_ps(0.5), _mm512_set1_ps(projection.matrix.scale()));
        let outputs = _mm512_mul_ps(_mm512_mul_ps(sum, half), scale);
        // SAFETY: the processor can.
        unsafe { put(projection, position, group, Avx512::from(outputs)) };
    }
    place
}

/// Twice the sums of the groups' rows.
///
/// # Safety
/// As [`project`]; groups of tiles lie at these places.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn together<const G: usize>(tiles: &[*const u8; G], x: &[f32]) -> [__m512; G] {
    let by_lowest = by_code([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    let by_second = by_code([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    let mut sums = [_mm512_setzero_ps(); G];
    let (whole, rest) = x.as_chunks();
    let mut last = [0.0; COLUMNS];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let partial = if rest.is_empty() { None } else { Some(&last) };
    for (read, inputs) in whole.iter().chain(partial).enumerate() {
        let columns = Columns::of(inputs, by_lowest, by_second);
        let mut tiles = tiles.iter().map(|tiles| tiles.wrapping_add(place(read)));
        let (Some((last, sums)), Some(first)) = (sums.split_last_mut(), tiles.next()) else { continue };
        // SAFETY: as the caller promises.
        unsafe {
            let mut terms = columns.terms(first);
            for (sum, tiles) in sums.iter_mut().zip(tiles) {
                (*sum, terms) = columns.add_and_read(*sum, terms, tiles);
            }
            *last = columns.add(*last, terms);
        }
    }
    sums
}

/// What the columns of a read add to a group's sums: two values each, and what the third is multiplied by.
type Terms = [__m512; COLUMNS];

/// What the inputs of a read's columns are to all groups.
struct Columns {
    /// Chosen from by the lowest code, again and again.
    lowest: __m512,
    /// Chosen from by the second lowest.
    second: __m512,
    /// What the topmost codes multiply.
    topmost: __m512,
}

impl Columns {
    /// Those of a read with these values. `by_lowest` and `by_second` are twice the weights of the sixteen choices.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn of(inputs: &[f32; COLUMNS], by_lowest: __m512, by_second: __m512) -> Self {
        let (lowest, second, topmost);
        // SAFETY: reads the inputs.
        unsafe {
            asm!(
                "vmulps {lowest}, {by_lowest}, dword ptr [{inputs}]{{1to16}}",
                "vmulps {second}, {by_second}, dword ptr [{inputs} + 4]{{1to16}}",
                "vbroadcastss {topmost}, dword ptr [{inputs} + 8]",
                inputs = in(reg) inputs,
                by_lowest = in(zmm_reg) by_lowest,
                by_second = in(zmm_reg) by_second,
                lowest = out(zmm_reg) lowest,
                second = out(zmm_reg) second,
                topmost = out(zmm_reg) topmost,
                options(readonly, nostack, preserves_flags),
            );
        }
        Self { lowest, second, topmost }
    }

    /// What the columns add to a group's sums.
    ///
    /// # Safety
    /// The processor has these features; a read of the group lies at `tiles`.
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn terms(&self, tiles: *const u8) -> Terms {
        // SAFETY: as the caller promises.
        let word = unsafe { _mm512_loadu_si512(tiles.cast()) };
        let weights = _mm512_and_si512(word, _mm512_set1_epi32(TOPMOST));
        let chosen = |from| _mm512_permutexvar_ps(word, from);
        [chosen(self.lowest), chosen(self.second), _mm512_castsi512_ps(weights)]
    }

    /// The sums with what the columns add to them.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn add(&self, sums: __m512, [lowest, second, weights]: Terms) -> __m512 {
        _mm512_fmadd_ps(weights, self.topmost, _mm512_add_ps(_mm512_add_ps(sums, lowest), second))
    }

    /// [`Columns::add`] of one group, and [`Columns::terms`] of the next.
    ///
    /// In assembly, for a compiler would read for all groups first, and have too few registers. One after the other, and
    /// the sums a group behind, the steps keep all units busy: those that choose, that add, and that multiply. The last
    /// have least to do, so that they take in the second terms, times 1. Four reads share a line; the next but one is
    /// fetched.
    ///
    /// # Safety
    /// As [`Columns::terms`].
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn add_and_read(&self, mut sums: __m512, terms: Terms, tiles: *const u8) -> (__m512, Terms) {
        let [lowest, second, weights] = terms;
        let (next_lowest, next_second, next_weights);
        // SAFETY: as the caller promises.
        unsafe {
            asm!(
                "vmovdqu32 {word}, zmmword ptr [{tiles}]",
                "prefetcht0 [{tiles} + 128]",
                "vpermps {next_lowest}, {word}, {by_lowest}",
                "vaddps {sums}, {sums}, {lowest}",
                "vpermps {next_second}, {word}, {by_second}",
                "vfmadd231ps {sums}, {second}, {one}",
                "vpandd {word}, {word}, {mask}",
                "vfmadd231ps {sums}, {weights}, {topmost}",
                tiles = in(reg) tiles,
                word = out(zmm_reg) next_weights,
                next_lowest = out(zmm_reg) next_lowest,
                next_second = out(zmm_reg) next_second,
                sums = inout(zmm_reg) sums,
                lowest = in(zmm_reg) lowest,
                second = in(zmm_reg) second,
                weights = in(zmm_reg) weights,
                by_lowest = in(zmm_reg) self.lowest,
                by_second = in(zmm_reg) self.second,
                topmost = in(zmm_reg) self.topmost,
                one = in(zmm_reg) _mm512_set1_ps(1.0),
                mask = in(zmm_reg) _mm512_set1_epi32(TOPMOST),
                options(readonly, nostack, preserves_flags),
            );
        }
        (sums, [next_lowest, next_second, next_weights])
    }
}

/// The topmost code of a word.
const TOPMOST: i32 = 0xc000_0000_u32 as i32;

/// Twice the weights of these codes.
#[target_feature(enable = "avx512f")]
#[inline]
fn by_code(codes: [i32; 16]) -> __m512 {
    let weights = _mm512_castps128_ps512(_mm_setr_ps(0.0, 2.0, 0.0, -2.0));
    // SAFETY: sixteen words are read.
    _mm512_permutexvar_ps(unsafe { _mm512_loadu_si512(codes.as_ptr().cast()) }, weights)
}
