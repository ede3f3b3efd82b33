//! Quantised matrices times one input: AVX-512.
//!
//! As in [`crate::kernel::vector::project`], a lane is a row. What bounds one position there is decoding: two operations a
//! weight, and one to add. Here a rotation of a word of codes serves three columns: the topmost code, masked, is a number that
//! `x` is multiplied by; the lowest two codes choose from sixteen values, which are ±2x or 0 according to one of them.

use core::arch::asm;
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

use super::lanes::Avx512;
use crate::kernel::vector::groups::{Group, Groups};
use crate::kernel::vector::outputs::{put, take};
use crate::kernel::vector::project::wasted;
use crate::kernel::Projection;

/// The widest matrix that this way was measured with.
const MAX_COLS: usize = 256;
/// Words that are taken together where nobody else has room: 4 KB of stack.
const WORDS: usize = 8;
/// Columns of a word of codes.
const WORD: usize = 16;
/// Columns of the words that are read at a time.
const PANEL: usize = 4 * WORD;
/// Columns of a word whose values are chosen from a table, two after each other: 0 and 1, 3 and 4, up to 12 and 13.
const CHOSEN: usize = 5;

/// What depends on the input alone, of a word, in whole cache lines.
#[repr(C, align(64))] // the first two are loaded by whole lines
struct Choices {
    /// Chosen from by the second lowest code, whatever the lowest one is.
    second: [[f32; 16]; CHOSEN],
    x: [f32; WORD],
    /// Chosen from by the lowest code.
    lowest: [[f32; 4]; CHOSEN],
}

/// Room for one word's.
type Place = MaybeUninit<Choices>;

/// Floats of a room that has places for a panel, wherever it starts.
pub(super) const LEAST_ROOM: usize = (PANEL / WORD * size_of::<Choices>() + align_of::<Choices>()) / size_of::<f32>();

/// Whether this way can do it, besides what [`crate::kernel::vector::project::suits`] has checked.
pub(super) fn suits(projections: &[Projection]) -> bool {
    // A row that has no place of its own has none for a sum, either.
    projections.first().is_some_and(|first| first.matrix.cols() <= MAX_COLS)
        && projections.iter().all(|projection| projection.row_stride > 0)
}

/// The projections of position `position`, whose input is `x`: some columns after the others, as many at a time as have room,
/// there or on the stack. Sums of the first of them wait in the places of the outputs.
///
/// # Safety
/// The processor has these features; `x` has at least as many values as all matrices have columns: a multiple of four,
/// at most [`MAX_COLS`].
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn project(x: &[f32], position: usize, projections: &mut [Projection], room: &mut [f32]) {
    // SAFETY: any bytes may be what is not initialised; nobody reads the floats any more, and any bytes are floats again.
    let (_, places, _) = unsafe { room.align_to_mut::<Place>() };
    let whole_panels = places.len() / (PANEL / WORD) * (PANEL / WORD);
    // SAFETY: as the caller promises.
    unsafe {
        match places.get_mut(..whole_panels) {
            Some(places @ [_, ..]) => in_parts(x, position, projections, places),
            _ => on_stack(x, position, projections),
        }
    }
}

/// [`project`] without room.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn on_stack(x: &[f32], position: usize, projections: &mut [Projection]) {
    // SAFETY: as the caller promises.
    unsafe { in_parts(x, position, projections, &mut [const { Place::uninit() }; WORDS]) }
}

/// [`project`] in these places, which are for whole panels.
///
/// # Safety
/// As [`project`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn in_parts(x: &[f32], position: usize, projections: &mut [Projection], places: &mut [Place]) {
    let cols = projections.first().map_or(0, |first| first.matrix.cols());
    let most = (WORD * places.len()).max(PANEL);
    let count = Groups::of(projections, 16).count();
    for start in (0..cols).step_by(most) {
        let x = x.get(start..cols.min(start + most)).unwrap_or_default();
        for (place, x) in places.iter_mut().zip(x.chunks(WORD)) {
            fill(place, x);
        }
        let words = x.len().div_ceil(WORD).min(places.len());
        // SAFETY: so many are filled.
        let choices = unsafe { core::slice::from_raw_parts(places.as_ptr().cast(), words) };
        let part = Part { choices, start, is_last: start + most >= cols, position };
        // The fewer places of the last batch stay empty, the better.
        // SAFETY: as the caller promises.
        unsafe {
            if wasted(count, 5) <= wasted(count, 4) {
                in_batches::<5>(&part, projections);
            } else {
                in_batches::<4>(&part, projections);
            }
        }
    }
}

/// Some columns.
struct Part<'c> {
    /// Of each word.
    choices: &'c [Choices],
    /// The first of them: that of a panel.
    start: usize,
    is_last: bool,
    /// Where the outputs go.
    position: usize,
}

/// Up to a word's values.
#[target_feature(enable = "avx512f")]
fn fill(place: &mut Place, x: &[f32]) {
    let by_lowest = _mm_setr_ps(0.0, 2.0, 0.0, -2.0);
    let by_second = _mm512_permutexvar_ps(
        _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
        _mm512_castps128_ps512(by_lowest),
    );
    let present = u16::MAX >> (WORD - WORD.min(x.len()));
    let choices = place.as_mut_ptr();
    // SAFETY: reads the values that are there; all parts of the choices are written, as whole vectors.
    unsafe {
        let x = _mm512_maskz_loadu_ps(present, x.as_ptr());
        _mm512_store_ps((&raw mut (*choices).x).cast(), x);
        for index in 0..CHOSEN {
            let value = |second: usize| _mm512_permutexvar_ps(_mm512_set1_epi32((3 * index + second) as i32), x);
            let values = _mm_mul_ps(by_lowest, _mm512_castps512_ps128(value(0)));
            let lowest = (&raw mut (*choices).lowest).cast::<[f32; 4]>().add(index);
            _mm_storeu_ps(lowest.cast(), values);
            let second = (&raw mut (*choices).second).cast::<[f32; 16]>().add(index);
            _mm512_store_ps(second.cast(), _mm512_mul_ps(by_second, value(1)));
        }
    }
}

/// What some columns add to all projections, `G` groups of rows at a time.
///
/// # Safety
/// As [`project`]; the columns are there.
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline(never)]
unsafe fn in_batches<const G: usize>(part: &Part, projections: &mut [Projection]) {
    let position = part.position;
    let mut place = (0, 0);
    loop {
        let mut groups = Groups::from(projections, 16, place);
        let Some(some) = groups.next() else { return };
        let mut batch = [some; G];
        let mut count = 1;
        for (slot, group) in batch.iter_mut().skip(1).zip(&mut groups) {
            *slot = group;
            count += 1;
        }
        place = groups.place();
        let mut sums = [_mm512_setzero_ps(); G];
        if part.start > 0 {
            for (group, sum) in batch.iter().zip(&mut sums).take(count) {
                let Some(projection) = projections.get(group.projection) else { continue };
                // SAFETY: the processor can.
                *sum = unsafe { take::<Avx512>(projection, position, group) }.into();
            }
        }
        // SAFETY: as the caller promises. Places that nothing fills repeat the first group.
        unsafe { add_all(&batch, part, &mut sums) };
        for (group, &sum) in batch.iter().zip(&sums).take(count) {
            let Some(projection) = projections.get_mut(group.projection) else { continue };
            let outputs = if part.is_last {
                let (half, scale) = (_mm512_set1_ps(0.5), _mm512_set1_ps(projection.matrix.scale()));
                _mm512_mul_ps(_mm512_mul_ps(sum, half), scale)
            } else {
                sum
            };
            // SAFETY: the processor can.
            unsafe { put(projection, position, group, Avx512::from(outputs)) };
        }
    }
}

/// Adds twice what the columns add to the sums of the groups' rows.
///
/// # Safety
/// As [`in_batches`].
#[target_feature(enable = "avx512f,avx2,fma")]
#[inline]
unsafe fn add_all<const G: usize>(groups: &[Group; G], part: &Part, sums: &mut [__m512; G]) {
    let Part { choices, start, .. } = *part;
    let end = start + WORD * choices.len();
    let cols = groups.first().map_or(0, |group| 4 * group.stride).min(end);
    let mut panels = [[[const { MaybeUninit::uninit() }; 4]; G]; 2];
    // SAFETY: panels below the number of columns are read.
    unsafe {
        for (panel, group) in panels[0].iter_mut().zip(groups) {
            *panel = group.panel::<Avx512>(start).map(MaybeUninit::new);
        }
        for (index, choices) in choices.iter().enumerate() {
            let (panel, word) = (index / 4, index % 4);
            // While these words are in work, some of the next panel's are read and transposed.
            let next = start + (panel + 1) * PANEL;
            if next < cols {
                let panels = &mut panels[(panel + 1) % 2];
                for group in (word..G).step_by(4) {
                    let (Some(panel), Some(group)) = (panels.get_mut(group), groups.get(group)) else { break };
                    *panel = group.panel::<Avx512>(next).map(MaybeUninit::new);
                }
            }
            let words = panels[panel % 2].each_ref().map(|panel| panel[word].assume_init());
            add_word(&words, choices, sums);
        }
    }
}

/// Adds the sixteen columns of a word.
#[target_feature(enable = "avx512f")]
#[inline]
fn add_word<const G: usize>(words: &[__m512i; G], choices: &Choices, sums: &mut [__m512; G]) {
    let Choices { second, x, lowest } = choices;
    let tables = |index: usize| {
        // SAFETY: whole vectors.
        unsafe {
            let lowest = _mm512_broadcast_f32x4(_mm_loadu_ps(lowest[index].as_ptr()));
            [lowest, _mm512_load_ps(second[index].as_ptr())]
        }
    };
    let first = tables(0);
    for (sum, &word) in sums.iter_mut().zip(words) {
        *sum = add_chosen(word, first, *sum);
    }
    add_three::<26, G>(words, x[2], tables(1), sums);
    add_three::<20, G>(words, x[5], tables(2), sums);
    add_three::<14, G>(words, x[8], tables(3), sums);
    add_three::<8, G>(words, x[11], tables(4), sums);
    for (sum, &word) in sums.iter_mut().zip(words) {
        *sum = add_topmost(rotated::<2>(word), x[14], *sum);
        *sum = add_topmost(word, x[15], *sum);
    }
}

/// Adds the columns that a rotation by `LEFT` brings to the top and to the lowest two places.
#[target_feature(enable = "avx512f")]
#[inline]
fn add_three<const LEFT: i32, const G: usize>(
    words: &[__m512i; G],
    x: f32,
    tables: [__m512; 2],
    sums: &mut [__m512; G],
) {
    // Group by group: operations that want different units follow each other.
    for (sum, &word) in sums.iter_mut().zip(words) {
        let turned = rotated::<LEFT>(word);
        *sum = add_chosen(turned, tables, add_topmost(turned, x, *sum));
    }
}

/// Adds the column of the topmost codes: as floats 0, 2, -0 and -2.
#[target_feature(enable = "avx512f")]
#[inline]
fn add_topmost(word: __m512i, x: f32, sum: __m512) -> __m512 {
    let weights = _mm512_and_si512(word, _mm512_set1_epi32(0xc000_0000_u32 as i32));
    _mm512_fmadd_ps(_mm512_castsi512_ps(weights), _mm512_set1_ps(x), sum)
}

/// Adds the columns of the lowest two codes, which choose from the tables.
#[target_feature(enable = "avx512f")]
#[inline]
fn add_chosen(word: __m512i, [lowest, second]: [__m512; 2], sum: __m512) -> __m512 {
    let sum = _mm512_add_ps(sum, _mm512_permutexvar_ps(word, lowest));
    _mm512_add_ps(sum, _mm512_permutexvar_ps(word, second))
}

/// The words, rotated to the left. In assembly, for a compiler would see that three users of the result need only parts
/// of it, and make several shifts of the one rotation.
#[target_feature(enable = "avx512f")]
#[inline]
fn rotated<const LEFT: i32>(words: __m512i) -> __m512i {
    let turned;
    // SAFETY: an operation on registers.
    unsafe {
        asm!("vprold {to}, {from}, {left}", to = lateout(zmm_reg) turned, from = in(zmm_reg) words, left = const LEFT,
            options(pure, nomem, nostack, preserves_flags));
    }
    turned
}
