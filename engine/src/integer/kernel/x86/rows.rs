//! Several rows at a time, one in each lane of 32 bits: 16 codes of each.
//!
//! A code becomes its weight and one more, 0 to 2, which has no sign: what that adds to a sum is the sum of the inputs, and is
//! taken off at the end. Such numbers need not be shifted down to be multiplied: under a mask, a field of two bits at bit 2k is
//! 4^k times its number, and sums of these have a vector for each k.

use super::lanes::Lanes;

/// Columns that 16 bytes of codes are for.
pub(super) const CHUNK: usize = 64;
/// Those of one lane, which are an eighth as many pairs.
const LANE: usize = 16;

/// The widest matrix: the sums of fields at bit 6 are 64 times as large as those of weights.
pub(super) const MOST_COLUMNS: usize = 1024;

/// Inputs as lanes are multiplied by them: pairs, `[columns / 2]`, those behind the last column 0.
pub(super) type Pairs = [i32; MOST_COLUMNS / 2];

/// Fills the pairs, in the order in which [`add_chunk`] meets them; returns the sum of all inputs.
pub(super) fn pairs(inputs: &[i16], pairs: &mut Pairs) -> i32 {
    for (inputs, pairs) in inputs.chunks(LANE).zip(pairs.as_chunks_mut::<{ LANE / 2 }>().0) {
        let mut lane = [0; LANE];
        lane.iter_mut().zip(inputs).for_each(|(slot, &input)| *slot = input);
        for (index, pair) in pairs.iter_mut().enumerate() {
            // Bytes 0 and 2 of a lane, then bytes 1 and 3.
            let first = index % 4 + index / 4 * 4;
            *pair = i32::from(lane[first] as u16) | i32::from(lane[first + 8]) << 16;
        }
    }
    inputs.iter().map(|&input| i32::from(input)).sum()
}

/// Sums of fields at bits 0, 2, 4 and 6; where there are registers for that, of bytes 0 and 2 and then of bytes 1 and 3, so that
/// no addition waits for the one before.
#[derive(Clone, Copy)]
pub(super) struct Sums<L>([L; 8]);

impl<L: Lanes> Sums<L> {
    /// # Safety
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn zero() -> Self {
        // SAFETY: as the caller promises.
        Self([unsafe { L::splat(0) }; 8])
    }

    /// Of weights, where all inputs add up to `sum`.
    ///
    /// # Safety
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn of_weights(self, sum: i32) -> L {
        let [a, b, c, d, e, f, g, h] = self.0;
        // SAFETY: as the caller promises.
        unsafe {
            let [a, b, c, d] = [a.add(e), b.add(f), c.add(g), d.add(h)];
            let low = a.add(b.over_four_to::<2>());
            let high = c.over_four_to::<4>().add(d.over_four_to::<6>());
            low.add(high).sub(L::splat(sum))
        }
    }
}

/// The fields of one lane's codes, in the order of [`pairs`]: those of bytes 0 and 2, then of bytes 1 and 3.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn fields<L: Lanes>(codes: L) -> [L; 8] {
    // SAFETY: as the caller promises.
    unsafe {
        let low = L::splat(0x5555_5555);
        let plus = codes.and(low);
        // Codes 00, 01, 10 and 11 become 01, 10, 01 and 00.
        let numbers = codes.not_and(plus.add(plus).or(low));
        let high = numbers.high_bytes();
        let field = |numbers: L, k: u32| numbers.and(L::splat(0x0003_0003 << (2 * k)));
        [
            field(numbers, 0),
            field(numbers, 1),
            field(numbers, 2),
            field(numbers, 3),
            field(high, 0),
            field(high, 1),
            field(high, 2),
            field(high, 3),
        ]
    }
}

/// Four vectors of a chunk, of 16 columns each, from the rows' codes: row r is lane r of each, by fours.
///
/// # Safety
/// As [`Lanes`]: there are 16 bytes at `codes` and at each of the next rows, which lie `stride` bytes apart.
#[inline(always)]
pub(super) unsafe fn chunk<L: Lanes>(codes: *const u8, stride: usize) -> [L; 4] {
    // SAFETY: as the caller promises.
    unsafe {
        let rows = [0, 1, 2, 3].map(|row| L::load_every_fourth(codes.add(row * stride), stride));
        let (a, b) = (rows[0].low_words(rows[1]), rows[2].low_words(rows[3]));
        let (c, d) = (rows[0].high_words(rows[1]), rows[2].high_words(rows[3]));
        [a.low_pairs(b), a.high_pairs(b), c.low_pairs(d), c.high_pairs(d)]
    }
}

/// Adds a chunk's products with `pairs`, half of [`CHUNK`].
///
/// # Safety
/// As [`chunk`].
#[inline(always)]
pub(super) unsafe fn add_chunk<L: Lanes>(sums: &mut Sums<L>, chunk: [L; 4], pairs: &[i32; CHUNK / 2]) {
    for (codes, pairs) in chunk.into_iter().zip(pairs.as_chunks::<8>().0) {
        // SAFETY: as the caller promises.
        unsafe {
            let fields = fields(codes);
            for (index, &pair) in pairs.iter().enumerate() {
                let sum = &mut sums.0[index % L::SUMS];
                *sum = sum.add_products(fields[index], L::splat(pair));
            }
        }
    }
}
