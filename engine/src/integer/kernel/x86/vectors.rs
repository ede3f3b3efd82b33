//! Vectors of codes, and of what they are multiplied by.

use core::arch::x86_64::*;

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

/// SSE4.1 and what came before.
#[derive(Clone, Copy)]
pub(super) struct Sse41(__m128i);
/// AVX2.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256i);
/// AVX2 and AVX-VNNI.
#[derive(Clone, Copy)]
pub(super) struct AvxVnni(__m256i);
/// AVX-512 F, BW and VNNI.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512i);

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

impl Vectors for Sse41 {
    instructions!(
        16,
        _mm_setzero_si128,
        _mm_loadu_si128,
        _mm_and_si128,
        _mm_srli_epi16,
        _mm_set1_epi8,
        _mm_shuffle_epi8,
        core::convert::identity,
        _mm_castsi128_ps,
        _mm_castps_si128,
        _mm_shuffle_ps,
        _mm_add_epi32,
        |place: *const i8| _mm_cvtepi8_epi16(_mm_loadl_epi64(place.cast())),
        _mm_madd_epi16,
        _mm_unpacklo_epi64,
        _mm_unpackhi_epi64,
        _mm_unpacklo_epi16,
        _mm_unpackhi_epi16,
        _mm_srli_epi32
    );
    sums_of_16_bits!(_mm_maddubs_epi16, _mm_add_epi16, _mm_set1_epi16, _mm_madd_epi16, _mm_add_epi32);

    weights_by_shifts!(
        _mm_and_si128,
        _mm_or_si128,
        _mm_add_epi32,
        _mm_set1_epi32,
        _mm_slli_epi32,
        _mm_blend_epi16,
        _mm_srai_epi16
    );

    #[inline(always)]
    unsafe fn load_parts(place: *const u8, _: usize) -> Self {
        // SAFETY: as the caller promises.
        Self(unsafe { _mm_loadu_si128(place.cast()) })
    }

    #[inline(always)]
    unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let words = _mm_shuffle_epi8(self.0, _mm_loadu_si128(bytes.as_ptr().cast()));
            // To the left, by what is left of 6, and to the right by 6: no more than 26 bits count.
            let factors = shifts.map(|shift| 1 << (6 - shift));
            Self(_mm_srli_epi32::<6>(_mm_mullo_epi32(words, _mm_loadu_si128(factors.as_ptr().cast()))))
        }
    }

    #[inline(always)]
    unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            _mm_storeu_si128(place.cast(), self.0);
            _mm_storeu_si128(place.add(4).cast(), other.0);
        }
    }

    #[inline(always)]
    unsafe fn store_totals(self, _: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { _mm_storeu_si128(place.cast(), _mm_sub_epi32(self.0, _mm_set1_epi32(less))) }
    }
}

/// Methods that AVX2 has alone.
macro_rules! parts_of_two {
    () => {
        #[inline(always)]
        unsafe fn load_parts(place: *const u8, step: usize) -> Self {
            // SAFETY: as the caller promises.
            Self(unsafe { _mm256_loadu2_m128i(place.add(step).cast(), place.cast()) })
        }

        #[inline(always)]
        unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
            // SAFETY: as the caller promises.
            unsafe {
                let bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast()));
                let shifts = _mm256_broadcastsi128_si256(_mm_loadu_si128(shifts.as_ptr().cast()));
                Self(_mm256_srlv_epi32(_mm256_shuffle_epi8(self.0, bytes), shifts))
            }
        }

        #[inline(always)]
        unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
            // SAFETY: as the caller promises.
            unsafe {
                _mm256_storeu_si256(place.cast(), _mm256_permute2x128_si256::<0x20>(self.0, other.0));
                _mm256_storeu_si256(place.add(8).cast(), _mm256_permute2x128_si256::<0x31>(self.0, other.0));
            }
        }
    };
}

/// [`Vectors::store_totals`] of two parts.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn store_totals_of_two(sums: __m256i, rows: usize, less: i32, place: *mut i32) {
    // SAFETY: as the caller promises.
    unsafe {
        if rows == 1 {
            let totals = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
            _mm_storeu_si128(place.cast(), _mm_sub_epi32(totals, _mm_set1_epi32(less)));
        } else {
            let totals = _mm256_permutevar8x32_epi32(sums, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
            _mm256_storeu_si256(place.cast(), _mm256_sub_epi32(totals, _mm256_set1_epi32(less)));
        }
    }
}

/// [`Vectors::store_fours`] of two parts.
///
/// # Safety
/// As [`Vectors`].
#[inline(always)]
unsafe fn store_fours_of_two(fours: [__m256i; 4], less: i32, place: *mut i32) {
    for (index, [a, b]) in fours.as_chunks::<2>().0.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe {
            let (first, second) =
                (_mm256_permute2x128_si256::<0x20>(*a, *b), _mm256_permute2x128_si256::<0x31>(*a, *b));
            let totals = _mm256_sub_epi32(_mm256_add_epi32(first, second), _mm256_set1_epi32(less));
            _mm256_storeu_si256(place.add(8 * index).cast(), totals);
        }
    }
}

impl Vectors for Avx2 {
    instructions!(
        32,
        _mm256_setzero_si256,
        _mm256_loadu_si256,
        _mm256_and_si256,
        _mm256_srli_epi16,
        _mm256_set1_epi8,
        _mm256_shuffle_epi8,
        _mm256_broadcastsi128_si256,
        _mm256_castsi256_ps,
        _mm256_castps_si256,
        _mm256_shuffle_ps,
        _mm256_add_epi32,
        |place: *const i8| _mm256_cvtepi8_epi16(_mm_loadu_si128(place.cast())),
        _mm256_madd_epi16,
        _mm256_unpacklo_epi64,
        _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi16,
        _mm256_unpackhi_epi16,
        _mm256_srli_epi32
    );
    sums_of_16_bits!(_mm256_maddubs_epi16, _mm256_add_epi16, _mm256_set1_epi16, _mm256_madd_epi16, _mm256_add_epi32);

    weights_by_shifts!(
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_add_epi32,
        _mm256_set1_epi32,
        _mm256_slli_epi32,
        _mm256_blend_epi16,
        _mm256_srai_epi16
    );
    parts_of_two!();

    #[inline(always)]
    unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { store_totals_of_two(self.0, rows, less, place) }
    }

    #[inline(always)]
    unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { store_fours_of_two(fours.map(|four| four.0), less, place) }
    }
}

impl Vectors for AvxVnni {
    instructions!(
        32,
        _mm256_setzero_si256,
        _mm256_loadu_si256,
        _mm256_and_si256,
        _mm256_srli_epi16,
        _mm256_set1_epi8,
        _mm256_shuffle_epi8,
        _mm256_broadcastsi128_si256,
        _mm256_castsi256_ps,
        _mm256_castps_si256,
        _mm256_shuffle_ps,
        _mm256_add_epi32,
        |place: *const i8| _mm256_cvtepi8_epi16(_mm_loadu_si128(place.cast())),
        _mm256_madd_epi16,
        _mm256_unpacklo_epi64,
        _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi16,
        _mm256_unpackhi_epi16,
        _mm256_srli_epi32
    );
    sums_of_32_bits!(
        _mm256_dpbusd_avx_epi32,
        _mm256_packs_epi32,
        _mm256_set1_epi16,
        _mm256_madd_epi16,
        _mm256_add_epi32
    );

    weights_by_shifts!(
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_add_epi32,
        _mm256_set1_epi32,
        _mm256_slli_epi32,
        _mm256_blend_epi16,
        _mm256_srai_epi16
    );
    parts_of_two!();

    #[inline(always)]
    unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { store_totals_of_two(self.0, rows, less, place) }
    }

    #[inline(always)]
    unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { store_fours_of_two(fours.map(|four| four.0), less, place) }
    }
}

impl Vectors for Avx512 {
    instructions!(
        64,
        _mm512_setzero_si512,
        _mm512_loadu_si512,
        _mm512_and_si512,
        _mm512_srli_epi16,
        _mm512_set1_epi8,
        _mm512_shuffle_epi8,
        _mm512_broadcast_i32x4,
        _mm512_castsi512_ps,
        _mm512_castps_si512,
        _mm512_shuffle_ps,
        _mm512_add_epi32,
        |place: *const i8| _mm512_cvtepi8_epi16(_mm256_loadu_si256(place.cast())),
        _mm512_madd_epi16,
        _mm512_unpacklo_epi64,
        _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi16,
        _mm512_unpackhi_epi16,
        _mm512_srli_epi32
    );
    sums_of_32_bits!(_mm512_dpbusd_epi32, _mm512_packs_epi32, _mm512_set1_epi16, _mm512_madd_epi16, _mm512_add_epi32);

    #[inline(always)]
    unsafe fn load_parts(place: *const u8, step: usize) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let part = |index: usize| _mm_loadu_si128(place.add(index * step).cast());
            let all = _mm512_castsi128_si512(part(0));
            let all = _mm512_inserti32x4::<1>(all, part(1));
            let all = _mm512_inserti32x4::<2>(all, part(2));
            Self(_mm512_inserti32x4::<3>(all, part(3)))
        }
    }

    #[inline(always)]
    unsafe fn words(self, bytes: &[u8; 16], shifts: &[i32; 4]) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            let bytes = _mm512_broadcast_i32x4(_mm_loadu_si128(bytes.as_ptr().cast()));
            let shifts = _mm512_broadcast_i32x4(_mm_loadu_si128(shifts.as_ptr().cast()));
            Self(_mm512_srlv_epi32(_mm512_shuffle_epi8(self.0, bytes), shifts))
        }
    }

    #[inline(always)]
    unsafe fn usual(self) -> Self {
        self
    }

    #[inline(always)]
    unsafe fn weights(self) -> Self {
        // SAFETY: as the caller promises; all of the table is read.
        unsafe { Self(_mm512_permutexvar_epi32(self.0, _mm512_loadu_si512(PAIRS.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn store_in_turn(self, other: Self, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            let first = _mm512_permutex2var_epi64(self.0, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), other.0);
            let second = _mm512_permutex2var_epi64(self.0, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), other.0);
            _mm512_storeu_si512(place.cast(), first);
            _mm512_storeu_si512(place.add(16).cast(), second);
        }
    }

    #[inline(always)]
    unsafe fn store_totals(self, rows: usize, less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            match rows {
                1 => {
                    let halves = (_mm512_castsi512_si256(self.0), _mm512_extracti64x4_epi64::<1>(self.0));
                    store_totals_of_two(_mm256_add_epi32(halves.0, halves.1), 1, less, place);
                }
                2 => {
                    let others = _mm512_shuffle_i32x4::<0b10_11_00_01>(self.0, self.0);
                    let from = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 0, 8, 1, 9, 2, 10, 3, 11);
                    let totals = _mm512_permutexvar_epi32(from, _mm512_add_epi32(self.0, others));
                    let totals = _mm256_sub_epi32(_mm512_castsi512_si256(totals), _mm256_set1_epi32(less));
                    _mm256_storeu_si256(place.cast(), totals);
                }
                _ => {
                    let from = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                    let totals = _mm512_permutexvar_epi32(from, self.0);
                    _mm512_storeu_si512(place.cast(), _mm512_sub_epi32(totals, _mm512_set1_epi32(less)));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn store_fours(fours: [Self; 4], less: i32, place: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe {
            let [a, b, c, d] = fours.map(|four| four.0);
            let (low, high) = (halves_of_parts(a, b), halves_of_parts(c, d));
            let totals = _mm512_sub_epi32(halves_of_parts(low, high), _mm512_set1_epi32(less));
            _mm512_storeu_si512(place.cast(), totals);
        }
    }
}

/// Parts added up by twos: of one vector, then of the other.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn halves_of_parts(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as the caller promises.
    unsafe {
        let (even, odd) = (_mm512_shuffle_i32x4::<0b10_00_10_00>(a, b), _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b));
        _mm512_add_epi32(even, odd)
    }
}

/// Weights of two codes, in 16 bits each, by the codes.
static PAIRS: [i32; 16] = pairs();

const fn pairs() -> [i32; 16] {
    const WEIGHTS: [i32; 4] = [0, 1, 0, -1];
    let mut pairs = [0; 16];
    let mut codes = 0;
    while codes < 16 {
        pairs[codes] = WEIGHTS[codes & 3] & 0xffff | WEIGHTS[codes >> 2] << 16;
        codes += 1;
    }
    pairs
}
