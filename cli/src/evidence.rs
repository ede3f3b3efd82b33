//! What a file's bytes say for or against a place being packed weights, a scale or floats.
//!
//! Everything is answered from running sums, so that a question about a range costs two look-ups.

use std::ops::Range;

use atome_engine::Packing;

/// Information of one weight, in bits: log2 of 3, and of 7 where it is a power of 3.
const TRIT_BITS: f64 = 1.584_962_500_721_156;
const POWER_BITS: f64 = 2.807_354_922_057_604;

/// Cost of a weight behind the last one of a matrix that is not zero, as exporters leave it.
const BAD_PADDING_BITS: f64 = 12.0;

/// Between a model's floats (about 28 bits on average) and packed weights taken for floats (about 41).
const MOST_MEAN_FLOAT_BITS: f64 = 36.0;

/// The bytes behind the header, and running sums over them.
pub struct Evidence<'b> {
    body: &'b [u8],
    packing: Packing,
    /// How many of the bytes in front of an offset stand for no weights; of groups of bytes, where a weight may lie across
    /// two of them, in steps of a group back from there.
    dirty: Vec<u32>,
    /// Cost in bits of reading the bytes in front of an offset as floats, in steps of four bytes back from there.
    float_bits: Vec<u32>,
}

impl<'b> Evidence<'b> {
    pub fn new(body: &'b [u8], packing: Packing) -> Self {
        let (_, step) = packing.group();
        let mut dirty = vec![0; body.len() + 1];
        for (start, group) in body.windows(step).enumerate() {
            if let [from, .., to] = &mut dirty[start..=start + step] {
                *to = *from + u32::from(is_dirty(packing, group));
            }
        }
        let mut float_bits = vec![0_u32; body.len() + 1];
        for (start, bytes) in body.windows(4).enumerate() {
            let cost = float_cost(read_f32(bytes));
            if let [from, .., to] = &mut float_bits[start..=start + 4] {
                *to = from.wrapping_add(cost);
            }
        }
        Self { body, packing, dirty, float_bits }
    }

    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// All bytes of the range, whole groups, stand for weights; false where the range leaves the file.
    pub fn is_clean(&self, range: Range<usize>) -> bool {
        match (self.dirty.get(range.start), self.dirty.get(range.end)) {
            (Some(before), Some(through)) => before == through,
            _ => false,
        }
    }

    /// How many bytes from `start` on are clean.
    pub fn clean_from(&self, start: usize) -> usize {
        let (_, step) = self.packing.group();
        let Some(rest) = self.dirty.get(start..) else { return 0 };
        let before = rest.first().copied().unwrap_or(0);
        step * rest.iter().step_by(step).take_while(|&&count| count == before).count().saturating_sub(1)
    }

    /// How many bytes right in front of `end` are clean.
    pub fn clean_before(&self, end: usize) -> usize {
        let (_, step) = self.packing.group();
        let Some(front) = self.dirty.get(..=end) else { return 0 };
        let through = front.last().copied().unwrap_or(0);
        step * front.iter().rev().step_by(step).take_while(|&&count| count == through).count().saturating_sub(1)
    }

    /// A positive number of a size that a mean of weights can have. Exporters write at least 1e-5.
    pub fn is_scale(&self, at: usize) -> bool {
        at.checked_add(4)
            .and_then(|end| self.body.get(at..end))
            .is_some_and(|bytes| (1e-6..=1e4).contains(&read_f32(bytes)))
    }

    /// Scale at `at`, then clean packed weights of `len` bytes.
    pub fn is_matrix(&self, at: usize, len: usize) -> bool {
        self.is_scale(at) && self.is_clean(at + 4..at + 4 + len)
    }

    /// Bits that it takes to write down `count` floats from `at` on, were they a model's.
    pub fn floats_bits(&self, at: usize, count: usize) -> f64 {
        match (self.float_bits.get(at), self.float_bits.get(at + 4 * count)) {
            (Some(from), Some(to)) => f64::from(to.wrapping_sub(*from)),
            _ => f64::INFINITY,
        }
    }

    /// Most of the `count` values from `at` on are of a size that a model's floats have. Packed weights hardly ever are.
    pub fn are_floats(&self, at: usize, count: usize) -> bool {
        self.floats_bits(at, count) <= MOST_MEAN_FLOAT_BITS * count as f64
    }

    /// Bits that it takes to write down a matrix whose scale lies at `at`.
    pub fn matrix_bits(&self, at: usize, rows: usize, cols: usize) -> f64 {
        let count = rows * cols;
        let weights = match self.packing {
            Packing::PowersOfThree => POWER_BITS,
            _ => TRIT_BITS,
        };
        self.floats_bits(at, 1) + count as f64 * weights + self.padding_bits(at, count)
    }

    fn padding_bits(&self, at: usize, count: usize) -> f64 {
        if let Some(codec) = self.packing.codec() {
            // A reader refuses such a file.
            let packed = self.body.get(at + 4..at + 4 + self.packing.len(count));
            return if packed.is_some_and(|packed| codec.fault(packed, count).is_none()) { 0.0 } else { f64::INFINITY };
        }
        match (count % 4, self.body.get(at + 4 + count / 4)) {
            (0, _) => 0.0,
            (used, Some(&last)) if last >> (2 * used) == 0 => 0.0,
            _ => BAD_PADDING_BITS,
        }
    }
}

/// Whether a group of bytes stands for no weights.
fn is_dirty(packing: Packing, group: &[u8]) -> bool {
    match packing.codec() {
        None => group.iter().any(|&byte| has_invalid_code(byte)),
        Some(codec) => codec.fault(group, packing.group().0).is_some(),
    }
}

/// A pair of bits whose upper one alone is set.
pub const fn has_invalid_code(byte: u8) -> bool {
    (byte >> 1) & !byte & 0x55 != 0
}

fn read_f32(bytes: &[u8]) -> f32 {
    bytes.first_chunk().map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes))
}

/// Bits of one float: sign, 23 bits of fraction, and few for the exponent where it is an ordinary one. Packed weights
/// taken for a float mostly have an exponent far from that.
fn float_cost(value: f32) -> u32 {
    let magnitude = value.abs();
    if value == 0.0 {
        20
    } else if (1e-3..=8.0).contains(&magnitude) {
        27
    } else if (1e-6..=1e3).contains(&magnitude) {
        30
    } else if (1e-12..=1e6).contains(&magnitude) {
        36
    } else {
        44
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_codes_are_seen_in_every_place() {
        for byte in 0..=255_u8 {
            let expected = (0..4).any(|place| byte >> (2 * place) & 3 == 0b10);
            assert_eq!(has_invalid_code(byte), expected, "{byte:#010b}");
        }
    }

    #[test]
    fn clean_runs_end_at_the_first_invalid_code() {
        let evidence = Evidence::new(&[0x15, 0x80, 0x11, 0x3f, 0x02, 0x00], Packing::TwoBits);
        assert_eq!(evidence.clean_from(0), 1);
        assert_eq!(evidence.clean_from(1), 0);
        assert_eq!(evidence.clean_from(2), 2);
        assert_eq!(evidence.clean_from(5), 1);
        assert_eq!(evidence.clean_from(9), 0);
        assert_eq!(evidence.clean_before(6), 1);
        assert_eq!(evidence.clean_before(5), 0);
        assert_eq!(evidence.clean_before(4), 2);
        assert!(evidence.is_clean(2..4) && !evidence.is_clean(2..5) && !evidence.is_clean(5..7));
    }

    #[test]
    fn clean_runs_of_groups_are_counted_from_both_ends() {
        // Clean but for the code 111 in the second group from offset 1.
        let evidence = Evidence::new(&[0, 1, 0, 0, 7, 0, 0, 1, 0, 0], Packing::PowersOfThree);
        assert_eq!((evidence.clean_from(1), evidence.clean_from(7)), (3, 3));
        assert_eq!((evidence.clean_before(10), evidence.clean_before(4)), (3, 3));
        assert!(evidence.is_clean(1..4) && !evidence.is_clean(1..7) && evidence.is_clean(7..10));
        let evidence = Evidence::new(&[3, 243, 242, 121, 255], Packing::BaseThree);
        assert_eq!((evidence.clean_from(0), evidence.clean_from(2), evidence.clean_before(4)), (1, 2, 2));
    }

    #[test]
    fn packed_weights_are_no_floats() {
        let bytes: Vec<u8> = (0..=255).filter(|&byte| !has_invalid_code(byte)).collect();
        assert!(!Evidence::new(&bytes, Packing::TwoBits).are_floats(0, bytes.len() / 4));
        let bytes: Vec<u8> = (-20..20).flat_map(|value| (value as f32 / 100.0).to_le_bytes()).collect();
        assert!(Evidence::new(&bytes, Packing::TwoBits).are_floats(0, 40));
    }

    #[test]
    fn float_ranges_add_up() {
        let bytes: Vec<u8> = [0.5_f32, 0.0, f32::NAN].iter().flat_map(|value| value.to_le_bytes()).collect();
        for shift in 0..4 {
            let mut body = vec![0x55; shift];
            body.extend(&bytes);
            let evidence = Evidence::new(&body, Packing::TwoBits);
            assert_eq!(evidence.floats_bits(shift, 3), f64::from(27 + 20 + 44));
        }
    }
}
