//! Drawing a token from logits: temperature, top-k, top-p, and a seeded generator.
//!
//! The same seed and logits give the same token on every target: shares are summed as integers, where order and rounding
//! cannot matter, and `exp` is the portable one in every mode. Nothing is sorted and no memory is taken: a rank is
//! found by bisecting over the values' order. See docs/numerics.md#beside-the-contract.

use core::fmt;
use core::ops::RangeInclusive;

use crate::argmax::argmax;
use crate::math::{mul_high, portable};

/// A setting outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleError {
    /// The temperature is negative, infinite or NaN.
    Temperature,
    /// Top-k is 0.
    TopK,
    /// Top-p is not above 0 and at most 1.
    TopP,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Temperature => "temperature: expected a number from 0 on",
            Self::TopK => "top-k: expected 1 or more",
            Self::TopP => "top-p: expected a number above 0 and at most 1",
        })
    }
}

impl core::error::Error for SampleError {}

/// How tokens are drawn, and the state of the generator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    temperature: f32,
    top_k: usize,
    top_p: f32,
    state: u64,
}

impl Sampler {
    /// Temperature 0 takes the most probable token; `top_k` from the vocabulary size on and `top_p` 1 leave all in.
    ///
    /// # Errors
    /// [`SampleError`] names the first setting outside its range.
    pub fn new(temperature: f32, top_k: usize, top_p: f32, seed: u64) -> Result<Self, SampleError> {
        if !(temperature.is_finite() && temperature >= 0.0) {
            return Err(SampleError::Temperature);
        }
        if top_k == 0 {
            return Err(SampleError::TopK);
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return Err(SampleError::TopP);
        }
        Ok(Self { temperature, top_k, top_p, state: seed })
    }

    /// The generator's state: a sampler made with it as its seed continues this one's draws.
    pub const fn state(&self) -> u64 {
        self.state
    }

    /// Draws a token. Temperature 0 is [`argmax`] and uses up no draw. Otherwise NaN is never drawn, unless there is
    /// nothing else: then the answer is 0.
    pub fn sample(&mut self, logits: &[f32]) -> usize {
        if self.temperature == 0.0 {
            return argmax(logits.iter().copied());
        }
        let random = self.next_random();
        let candidates = Candidates::new(logits, self.temperature, self.top_k);
        let nucleus = Nucleus::new(&candidates, self.top_p);
        nucleus.draw(&candidates, random)
    }

    /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    fn next_random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Maps a value to an integer of the same order. NaN comes first, and both zeros are one.
fn key(value: f32) -> u32 {
    if value.is_nan() {
        return 0;
    }
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    }
}

/// The smallest number in `range` that `holds`, where all above it do too; the range's end where none does.
fn bisect(range: RangeInclusive<u32>, mut holds: impl FnMut(u32) -> bool) -> u32 {
    let (mut low, mut high) = range.into_inner();
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

/// The tokens left by top-k, with their shares.
struct Candidates<'l> {
    logits: &'l [f32],
    greatest: f32,
    temperature: f32,
    /// Key of the k-th best logit; those equal to it stay in.
    floor: u32,
}

impl<'l> Candidates<'l> {
    fn new(logits: &'l [f32], temperature: f32, top_k: usize) -> Self {
        let greatest = logits.iter().fold(f32::NEG_INFINITY, |best, &logit| if logit > best { logit } else { best });
        let floor = if top_k >= logits.len() {
            1
        } else {
            let above = |floor| logits.iter().filter(|&&logit| key(logit) > floor).count();
            bisect(1..=key(greatest), |floor| above(floor) < top_k)
        };
        Self { logits, greatest, temperature, floor }
    }

    /// The share of a logit to that of the greatest, in units of 2^-32.
    fn share(&self, logit: f32) -> u64 {
        // Equality first: the difference of two infinities is NaN.
        let share =
            if logit == self.greatest { 1.0 } else { portable::exp((logit - self.greatest) / self.temperature) };
        (share * 4_294_967_296.0) as u64
    }

    /// Sum of the shares of all candidates with a key in `keys`.
    fn mass(&self, keys: RangeInclusive<u32>) -> u64 {
        self.logits.iter().filter(|&&logit| keys.contains(&key(logit))).map(|&logit| self.share(logit)).sum()
    }
}

/// The candidates left by top-p: all above a threshold, and those at it while the share before them is within the limit.
struct Nucleus {
    threshold: u32,
    /// Sum of the shares above the threshold.
    above: u64,
    limit: u64,
}

impl Nucleus {
    fn new(candidates: &Candidates, top_p: f32) -> Self {
        let total = candidates.mass(candidates.floor..=u32::MAX);
        if top_p >= 1.0 {
            let above = candidates.mass(candidates.floor.saturating_add(1)..=u32::MAX);
            return Self { threshold: candidates.floor, above, limit: total };
        }
        // total is below 2^48 and top_p * 2^32 at most 2^32: the upper half of this product is total * top_p.
        let limit = mul_high(total << 15, ((top_p * 4_294_967_296.0) as u64) << 17);
        // Sum of the shares above `known`, which grows as the bisection closes in from above.
        let (mut above, mut known) = (0, key(candidates.greatest));
        let threshold = bisect(candidates.floor..=known, |middle| {
            let candidate = above + candidates.mass(middle.saturating_add(1)..=known);
            if candidate <= limit {
                (above, known) = (candidate, middle);
            }
            candidate <= limit
        });
        Self { threshold, above, limit }
    }

    /// The tokens of the nucleus with their shares, by index.
    fn members<'c>(&self, candidates: &'c Candidates) -> impl Iterator<Item = (usize, u64)> + use<'c> {
        let (threshold, limit, mut before) = (self.threshold, self.limit, self.above);
        candidates.logits.iter().enumerate().filter_map(move |(token, &logit)| {
            let key = key(logit);
            if key < threshold {
                return None;
            }
            let share = candidates.share(logit);
            if key == threshold {
                if before > limit {
                    return None;
                }
                before += share;
            }
            Some((token, share))
        })
    }

    fn draw(&self, candidates: &Candidates, random: u64) -> usize {
        let total: u64 = self.members(candidates).map(|(_, share)| share).sum();
        let mut left = mul_high(random, total);
        for (token, share) in self.members(candidates) {
            if left < share {
                return token;
            }
            left -= share;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers that are published with the generator for this seed.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut sampler = Sampler { temperature: 1.0, top_k: 1, top_p: 1.0, state: 1_234_567 };
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!([(); 5].map(|()| sampler.next_random()), expected);
    }

    #[test]
    fn each_token_has_just_its_share_of_the_random_numbers() {
        let candidates = Candidates::new(&[0.5, 0.5], 1.0, 2);
        let nucleus = Nucleus::new(&candidates, 1.0);
        let drawn = [0, (1 << 63) - 1, 1 << 63, u64::MAX].map(|random| nucleus.draw(&candidates, random));
        assert_eq!(drawn, [0, 0, 1, 1]);
    }
}
