//! Inputs as vectors of bytes are multiplied by them.
//!
//! An input of 16 bits is 256 times its high half and its low half, both with a sign. A byte of codes has four columns: vectors
//! of codes come to eight vectors of inputs, a low and a high one for each of a byte's columns.

use core::arch::x86_64::*;

use super::vectors::WIDEST;
use crate::integer::kernel::MOST_TOGETHER;

/// The widest matrix: sums of so many low halves have a place in 16 bits.
pub(super) const MOST_COLUMNS: usize = 1024;
/// The greatest input whose halves are bytes.
const GREATEST: i16 = 127 * 256 + 127;

/// The vectors that a vector of codes is multiplied by: low and high halves of the first column, then of the others.
pub(super) const KINDS: usize = 8;
/// Columns that are brought into place at once, and the bytes of their codes.
const COLUMNS: usize = 64;
const PIECE: usize = COLUMNS / 4;

/// Bytes that have room for the longest inputs.
pub(super) const ONE: usize = KINDS * MOST_COLUMNS / 4;

/// Bytes that have room for 256 columns of the most positions, and for fewer positions of more.
pub(super) const SEVERAL: usize = KINDS * 256 / 4 * MOST_TOGETHER;

/// Some positions' inputs, of each by the vectors of a row's codes, [`KINDS`] vectors for each; 0 behind the last column.
#[repr(C, align(64))]
pub(super) struct Inputs<const ROOM: usize> {
    bytes: [u8; ROOM],
    /// Those of a position.
    len: usize,
    /// All inputs of a position added up.
    sums: [i32; MOST_TOGETHER],
}

const _: () = assert!(align_of::<Inputs<ONE>>() == WIDEST);

impl<const ROOM: usize> Inputs<ROOM> {
    /// None, with room for [`Inputs::most`] positions that take `len` bytes each.
    #[inline(always)]
    pub(super) fn none(len: usize) -> Self {
        Self { bytes: [0; ROOM], len, sums: [0; MOST_TOGETHER] }
    }

    /// How many positions have room.
    #[inline(always)]
    pub(super) fn most(&self) -> usize {
        ROOM.checked_div(self.len).unwrap_or(0).min(MOST_TOGETHER)
    }

    /// Takes a position's inputs, at most [`MOST_COLUMNS`], for vectors of `width` bytes, of which each has the codes of `rows`
    /// rows. `false` where one of them has not such halves, or where there is no room.
    #[inline(always)]
    pub(super) fn take(&mut self, position: usize, inputs: &[i16], width: usize, rows: usize) -> bool {
        let start = position * self.len;
        if position >= self.most() {
            return false;
        }
        let (pieces, rest) = inputs.as_chunks::<COLUMNS>();
        let mut seen = Seen::nothing();
        for (index, piece) in pieces.iter().enumerate() {
            self.put(start, index * PIECE, &by_kind(seen.look_at(piece).map(halves)), width, rows);
        }
        if !rest.is_empty() {
            let mut last = [0; COLUMNS];
            last.iter_mut().zip(rest).for_each(|(slot, &input)| *slot = input);
            self.put(start, pieces.len() * PIECE, &by_kind(seen.look_at(&last).map(halves)), width, rows);
        }
        self.sums.iter_mut().skip(position).take(1).for_each(|sum| *sum = seen.sum());
        seen.have_halves()
    }

    /// Puts the inputs of a piece where its codes lie in their vector, whose first byte is byte `first` of a row; `start` is the
    /// position's place.
    #[inline(always)]
    fn put(&mut self, start: usize, first: usize, kinds: &[__m128i; KINDS], width: usize, rows: usize) {
        let start = start + first / width * width * KINDS + first % width;
        for (kind, &bytes) in kinds.iter().enumerate() {
            for row in 0..rows {
                let place = start + kind * width + row * (width / rows);
                let Some(place) = self.bytes.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<PIECE>()) else {
                    return;
                };
                // SAFETY: as many bytes.
                unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), bytes) };
            }
        }
    }

    /// Where the vectors of a position lie that the first vector of a row's codes is multiplied by; those for the next ones lie
    /// behind them.
    #[inline(always)]
    pub(super) fn vectors(&self, position: usize) -> *const u8 {
        self.bytes.as_ptr().wrapping_add(position * self.len)
    }

    /// All inputs of a position added up.
    #[inline(always)]
    pub(super) fn sum(&self, position: usize) -> i32 {
        self.sums.get(position).copied().unwrap_or(0)
    }
}

/// Inputs that were looked at: sums of them, and the greatest.
struct Seen {
    sums: __m128i,
    greatest: __m128i,
}

impl Seen {
    #[inline(always)]
    fn nothing() -> Self {
        // SAFETY: every processor of this target has SSE2.
        unsafe { Self { sums: _mm_setzero_si128(), greatest: _mm_setzero_si128() } }
    }

    /// The vectors of a piece.
    #[inline(always)]
    fn look_at(&mut self, piece: &[i16; COLUMNS]) -> [__m128i; KINDS] {
        // SAFETY: every processor of this target has SSE2; a piece has as many vectors.
        unsafe {
            let mut vectors = [_mm_setzero_si128(); KINDS];
            for (vector, inputs) in vectors.iter_mut().zip(piece.as_chunks::<{ COLUMNS / KINDS }>().0) {
                *vector = _mm_loadu_si128(inputs.as_ptr().cast());
                self.sums = _mm_add_epi32(self.sums, _mm_madd_epi16(*vector, _mm_set1_epi16(1)));
                self.greatest = _mm_max_epi16(self.greatest, *vector);
            }
            vectors
        }
    }

    #[inline(always)]
    fn sum(&self) -> i32 {
        // SAFETY: every processor of this target has SSE2.
        unsafe {
            let sums = _mm_add_epi32(self.sums, _mm_shuffle_epi32::<0b01_00_11_10>(self.sums));
            _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32::<0b10_11_00_01>(sums)))
        }
    }

    /// Whether all inputs have halves that are bytes.
    #[inline(always)]
    fn have_halves(&self) -> bool {
        // SAFETY: every processor of this target has SSE2.
        unsafe { _mm_movemask_epi8(_mm_cmpgt_epi16(self.greatest, _mm_set1_epi16(GREATEST))) == 0 }
    }
}

/// Eight numbers with their halves as bytes of their own, the low one first.
#[inline(always)]
fn halves(numbers: __m128i) -> __m128i {
    // SAFETY: every processor of this target has SSE2.
    unsafe {
        // A low half of 128 and more is negative, and its high half one more.
        let high = _mm_add_epi16(numbers, _mm_set1_epi16(128));
        let mask = _mm_set1_epi16(255);
        _mm_or_si128(_mm_and_si128(numbers, mask), _mm_andnot_si128(mask, high))
    }
}

/// From sixteen groups of eight bytes to eight vectors, of each group's first byte, of its second, and so on.
#[inline(always)]
fn by_kind(mut vectors: [__m128i; KINDS]) -> [__m128i; KINDS] {
    // Of a byte's place, 4 bits are its group and 3 its kind. Each round moves the topmost bit to the bottom.
    for _ in 0..4 {
        let [a, b, c, d, e, f, g, h] = vectors;
        let ([a, b], [c, d], [e, f], [g, h]) = (in_turn(a, e), in_turn(b, f), in_turn(c, g), in_turn(d, h));
        vectors = [a, b, c, d, e, f, g, h];
    }
    vectors
}

/// Bytes of two vectors in turn.
#[inline(always)]
fn in_turn(a: __m128i, b: __m128i) -> [__m128i; 2] {
    // SAFETY: every processor of this target has SSE2.
    unsafe { [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_lie_where_their_codes_do() {
        let inputs: std::vec::Vec<i16> = (0..300).map(|index| (index * 211 - 32_000) as i16).collect();
        for (cols, width, rows) in [(256, 64, 1), (64, 64, 4), (128, 64, 2), (100, 16, 1), (300, 32, 1)] {
            let inputs = &inputs[..cols];
            let len = KINDS * (cols / 4).next_multiple_of(width);
            let mut arranged = Inputs::<{ 3 * ONE }>::none(len);
            assert!(arranged.most() >= 2 && arranged.take(1, inputs, width, rows));
            assert_eq!(arranged.sum(1), inputs.iter().map(|&input| i32::from(input)).sum::<i32>());
            for (column, &input) in inputs.iter().enumerate() {
                for row in 0..rows {
                    let byte = column / 4 + row * cols / 4;
                    let place = len + byte / width * width * KINDS + byte % width + 2 * (column % 4) * width;
                    let [low, high] = [place, place + width].map(|place| arranged.bytes[place] as i8);
                    assert_eq!(256 * i32::from(high) + i32::from(low), i32::from(input), "{cols}: {column} of {row}");
                }
            }
        }
    }

    #[test]
    fn inputs_without_halves_are_found() {
        for (input, expected) in [(GREATEST, true), (GREATEST + 1, false), (i16::MAX, false), (-32_767, true)] {
            let inputs = [0, 0, 0, 0, 0, input, 0, 0];
            assert_eq!(Inputs::<ONE>::none(KINDS * 16).take(0, &inputs, 16, 1), expected, "{input}");
        }
    }
}
