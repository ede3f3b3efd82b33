//! A 64-bit fingerprint of a model, to tell whether cached work belongs to it.
//!
//! Made for speed on 64-bit hosts and acceptable cost on a Cortex-M0, not against an adversary: every step is a bijection
//! of the lane it changes, so two blobs that differ in one eight-byte word never share a fingerprint, and others do with
//! a chance of about 2^-64.

use crate::bytes::read_u64;
use crate::shape::Shape;

/// On a 64-bit processor, eight lanes hide the latency of the multiplication; elsewhere there is none to hide.
const LANES: usize = if usize::BITS < 64 { 1 } else { 8 };
const STRIPE: usize = 8 * LANES;

/// Odd, so that multiplying by it loses nothing; the fractional bits of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A call where multiplying 64 bits takes a dozen instructions.
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(target_pointer_width = "32", inline(never))]
const fn fold(lane: u64, word: u64) -> u64 {
    (lane ^ word).wrapping_mul(MULTIPLIER).rotate_left(29)
}

/// A fingerprint in the making.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint {
    hash: u64,
}

impl Fingerprint {
    /// Starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { hash: seed }
    }

    /// Starts from every number that changes what a file's bytes mean.
    pub fn of_shape(shape: &Shape) -> Self {
        let mut start = Self::new(0);
        for (_, size) in shape.dims().named() {
            start.word(size as u64);
        }
        start
    }

    /// Adds one number.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        self.hash = fold(self.hash, word);
    }

    /// Adds a run of bytes and its length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let mut lanes = core::array::from_fn(|lane| self.hash ^ lane as u64);
        // Where code has to be small, all stripes take the way of the last one, which may be shorter.
        let (stripes, rest) = if cfg!(small) { (Default::default(), bytes) } else { bytes.as_chunks::<STRIPE>() };
        for stripe in stripes {
            absorb(&mut lanes, stripe);
        }
        for stripe in rest.chunks(STRIPE) {
            for (index, lane) in lanes.iter_mut().enumerate() {
                *lane = fold(*lane, word_of(stripe.get(8 * index..).unwrap_or_default()));
            }
        }
        if let [lane] = lanes[..] {
            self.hash = lane;
        } else {
            for lane in lanes {
                self.word(lane);
            }
        }
        self.word(bytes.len() as u64);
    }

    /// The fingerprint; never 0, which stands for "unknown".
    pub const fn finish(self) -> u64 {
        self.hash | (self.hash == 0) as u64
    }
}

#[inline]
fn absorb(lanes: &mut [u64; LANES], stripe: &[u8; STRIPE]) {
    for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
        *lane = fold(*lane, read_u64(word));
    }
}

/// The first eight bytes, of which zeros stand for those that are not there.
#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => read_u64(word),
        None => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// The fingerprint of `bytes` alone. Never 0.
#[inline(never)]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let mut start = Fingerprint::new(0);
    start.bytes(bytes);
    start.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, word by word.
    fn plain(seed: u64, bytes: &[u8]) -> u64 {
        let fold = |lane: u64, word: u64| (lane ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let mut lanes: Vec<u64> =
            (0..if cfg!(target_pointer_width = "64") { 8 } else { 1 }).map(|lane| seed ^ lane).collect();
        for stripe in bytes.chunks(8 * lanes.len()) {
            for (index, lane) in lanes.iter_mut().enumerate() {
                let word = (0..8).map(|at| u64::from(*stripe.get(8 * index + at).unwrap_or(&0)) << (8 * at)).sum();
                *lane = fold(*lane, word);
            }
        }
        let all = if lanes.len() == 1 { lanes[0] } else { lanes.iter().fold(seed, |hash, &lane| fold(hash, lane)) };
        fold(all, bytes.len() as u64).max(1)
    }

    #[test]
    fn it_is_that_of_the_words_of_all_lanes() {
        let bytes: Vec<u8> = (0..200).map(|index: u32| (index * 151 % 256) as u8).collect();
        for len in 0..bytes.len() {
            assert_eq!(fingerprint(&bytes[..len]), plain(0, &bytes[..len]), "{len} bytes");
            let mut seeded = Fingerprint::new(0x1234_5678_9abc_def7);
            seeded.bytes(&bytes[..len]);
            assert_eq!(seeded.finish(), plain(0x1234_5678_9abc_def7, &bytes[..len]), "{len} bytes");
        }
    }

    #[test]
    fn no_fingerprint_is_zero() {
        assert_eq!([0, 1, 2, u64::MAX].map(|seed| Fingerprint::new(seed).finish()), [1, 1, 2, u64::MAX]);
    }

    #[test]
    fn every_single_bit_counts() {
        let mut bytes = [0x5a_u8; 72];
        let clean = fingerprint(&bytes);
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(fingerprint(&bytes), clean, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(fingerprint(&bytes), clean);
    }

    #[test]
    fn order_and_length_count() {
        let zeros = [0; 66];
        let mut seen: Vec<u64> = (0..=zeros.len()).map(|len| fingerprint(&zeros[..len])).collect();
        let mut swapped = [0; 128];
        swapped[0] = 1;
        seen.push(fingerprint(&swapped));
        swapped[0] = 0;
        swapped[64] = 1;
        seen.push(fingerprint(&swapped));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 69);
    }

    use std::vec::Vec;
}
