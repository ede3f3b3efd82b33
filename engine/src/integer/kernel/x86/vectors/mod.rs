//! Vectors of codes, and of what they are multiplied by.

/// Bytes of the widest vector.
pub(super) const WIDEST: usize = 64;

/// One set of instructions. A part of a vector is 16 bytes of it.
///
/// # Safety
/// The processor has the instructions of the type that a method is called of; pointers lead to what is read or written.
pub(super) trait Vectors: Copy {
    /// Bytes of a vector.
    const BYTES: usize;

    unsafe fn zero() -> Self;
    unsafe fn load(place: *const u8) -> Self;
    /// The lower four bits of each byte, and the upper four.
    unsafe fn halves(self) -> [Self; 2];
    /// Of each byte, which is below 16, what the table has for it.
    unsafe fn of_table(self, table: &[u8; 16]) -> Self;
    /// Sums, and the products of numbers from 0 to 2 and of bytes with a sign, added up within a lane.
    unsafe fn add_products(self, numbers: Self, bytes: Self) -> Self;
    /// In each part, two sums of one row and two of another, of 32 bits: from sums of low halves, and those of high halves,
    /// which count 256 times.
    unsafe fn pairs(low: [Self; 2], high: [Self; 2]) -> Self;
    /// Half as many bytes with a sign, each in 16 bits.
    unsafe fn load_wide(place: *const i8) -> Self;
    /// Sums of 32 bits, and products of numbers of 16 bits, added up by twos.
    unsafe fn add_wide_products(self, a: Self, b: Self) -> Self;
    /// In each part, two sums of one row and two of another, from four of each.
    unsafe fn both(self, other: Self) -> Self;
    /// 16 bytes for each part: from `place`, and from `step` bytes behind it, and so on.
    unsafe fn load_parts(place: *const u8, step: usize) -> Self;
    /// In each part, the lanes of 32 bits that begin at these bytes of it, shifted to the right by as much.
    unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self;
    /// Words of codes as [`Vectors::weights`] takes them.
    unsafe fn usual(self) -> Self;
    /// In each lane, the weights of its lowest two codes, in 16 bits each.
    unsafe fn weights(self) -> Self;
    /// The next two codes.
    unsafe fn next(self) -> Self;
    /// In each part, numbers of 16 bits in turn with another's: those of the lower half, and those of the upper one.
    unsafe fn in_turn(self, other: Self) -> [Self; 2];
    /// Stores, of each part of the two, first its own and then the other's.
    unsafe fn store_in_turn(self, other: Self, place: *mut i32);
    /// In each part, a sum of each of four rows.
    unsafe fn fours(self, others: Self) -> Self;
    /// Stores what the parts of a row come to, less a number. A vector of codes has had `rows` rows, of which four vectors are in
    /// the sums; they are stored in order, four times as many.
    unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32);
    /// [`Vectors::store_totals`] of four, whose vectors of codes have had one row each.
    #[inline(always)]
    unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
        for (index, four) in fours.into_iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe { four.store_totals(1, less, place.add(4 * index)) };
        }
    }
}

/// Methods that differ in nothing but the names of instructions.
macro_rules! instructions {
    (
        $bytes:literal, $zero:ident, $load:ident, $and:ident, $shift:ident, $all:ident, $look_up:ident, $table:expr,
        $float:ident, $int:ident, $shuffle:ident, $add:ident, $wide:expr, $madd:ident, $low:ident, $high:ident,
        $low_16:ident, $high_16:ident, $right:ident
    ) => {
        const BYTES: usize = $bytes;

        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $zero() })
        }

        #[inline(always)]
        unsafe fn load(place: *const u8) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $load(place.cast()) })
        }

        #[inline(always)]
        unsafe fn halves(self) -> [Self; 2] {
            // SAFETY: as the caller promises.
            unsafe {
                let mask = $all(15);
                [Self($and(self.0, mask)), Self($and($shift::<4>(self.0), mask))]
            }
        }

        #[inline(always)]
        unsafe fn of_table(self, table: &[u8; 16]) -> Self {
            // SAFETY: as the caller promises; 16 bytes are read.
            unsafe {
                let table = _mm_loadu_si128(table.as_ptr().cast());
                Self($look_up($table(table), self.0))
            }
        }

        #[inline(always)]
        unsafe fn load_wide(place: *const i8) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $wide(place) })
        }

        #[inline(always)]
        unsafe fn add_wide_products(self, a: Self, b: Self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $add(self.0, $madd(a.0, b.0)) })
        }

        #[inline(always)]
        unsafe fn both(self, other: Self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $add($low(self.0, other.0), $high(self.0, other.0)) })
        }

        #[inline(always)]
        unsafe fn next(self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $right::<4>(self.0) })
        }

        #[inline(always)]
        unsafe fn in_turn(self, other: Self) -> [Self; 2] {
            // SAFETY: as the caller promises.
            unsafe { [Self($low_16(self.0, other.0)), Self($high_16(self.0, other.0))] }
        }

        #[inline(always)]
        unsafe fn fours(self, others: Self) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                let (pairs, others) = ($float(self.0), $float(others.0));
                let (even, odd) = ($shuffle::<0b10_00_10_00>(pairs, others), $shuffle::<0b11_01_11_01>(pairs, others));
                Self($add($int(even), $int(odd)))
            }
        }
    };
}

/// Sums in lanes of 16 bits: there are none beyond that, of at most 64 products of two pairs a lane.
macro_rules! sums_of_16_bits {
    ($multiply:ident, $add_16:ident, $all:ident, $madd:ident, $add:ident) => {
        #[inline(always)]
        unsafe fn add_products(self, numbers: Self, bytes: Self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $add_16(self.0, $multiply(numbers.0, bytes.0)) })
        }

        #[inline(always)]
        unsafe fn pairs(low: [Self; 2], high: [Self; 2]) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                let sums = |low: Self, high: Self| Self($add($madd(low.0, $all(1)), $madd(high.0, $all(256))));
                sums(low[0], high[0]).both(sums(low[1], high[1]))
            }
        }
    };
}

/// Sums in lanes of 32 bits, which 16 bits have room for, too.
macro_rules! sums_of_32_bits {
    ($multiply:ident, $pack:ident, $all:ident, $madd:ident, $add:ident) => {
        #[inline(always)]
        unsafe fn add_products(self, numbers: Self, bytes: Self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $multiply(self.0, numbers.0, bytes.0) })
        }

        #[inline(always)]
        unsafe fn pairs(low: [Self; 2], high: [Self; 2]) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                let (low, high) = ($pack(low[0].0, low[1].0), $pack(high[0].0, high[1].0));
                Self($add($madd(low, $all(1)), $madd(high, $all(256))))
            }
        }
    };
}

/// Weights by shifts: a code at the top of 16 bits is its weight, once that is shifted down.
macro_rules! weights_by_shifts {
    ($and:ident, $or:ident, $add:ident, $all:ident, $left:ident, $blend:ident, $down:ident) => {
        #[inline(always)]
        unsafe fn usual(self) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                // Code 10 reads as 00.
                let low = $all(0x5555_5555);
                let plus = $and(self.0, low);
                Self($and(self.0, $or($add(plus, plus), low)))
            }
        }

        #[inline(always)]
        unsafe fn weights(self) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { $down::<14>($blend::<0b1010_1010>($left::<14>(self.0), $left::<28>(self.0))) })
        }
    };
}

// Behind the macros, which they use.
mod avx2;
mod avx512;
mod sse41;

pub(super) use avx2::{Avx2, AvxVnni};
pub(super) use avx512::Avx512;
pub(super) use sse41::Sse41;
