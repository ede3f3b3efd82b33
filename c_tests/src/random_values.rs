//! Random numbers of the kinds that find bugs.

use fastrand::Rng;

/// How unlike a trained model the floats of a model are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Character {
    /// What training gives: every logit is an ordinary number.
    Tame,
    /// Mostly that, with a hostile value here and there.
    Sprinkled,
    /// Hostile values and random bits everywhere.
    Wild,
}

impl Character {
    /// Mostly tame: one NaN at the start makes every logit NaN, and equal NaNs say little.
    pub fn random(rng: &mut Rng) -> Self {
        match rng.u32(..20) {
            0..11 => Self::Tame,
            11..17 => Self::Sprinkled,
            _ => Self::Wild,
        }
    }
}

/// Values at the edges of binary32, and near the thresholds of exp, tanh and the attention's "none" score.
const HOSTILE: [f32; 24] = [
    0.0,
    -0.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::MAX,
    -1e38,
    1e38,
    f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    -3e-39,
    1e-20,
    1e20,
    -1e30,
    1e30,
    -2e30,
    1.0,
    -1.0,
    88.5,
    -104.0,
    9.02,
    16_777_216.0,
    1e-5,
];

/// About normal, mean 0 and deviation 1: the sum of four uniform numbers.
pub fn normal(rng: &mut Rng) -> f32 {
    let sum = rng.f32() + rng.f32() + rng.f32() + rng.f32();
    (sum - 2.0) * 1.732
}

/// An edge case, or any 32 bits.
pub fn hostile(rng: &mut Rng) -> f32 {
    match rng.usize(..HOSTILE.len() + 8) {
        index if index < HOSTILE.len() => HOSTILE[index],
        _ => f32::from_bits(rng.u32(..)),
    }
}

/// Around `mean`, unless the character says otherwise.
pub fn float(rng: &mut Rng, character: Character, mean: f32, deviation: f32) -> f32 {
    let is_hostile = match character {
        Character::Tame => false,
        Character::Sprinkled => rng.u32(..48) == 0,
        Character::Wild => rng.u32(..3) == 0,
    };
    if is_hostile {
        hostile(rng)
    } else {
        mean + deviation * normal(rng)
    }
}

/// Activations for the building blocks.
pub fn activations(rng: &mut Rng, count: usize) -> Vec<f32> {
    let character = Character::random(rng);
    (0..count).map(|_| float(rng, character, 0.0, 1.0)).collect()
}

/// A number of positions: often few, as those are cheap, often all, and sometimes more than there is room for.
pub fn length(rng: &mut Rng, max_seq: usize) -> usize {
    match rng.u32(..20) {
        0..11 => rng.usize(1..=max_seq.min(4)),
        11..17 => rng.usize(1..=max_seq),
        17 => max_seq,
        _ => max_seq + rng.usize(1..=3),
    }
}

/// A token: in the vocabulary, or one of the numbers that a careless program passes.
pub fn token(rng: &mut Rng, vocab_size: usize) -> i32 {
    let vocab_size = vocab_size as i32;
    match rng.u32(..24) {
        0 => [-1, vocab_size, i32::MAX, i32::MIN, vocab_size + 1, -256, 65_536, -65_536][rng.usize(..8)],
        _ => rng.i32(0..vocab_size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_tokens_are_in_the_vocabulary_and_some_are_not() {
        let mut rng = Rng::with_seed(1);
        for vocab_size in [1, 2, 300, 65_535] {
            let inside = (0..2400).filter(|_| (0..vocab_size as i32).contains(&token(&mut rng, vocab_size))).count();
            assert!((2200..2400).contains(&inside), "{inside} of 2400 for {vocab_size}");
        }
    }

    #[test]
    fn lengths_reach_beyond_the_sequence() {
        let mut rng = Rng::with_seed(1);
        for max_seq in [1, 2, 12] {
            let lengths: Vec<_> = (0..1000).map(|_| length(&mut rng, max_seq)).collect();
            assert!((1..=max_seq + 3).all(|length| lengths.contains(&length)));
            assert!(lengths.iter().all(|length| (1..=max_seq + 3).contains(length)));
        }
    }
}
