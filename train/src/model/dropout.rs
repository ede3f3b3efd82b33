//! Dropout (Srivastava et al. 2014): some activations are left out at random, and the others enlarged by as much.

use crate::float::Float;
use crate::rng::{Rng, Stream};

/// Thresholds have so many bits: so many draws are in one random number.
const BITS: u32 = 16;

/// What is left out of one forward pass. It depends on nothing but what it was made of.
#[derive(Clone, Debug)]
pub struct Dropout {
    share: f64,
    rng: Rng,
}

impl Dropout {
    /// Leaves out `share` of the activations, from 0 on and below 1; `index` numbers the passes of a seed.
    pub fn new(share: f64, seed: u64, index: u64) -> Self {
        Self { share, rng: Rng::new(seed, Stream::Dropout, index) }
    }

    /// Fills `mask` with `len` factors: 0 for what is left out.
    pub fn mask<T: Float>(&mut self, mask: &mut Vec<T>, len: usize) {
        let end = f64::from(1_u32 << BITS);
        let threshold = (self.share * end).round() as u64;
        // What was rounded is what counts, so that the mean stays.
        let kept = T::of(end / (end - threshold as f64));
        mask.clear();
        while mask.len() < len {
            let bits = self.rng.bits();
            for lane in 0..u64::BITS / BITS {
                let draw = (bits >> (lane * BITS)) & ((1 << BITS) - 1);
                mask.push(if draw < threshold { T::ZERO } else { kept });
            }
        }
        mask.truncate(len);
    }
}

/// `values *= mask`.
pub fn scale<T: Float>(values: &mut [T], mask: &[T]) {
    values.iter_mut().zip(mask).for_each(|(value, &factor)| *value *= factor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_left_out_and_the_mean_stays() {
        let (mut mask, mut again) = (vec![9.0f64], vec![0.0]);
        Dropout::new(0.25, 7, 3).mask(&mut mask, 40_001);
        assert_eq!(mask.len(), 40_001);
        let out = mask.iter().filter(|&&factor| factor == 0.0).count();
        assert!((9_700..10_300).contains(&out), "{out}");
        assert!(mask.iter().all(|&factor| factor == 0.0 || (factor - 4.0 / 3.0).abs() < 1e-4));
        Dropout::new(0.25, 7, 3).mask(&mut again, 40_001);
        assert_eq!(mask, again);
        Dropout::new(0.25, 7, 4).mask(&mut again, 40_001);
        assert_ne!(mask, again);
    }
}
