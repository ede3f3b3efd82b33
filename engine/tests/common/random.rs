//! Random numbers for the tests, of this crate's own modules too: seeded, so that a failure repeats.

use std::vec::Vec;

/// Values that no model should meet, and that show when an addition is left out, added or moved.
pub const HOSTILE: [f32; 16] = [
    0.0,
    -0.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::MAX,
    f32::MIN,
    1.7e38,
    1e-45,
    -1e-45,
    -1e-40,
    f32::MIN_POSITIVE,
    -1.0,
    1e30,
    1.2676505e30, // 2^100, from which on a host's kernel leaves the work to the definition
    1.2676504e30, // the float below it
];

/// SplitMix64.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn word(&mut self) -> u32 {
        self.next() as u32
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Between -1 and 1.
    pub fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Roughly normal, standard deviation 1.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| 0.5 * self.float()).sum()
    }

    pub fn sign(&mut self) -> f32 {
        [1.0, -1.0][self.below(2)]
    }

    /// Mostly between -1 and 1, now and then of another size; where it is to be `hostile`, sometimes what breaks careless
    /// arithmetic.
    pub fn value(&mut self, hostile: bool) -> f32 {
        match self.below(16) {
            0 | 1 if hostile => HOSTILE[self.below(HOSTILE.len())],
            2 if hostile => f32::from_bits(self.word()),
            3 if hostile => f32::from_bits(self.word() & 0x807f_ffff),
            4 | 5 => self.float() * 2.0_f32.powi(self.below(60) as i32 - 30),
            _ => self.float(),
        }
    }

    pub fn values(&mut self, count: usize, hostile: bool) -> Vec<f32> {
        (0..count).map(|_| self.value(hostile)).collect()
    }
}

/// The bits of floats, for comparison: which NaN one is, is not part of the contract.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
}
