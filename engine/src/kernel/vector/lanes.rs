//! What the kernels need of a vector instruction set.

use byteorder::{ByteOrder, LittleEndian};

use crate::kernel::TopK;

/// `COUNT` binary32 values side by side.
///
/// All operations round each lane once, as their scalar counterparts do.
///
/// # Safety
/// Every function may be called only where the processor has the instruction set; pointers lead to `COUNT` values, which
/// need not be aligned.
pub(in crate::kernel) trait Lanes: Copy {
    /// Values side by side: at most [`MAX_LANES`].
    const COUNT: usize;
    /// As many 32-bit words.
    type Words: Copy;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;

    /// A bit for each lane of `self` that is greater than that of `other`, the first lane's lowest.
    unsafe fn lanes_above(self, other: Self) -> u32;

    /// Words of one value.
    unsafe fn splat_words(value: u32) -> Self::Words;
    unsafe fn load_words(from: *const u32) -> Self::Words;
    /// `words << COUNT`.
    unsafe fn shift_left<const COUNT: u32>(words: Self::Words) -> Self::Words;
    /// `words >> COUNT`.
    unsafe fn shift_right<const COUNT: u32>(words: Self::Words) -> Self::Words;
    unsafe fn and(words: Self::Words, other: Self::Words) -> Self::Words;
    /// The words as the floats that they encode.
    unsafe fn as_floats(words: Self::Words) -> Self;
    /// `sum + self * x`. The product of `self` and `x` is exact, so it does not matter whether it is rounded.
    unsafe fn add_exact_product(self, x: Self, sum: Self) -> Self;

    /// `self`, `-self` or ±0.0, where the lowest two bits of a word are `01`, `11` or others.
    unsafe fn signed_by(self, codes: Self::Words) -> Self;

    /// Numbers of `BITS` bits that lie one after the other, the first byte's lowest bits first; above a number in its word
    /// are bits of those that follow. `BITS` is even and at most 16.
    #[inline(always)]
    unsafe fn spread<const BITS: usize>(bytes: &[u8; SPREAD]) -> Self::Words {
        let mut numbers = [0; MAX_LANES];
        for (lane, number) in numbers.iter_mut().enumerate().take(Self::COUNT) {
            let bit = BITS * lane;
            let word = bytes.get(bit / 8..).and_then(|rest| rest.first_chunk::<4>());
            *number = word.map_or(0, |word| LittleEndian::read_u32(word)) >> (bit % 8);
        }
        // SAFETY: the trait's contract; no vector has more words.
        unsafe { Self::load_words(numbers.as_ptr()) }
    }

    /// Reads 16 bytes from each of `COUNT` places that are `stride` apart. Word `w` of the result holds bytes 4w to 4w + 3 of
    /// all places, the first place in the first lane.
    unsafe fn load_transposed(from: *const u8, stride: usize) -> [Self::Words; 4];

    /// Lets the values of some lanes in, the lowest first, as [`TopK::offer`] does, in a way of this instruction set's own;
    /// `false` where there is none for as many slots. No value is NaN, and `row` is that of lane 0.
    #[inline(always)]
    unsafe fn enter(best: &mut TopK, values: &[f32; MAX_LANES], lanes: u32, row: u32) -> bool {
        let _ = (best, values, lanes, row);
        false
    }
}

/// The greatest [`Lanes::COUNT`].
pub(in crate::kernel) const MAX_LANES: usize = 16;
/// The bytes of the most numbers of 16 bits, and the rest of a word.
pub(in crate::kernel) const SPREAD: usize = 2 * MAX_LANES + 4;
