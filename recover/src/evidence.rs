//! What a file's bytes say for or against a place being packed weights, a scale or floats.

use atome_engine::Packing;

use crate::types::{Cost, BIT};

/// Information of one weight: log2 of 3, and of 7 where it is a power of 3.
const TRIT: Cost = 1_584_963;
const POWER: Cost = 2_807_355;

/// Cost of a weight behind the last one of a matrix that is not zero, as exporters leave it.
const BAD_PADDING: Cost = 12 * BIT;

/// Between a model's floats (about 28 bits on average) and packed weights taken for floats (about 41).
const MAX_MEAN_FLOAT_BITS: u64 = 36;

/// The bytes behind the header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'b> {
    body: &'b [u8],
    packing: Packing,
}

impl<'b> Evidence<'b> {
    pub(crate) fn new(body: &'b [u8], packing: Packing) -> Self {
        Self { body, packing }
    }

    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    fn bytes(&self, start: usize, len: usize) -> Option<&'b [u8]> {
        self.body.get(start..start.checked_add(len)?)
    }

    /// Number of bytes from `start` on that stand for weights, in whole groups.
    pub(crate) fn clean_from(&self, start: usize) -> usize {
        let (_, step) = self.packing.group();
        let rest = self.body.get(start..).unwrap_or_default();
        step * rest.chunks_exact(step).take_while(|group| !is_dirty(self.packing, group)).count()
    }

    /// Number of bytes right in front of `end` that stand for weights, in whole groups.
    pub(crate) fn clean_before(&self, end: usize) -> usize {
        let (_, step) = self.packing.group();
        let front = self.body.get(..end).unwrap_or_default();
        step * front.rchunks_exact(step).take_while(|group| !is_dirty(self.packing, group)).count()
    }

    /// A positive number of a size that a mean of weights can have. Exporters write at least 1e-5.
    pub(crate) fn is_scale(&self, at: usize) -> bool {
        self.bytes(at, 4).is_some_and(|bytes| (1e-6..=1e4).contains(&read_f32(bytes)))
    }

    /// Scale at `at`, then `len` bytes, whole groups, that stand for weights. Adds to `read` how many bytes it looked at.
    pub(crate) fn is_matrix(&self, at: usize, len: usize, read: &mut usize) -> bool {
        if !self.is_scale(at) {
            return false;
        }
        let (_, step) = self.packing.group();
        let Some(packed) = at.checked_add(4).and_then(|start| self.bytes(start, len)) else { return false };
        let dirty = packed.chunks_exact(step).position(|group| is_dirty(self.packing, group));
        *read += dirty.map_or(len, |group| step * group);
        dirty.is_none()
    }

    /// What it takes to write down `count` floats from `at` on, were they a model's; `None` where the file ends first.
    pub(crate) fn floats(&self, at: usize, count: usize) -> Option<Cost> {
        let floats = self.bytes(at, count.checked_mul(4)?)?;
        Some(floats.chunks_exact(4).map(|bytes| float_bits(read_f32(bytes))).sum::<u64>() * BIT)
    }

    /// Most of the `count` values from `at` on are of a size that a model's floats have. Packed weights hardly ever are.
    pub(crate) fn are_floats(&self, at: usize, count: usize) -> bool {
        self.floats(at, count).is_some_and(|cost| cost <= MAX_MEAN_FLOAT_BITS * BIT * count as u64)
    }

    /// What it takes to write down a matrix whose scale lies at `at`; `None` where a reader refuses it.
    pub(crate) fn matrix(&self, at: usize, rows: usize, cols: usize) -> Option<Cost> {
        let count = rows.checked_mul(cols)?;
        let weight = match self.packing {
            Packing::PowersOfThree => POWER,
            _ => TRIT,
        };
        Some(self.floats(at, 1)? + count as u64 * weight + self.padding(at, count)?)
    }

    fn padding(&self, at: usize, count: usize) -> Option<Cost> {
        let packed = self.bytes(at.checked_add(4)?, self.packing.len(count))?;
        if let Some(codec) = self.packing.codec() {
            return codec.fault(packed, count).is_none().then_some(0);
        }
        match (count % 4, packed.last()) {
            (used, Some(&last)) if used > 0 && last >> (2 * used) != 0 => Some(BAD_PADDING),
            _ => Some(0),
        }
    }
}

/// Whether a group of bytes stands for no weights.
fn is_dirty(packing: Packing, group: &[u8]) -> bool {
    match packing {
        Packing::TwoBits => group.iter().any(|&byte| has_invalid_code(byte)),
        Packing::BaseThree => group.iter().any(|&byte| byte > 242),
        Packing::PowersOfThree => has_code_111(group),
    }
}

/// A pair of bits whose upper one alone is set.
const fn has_invalid_code(byte: u8) -> bool {
    (byte >> 1) & !byte & 0x55 != 0
}

/// Three bits, from the lowest on, that are all set.
fn has_code_111(group: &[u8]) -> bool {
    let word = group.iter().rev().fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
    word & word >> 1 & word >> 2 & 0o11_111_111 != 0
}

fn read_f32(bytes: &[u8]) -> f32 {
    bytes.first_chunk().map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes))
}

/// Bits of one float: sign, 23 bits of fraction, and few for the exponent where it is an ordinary one. Packed weights
/// taken for a float mostly have an exponent far from that.
fn float_bits(value: f32) -> u64 {
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
    fn what_is_dirty_is_what_readers_refuse() {
        for word in (0..1_u32 << 24).step_by(37) {
            let [a, b, c, _] = word.to_le_bytes();
            for (packing, group) in [(Packing::BaseThree, &[a][..]), (Packing::PowersOfThree, &[a, b, c][..])] {
                let fault = packing.codec().unwrap().fault(group, packing.group().0);
                assert_eq!(is_dirty(packing, group), fault.is_some(), "{packing:?} {group:x?}");
            }
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
    }

    #[test]
    fn clean_runs_of_groups_are_counted_from_both_ends() {
        // Clean but for the code 111 in the second group from offset 1.
        let evidence = Evidence::new(&[0, 1, 0, 0, 7, 0, 0, 1, 0, 0], Packing::PowersOfThree);
        assert_eq!((evidence.clean_from(1), evidence.clean_from(7)), (3, 3));
        assert_eq!((evidence.clean_before(10), evidence.clean_before(4)), (3, 3));
        let evidence = Evidence::new(&[3, 243, 242, 121, 255], Packing::BaseThree);
        assert_eq!((evidence.clean_from(0), evidence.clean_from(2), evidence.clean_before(4)), (1, 2, 2));
    }

    #[test]
    fn a_matrix_is_a_scale_and_clean_weights_within_the_file() {
        let mut body = 0.5_f32.to_le_bytes().to_vec();
        body.extend([0x15, 0x11, 0x80]);
        let is_matrix = |at, len| {
            let mut read = 0;
            (Evidence::new(&body, Packing::TwoBits).is_matrix(at, len, &mut read), read)
        };
        assert_eq!(is_matrix(0, 2), (true, 2));
        assert_eq!(is_matrix(0, 3), (false, 2));
        assert_eq!(is_matrix(0, 4), (false, 0));
        assert_eq!(is_matrix(1, 1), (false, 0));
        assert_eq!(is_matrix(usize::MAX, 1), (false, 0));
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
            assert_eq!(evidence.floats(shift, 3), Some((27 + 20 + 44) * BIT));
            assert_eq!(evidence.floats(shift, 4), None);
        }
    }

    #[test]
    fn weights_behind_the_last_one_cost_or_are_refused() {
        let file = |last: u8| [&0.5_f32.to_le_bytes()[..], &[0x15, last]].concat();
        let cost = |last, packing| Evidence::new(&file(last), packing).matrix(0, 1, 6);
        let whole = cost(0x05, Packing::TwoBits);
        assert_eq!(whole, Some(27 * BIT + 6 * TRIT));
        assert_eq!(cost(0x15, Packing::TwoBits), whole.map(|cost| cost + BAD_PADDING));
        // The digits 1, which stand for 0, behind the first.
        assert_eq!(cost(3 + 9 + 27 + 81, Packing::BaseThree), whole);
        assert_eq!(cost(0, Packing::BaseThree), None);
    }
}
