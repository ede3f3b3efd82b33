//! Made-up inputs: the same on every target, at a cost of a few bytes of flash.

use core::hint::black_box;

/// Values that no model should meet, and that show when an addition is left out, added or moved.
const HOSTILE: [u32; 9] = [
    0x8000_0000, // -0
    0x7f80_0000, // inf
    0xff80_0000, // -inf
    0x7fc0_0000, // NaN
    0x7f7f_ffff, // the greatest float
    0xff7f_ffff, // the least
    0x0000_0001, // the smallest above 0
    0x8070_0000, // subnormal
    0x7180_0000, // 2^100, from which on a host's kernels leave the work to the definition
];

/// A linear congruential generator (Numerical Recipes), whose upper bits are used.
pub(super) struct Random {
    state: u32,
    /// One value in 16 is out of [`HOSTILE`].
    is_hostile: bool,
}

impl Random {
    pub(super) fn new(seed: u32, is_hostile: bool) -> Self {
        // Hidden from the compiler, which must not compute in advance what the target is to compute.
        Self { state: black_box(seed), is_hostile }
    }

    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state >> 8
    }

    /// ±[1, 2) times a power of two from 2^-4 to 2^3: sums of a few are rounded at almost every step.
    fn float(&mut self) -> f32 {
        let bits = self.next();
        if self.is_hostile && bits.is_multiple_of(16) {
            let index = (bits >> 4) as usize % HOSTILE.len();
            return f32::from_bits(HOSTILE.get(index).copied().unwrap_or(0));
        }
        // Bits that are not of the significand choose sign and exponent.
        let choice = self.next();
        let exponent = 123 + (choice >> 4 & 7);
        f32::from_bits((choice & 1) << 31 | exponent << 23 | bits >> 1)
    }

    pub(super) fn floats(&mut self, out: &mut [f32]) {
        for value in out {
            *value = self.float();
        }
    }

    /// The same as they lie in a file.
    pub(super) fn float_bytes(&mut self, out: &mut [u8]) {
        for bytes in out.as_chunks_mut::<4>().0 {
            *bytes = self.float().to_le_bytes();
        }
    }

    pub(super) fn bytes(&mut self, out: &mut [u8]) {
        for byte in out {
            *byte = (self.next() >> 8) as u8;
        }
    }
}
