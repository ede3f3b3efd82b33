//! The number formats of weights.

use half::{bf16, f16};

/// How the values of a tensor are stored, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// binary64.
    F64,
    /// binary32.
    F32,
    /// binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
}

impl Number {
    /// Bytes of a value.
    pub const fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }

    /// The value in `bytes` as a binary32: widened, or rounded to the nearest one, half to even. NaN where there are too
    /// few bytes.
    pub fn read(self, bytes: &[u8]) -> f32 {
        let value = match self {
            Self::F64 => bytes.first_chunk().map(|&bytes| f64::from_le_bytes(bytes) as f32),
            Self::F32 => bytes.first_chunk().map(|&bytes| f32::from_le_bytes(bytes)),
            Self::F16 => bytes.first_chunk().map(|&bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::BF16 => bytes.first_chunk().map(|&bytes| bf16::from_le_bytes(bytes).to_f32()),
        };
        value.unwrap_or(f32::NAN)
    }

    /// All values in `bytes`.
    pub fn read_all(self, bytes: &[u8]) -> Vec<f32> {
        bytes.chunks_exact(self.size()).map(|bytes| self.read(bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What IEEE 754 says about 16 bits with this many bits of exponent, in arithmetic that is exact here.
    fn by_definition(bits: u16, exponent_bits: u32) -> f64 {
        let fraction_bits = 15 - exponent_bits;
        let (exponent, fraction) = ((bits & 0x7fff) >> fraction_bits, bits & ((1 << fraction_bits) - 1));
        let (greatest, bias) = ((1 << exponent_bits) - 1, (1 << (exponent_bits - 1)) - 1);
        let share = f64::from(fraction) / f64::from(1_u16 << fraction_bits);
        let magnitude = match i32::from(exponent) {
            0 => share * 2_f64.powi(1 - bias),
            exponent if exponent == greatest && fraction == 0 => f64::INFINITY,
            exponent if exponent == greatest => f64::NAN,
            exponent => (1.0 + share) * 2_f64.powi(exponent - bias),
        };
        if bits >> 15 == 1 {
            -magnitude
        } else {
            magnitude
        }
    }

    #[test]
    fn every_value_of_16_bits_is_widened_exactly() {
        for (number, exponent_bits) in [(Number::F16, 5), (Number::BF16, 8)] {
            for bits in 0..=u16::MAX {
                let (found, expected) = (number.read(&bits.to_le_bytes()), by_definition(bits, exponent_bits));
                let same = f64::from(found) == expected && found.is_sign_negative() == (bits >> 15 == 1);
                assert!(same || found.is_nan() && expected.is_nan(), "{number:?} {bits:#06x}: {found}");
            }
        }
    }

    #[test]
    fn wide_values_are_rounded_half_to_even() {
        let read = |value: f64| Number::F64.read(&value.to_le_bytes());
        let half = f64::from(f32::EPSILON) / 2.0;
        assert_eq!(read(1.0 + half), 1.0);
        assert_eq!(read(1.0 + 3.0 * half), 1.0 + 2.0 * f32::EPSILON);
        assert_eq!(read(1.0 + half + f64::EPSILON), 1.0 + f32::EPSILON);
        assert_eq!(read(-0.1), -0.1_f32);
        assert_eq!(read(1e300), f32::INFINITY);
        assert_eq!(read(f64::from(f32::from_bits(1)) * 1.5), f32::from_bits(2));
    }

    #[test]
    fn rows_of_values_end_with_their_bytes() {
        let bytes: Vec<u8> = [1.5_f32, -2.0].into_iter().flat_map(f32::to_le_bytes).collect();
        assert_eq!(Number::F32.read_all(&bytes), [1.5, -2.0]);
        assert!(Number::F32.read(&[0; 3]).is_nan());
    }
}
