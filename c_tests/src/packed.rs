//! The formats' packings, written from their description and not with the engine's own code.

use fastrand::Rng;

use crate::compiled_references::IS_OURS;

/// How a model's weights lie in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// ATOME01.
    TwoBits,
    /// ATOME02.
    Base3,
    /// ATOMEP3.
    PowersOf3,
}

/// Bytes of a magic and of the embedding's scale: packed weights follow.
const FIRST_PACKED: usize = 7 + 4;

impl Packing {
    pub const ALL: [Self; 3] = [Self::TwoBits, Self::Base3, Self::PowersOf3];

    /// ATOME01 half of the time. A C99 engine of the user's, which mostly knows no other, is left out of the others' calls:
    /// they are rare then.
    pub fn random(rng: &mut Rng) -> Self {
        let is_plain = if IS_OURS { rng.bool() } else { rng.u32(..16) > 0 };
        if is_plain {
            Self::TwoBits
        } else {
            Self::ALL[rng.usize(..Self::ALL.len())]
        }
    }

    /// First bytes of a file.
    pub fn magic(self) -> &'static [u8; 7] {
        match self {
            Self::TwoBits => b"ATOME01",
            Self::Base3 => b"ATOME02",
            Self::PowersOf3 => b"ATOMEP3",
        }
    }

    /// That of a file; two bits for a classifier.
    pub fn of_file(file: &[u8]) -> Self {
        match file.get(..7) {
            Some(b"ATOME02") => Self::Base3,
            Some(b"ATOMEP3") => Self::PowersOf3,
            _ => Self::TwoBits,
        }
    }

    /// Every weight that it can write, a code's number being its place.
    pub fn weights(self) -> &'static [i8] {
        match self {
            Self::TwoBits => &[0, 1, 0, -1],
            Self::Base3 => &[-1, 0, 1],
            Self::PowersOf3 => &[0, 1, -1, 3, -3, 9, -9],
        }
    }

    /// Bytes of so many weights.
    fn len(self, count: usize) -> usize {
        match self {
            Self::TwoBits => count.div_ceil(4),
            Self::Base3 => count.div_ceil(5),
            Self::PowersOf3 => count.div_ceil(8) * 3,
        }
    }

    /// Weights as they lie in a file.
    pub fn pack(self, weights: &[i8]) -> Vec<u8> {
        let mut bytes = vec![0; self.len(weights.len())];
        if self == Self::Base3 {
            bytes.fill(121);
        }
        for (index, &weight) in weights.iter().enumerate() {
            let code = self.weights().iter().position(|&value| value == weight).expect("a weight of this packing");
            self.put(&mut bytes, index, code);
        }
        bytes
    }

    /// The code of weight `index`.
    fn code(self, packed: &[u8], index: usize) -> usize {
        match self {
            Self::TwoBits => usize::from(packed[index / 4] >> (2 * (index % 4)) & 3),
            Self::Base3 => usize::from(packed[index / 5]) / 3_usize.pow((index % 5) as u32) % 3,
            Self::PowersOf3 => {
                (0..3).map(|bit| usize::from(packed[(3 * index + bit) / 8] >> ((3 * index + bit) % 8) & 1) << bit).sum()
            }
        }
    }

    /// Replaces the code of weight `index`.
    fn put(self, packed: &mut [u8], index: usize, code: usize) {
        let old = self.code(packed, index);
        match self {
            Self::TwoBits => packed[index / 4] ^= ((old ^ code) << (2 * (index % 4))) as u8,
            Self::Base3 => {
                let place = 3_i32.pow((index % 5) as u32);
                let byte = &mut packed[index / 5];
                *byte = (i32::from(*byte) + (code as i32 - old as i32) * place) as u8;
            }
            Self::PowersOf3 => {
                for bit in (0..3).filter(|bit| (old ^ code) >> bit & 1 == 1) {
                    packed[(3 * index + bit) / 8] ^= 1 << ((3 * index + bit) % 8);
                }
            }
        }
    }
}

/// The file with its very last weight changed: the last weight of the unembedding, or of a classifier's head.
pub fn with_last_weight_changed(file: &[u8], rows: usize, cols: usize) -> Vec<u8> {
    let packing = Packing::of_file(file);
    let mut changed = file.to_vec();
    let start = file.len() - packing.len(rows * cols);
    let last = rows * cols - 1;
    let old = packing.code(&file[start..], last);
    // Of two bits: between 00 and 01, or between 10 (which reads as 0) and 11.
    let new = if packing == Packing::TwoBits { old ^ 1 } else { (old + 1) % packing.weights().len() };
    packing.put(&mut changed[start..], last, new);
    changed
}

/// The file with a byte of its embedding, of `count` weights, that stands for no weights; `None` where every byte does.
pub fn malformed(file: &[u8], count: usize, rng: &mut Rng) -> Option<Vec<u8>> {
    let packing = Packing::of_file(file);
    let mut data = file.to_vec();
    match packing {
        Packing::TwoBits => return None,
        Packing::Base3 => data[FIRST_PACKED + rng.usize(..packing.len(count))] = rng.u8(243..),
        Packing::PowersOf3 => packing.put(&mut data[FIRST_PACKED..], rng.usize(..count.next_multiple_of(8)), 7),
    }
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_weights_are_those_of_the_description() {
        let weights = [1, -1, 0, 0, 1, -1];
        assert_eq!(Packing::TwoBits.pack(&weights), [0b00_00_11_01, 0b11_01]);
        assert_eq!(Packing::Base3.pack(&weights), [2 + 9 + 27 + 2 * 81, 3 + 9 + 27 + 81]);
        let [a, b, c, _] = 0b110_101_100_011_010_001_000_u32.to_le_bytes();
        assert_eq!(Packing::PowersOf3.pack(&[0, 1, -1, 3, -3, 9, -9]), [a, b, c]);
    }

    #[test]
    fn the_changed_weight_is_a_weight() {
        let file = [9, 9, 9, 9, 0b11_01_00_11, 0b10];
        assert_eq!(with_last_weight_changed(&file, 5, 1), [9, 9, 9, 9, 0b11_01_00_11, 0b11]);
        assert_eq!(with_last_weight_changed(&file[..5], 1, 3), [9, 9, 9, 9, 0b11_00_00_11]);
        for packing in [Packing::Base3, Packing::PowersOf3] {
            for &last in packing.weights() {
                let file = [&packing.magic()[..], &packing.pack(&[1, 0, -1, 1, 1, -1, last])].concat();
                let changed = with_last_weight_changed(&file, 7, 1);
                let differing =
                    (0..7).filter(|&index| packing.code(&file[7..], index) != packing.code(&changed[7..], index));
                assert_eq!(differing.collect::<Vec<_>>(), [6]);
                assert!(packing.code(&changed[7..], 6) < packing.weights().len());
            }
        }
    }
}
